#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: copies survive the sensor being killed and started again, and numbers are never given twice.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mkdir -p "$T/tree"
seq 1000 >"$T/tree/file"
cp "$T/tree/file" "$T/was"
start_sensor "$T/tree"
echo spoiled >"$T/tree/file"
lost written file "$T/was"
before=$(event written file | cut -f 11)
kill -9 "$SENSOR_PID"
wait "$SENSOR_PID" || true
SENSOR_PID=
printf '\120\0\0\0torn' >>"$STATE/shadow/index"
rm -f "$OUT"
start_sensor "$T/tree"
saved "$before" "$T/was"
cp "$T/tree/file" "$T/was2"
echo again >"$T/tree/file"
lost written file "$T/was2"
saved "$before" "$T/was"
