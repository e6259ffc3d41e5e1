#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a tree that is a bind mount is guarded whichever of its two paths a program takes.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mkdir -p "$T/real" "$T/bound"
mount --bind "$T/real" "$T/bound"
MOUNTED+=("$T/bound")
prepare_workout "$T/real" "$T/outside"
seq 3000 >"$T/real/by-real-path"
cp "$T/real/by-real-path" "$T/was/"
start_sensor "$T/bound"
echo spoiled >"$T/real/by-real-path"
lost written by-real-path "$T/was/by-real-path"
workout "$T/bound" "$T/outside"
