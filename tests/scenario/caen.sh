#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a PC that encrypts the share over SMB is identified and cut off, every file it spoiled comes back
# with all its metadata, and a colleague's PC notices nothing.
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/drill.sh"
drill_expect caen 10.77.0.11
