#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: on a kernel without permission events the sensor runs without the gate, says what it is blind to, and
# still tells what changes and copies what was created.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mkdir -p "$T/tree/dossier"
WRAP="$BUILD/tests/tools/deny_syscall open-perm" start_sensor "$T/tree"
[ "$(state_of gate)" = 0 ] || fail "the gate should be missing"
[[ $(state_of blind_to) == *"opening of files"* ]] || fail "it does not say what it is blind to"
mkdir "$T/was"
workout_created "$T/tree"
