#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a program that encrypts only the head of each file is stopped, and every
# file comes back with all its metadata.
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/drill.sh"
drill_expect local-head "" --village
