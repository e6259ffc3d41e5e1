#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a sensor that is stopped, or killed, while files are being opened holds nobody up: the supervisor
# kills it, the opens go through, and it comes back. Prints the longest open; asserts only that none hung for seconds.
set -u
# shellcheck source=tests/scenario/lib/watched.sh
. "$SOURCE/tests/scenario/lib/watched.sh"
trap watched_stop EXIT
fail() {
  echo "$*" >&2
  tail -n 20 "$T/guard.log" >&2
  exit 1
}

mkdir "$T/share"
for i in $(seq 100); do echo "$i" >"$T/share/f$i"; done
watched_start "$T/share" || exit 1

# Opens files for writing, which always asks the gate, for four seconds; the signal comes after one.
opens() {
  python3 - "$T/share" "$1" "$(pgrep -P "$watched_pid" -x beffroi-sensor)" <<'PYTHON'
import os, signal, sys, time
folder, name, pid = sys.argv[1], sys.argv[2], int(sys.argv[3])
start, worst, count, sent = time.monotonic(), 0.0, 0, False
while time.monotonic() - start < 4:
    before = time.monotonic()
    if not sent and before - start > 1:
        os.kill(pid, getattr(signal, name))
        sent = True
    fd = os.open(f"{folder}/f{count % 100 + 1}", os.O_RDWR)
    os.close(fd)
    worst = max(worst, time.monotonic() - before)
    count += 1
print(f"{name}: {count} opens, the longest took {worst * 1000:.1f} ms")
sys.exit(0 if worst < 3 else 1)
PYTHON
}
for signal in SIGSTOP SIGKILL; do
  old=$(pgrep -P "$watched_pid" -x beffroi-sensor)
  opens $signal || fail "an open hung for seconds after $signal"
  for i in $(seq 300); do
    now=$(pgrep -P "$watched_pid" -x beffroi-sensor)
    [ -n "$now" ] && [ "$now" != "$old" ] && watched_ready && break
    [ "$i" != 300 ] || fail "the sensor did not come back after $signal"
    sleep 0.1
  done
done
exit 0
