#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: where nothing can be watched the sensor refuses to start and says what is needed.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mkdir -p "$T/tree" "$STATE"
if "$BUILD/tests/tools/deny_syscall" fanotify "$BUILD/tests/tools/sensor_trace" "$STATE" "$T/tree" </dev/null 2>"$T/errors"; then
  fail "it started"
fi
grep -q 'Linux 5.9' "$T/errors" || fail "no hint: $(cat "$T/errors")"
