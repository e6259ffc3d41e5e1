#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: when the disk of the state folder is full, programs go on, and the sensor counts and says what it could
# not keep.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mkdir -p "$T/tree" "$T/small"
mount -t tmpfs -o size=512k tmpfs "$T/small"
MOUNTED+=("$T/small")
STATE=$T/small
for i in 1 2 3; do head -c 300000 /dev/urandom >"$T/tree/$i"; done
cp "$T/tree/1" "$T/was"
start_sensor "$T/tree"
for i in 1 2 3; do echo spoiled >"$T/tree/$i"; done
lost written 1 "$T/was"
event written 3 >/dev/null
[ "$(state_of unkept)" -ge 1 ] || fail "the losses are not counted"
[[ $(state_of blind_to) == *"disk of the state folder is full"* ]] || fail "the full disk is not told"
lost written 1 "$T/was"
