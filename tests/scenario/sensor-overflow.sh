#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: when the kernel drops notifications the sensor says so, looks for itself, and tells what changed.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mkdir -p "$T/tree/many" "$T/tree/gone"
seq 100 >"$T/tree/gone/deleted"
seq 100 >"$T/tree/many/moved"
start_sensor --small-queue "$T/tree"
limit=$(cat /proc/sys/fs/fanotify/max_queued_events)
kill -STOP "$SENSOR_PID"
# Links and renames wait at no gate, so that they can be made while nobody reads the queue.
python3 - "$T/tree" "$limit" <<'PYTHON'
import os, sys
tree, limit = sys.argv[1], int(sys.argv[2])
for i in range(limit + 100):
    os.symlink("x", f"{tree}/many/{i}")
os.rename(f"{tree}/many/moved", f"{tree}/many/elsewhere")
os.unlink(f"{tree}/gone/deleted")
os.mkdir(f"{tree}/late")
os.symlink("x", f"{tree}/late/link")
PYTHON
kill -CONT "$SENSOR_PID"
until_state rescans 1
event deleted gone/deleted | cut -f 3 | grep -q r || fail "not marked as found by a rescan"
[ "$(event renamed many/moved | cut -f 10)" = many/elsewhere ] || fail "the rename was not found"
event created late/link >/dev/null
[ "$(state_of dropped)" -ge 1 ] || fail "the loss is not counted"
# And goes on as before, also in the folder that was found.
echo new >"$T/tree/late/file"
event written late/file >/dev/null
