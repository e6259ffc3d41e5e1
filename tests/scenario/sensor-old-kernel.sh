#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: on a kernel before 5.17 (two events per rename, no handles of children) names are still followed.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
prepare_workout "$T/tree" "$T/outside"
WRAP="$BUILD/tests/tools/deny_syscall targets" start_sensor "$T/tree"
[[ $(state_of blind_to) == *"5.17"* ]] || fail "it does not say what it is blind to"
d=$T/tree/dossier
echo spoiled >"$d/place"
lost written dossier/place "$T/was/place"
mv "$d/append" "$d/append.locked"
[ "$(event renamed dossier/append | cut -f 10)" = dossier/append.locked ] || fail "the rename was not paired"
mv "$d/mapped" "$T/outside/"
[ "$(event renamed dossier/mapped | cut -f 10)" = - ] || fail "the file that left was not seen to leave"
workout_created "$T/tree"
