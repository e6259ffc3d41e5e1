#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a tree of 100 000 files in 1 000 folders is known whole, and a change deep in it is seen and kept.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
python3 - "$T/tree" <<'PYTHON'
import os, sys
for folder in range(1000):
    path = f"{sys.argv[1]}/{folder // 100}/{folder}"
    os.makedirs(path)
    for i in range(100):
        with open(f"{path}/document-{i}.txt", "w") as f:
            f.write(f"{folder} {i}\n" * 20)
PYTHON
start_sensor "$T/tree"
[ "$(state_of files)" = 100000 ] || fail "$(state_of files) files are known"
cp "$T/tree/7/777/document-50.txt" "$T/was"
echo spoiled >"$T/tree/7/777/document-50.txt"
lost written 7/777/document-50.txt "$T/was"
echo "resident: $(awk '/VmRSS/ { print $2, $3 }' "/proc/$SENSOR_PID/status")"
