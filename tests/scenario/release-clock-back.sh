#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a program that was stopped and released spoils two files after the wall clock was set back an hour,
# and the guard is killed then: started again it does not take them for those that were put back before.
# sanitizer: no, the library that moves the clock stands before theirs
set -u
# shellcheck source=tests/scenario/lib/clock.sh
. "$SOURCE/tests/scenario/lib/clock.sh"
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

# Spoils as many files as it is told, one telling after the other; not while there is no file "go".
cat >"$T/obedient.py" <<'PYTHON'
import os, sys, time
root, told, go, idle = sys.argv[1:]
files = sorted(os.path.join(d, n) for d, _, names in os.walk(root) for n in names)
while True:
    for path in [files.pop(0) for _ in range(int(open(told).readline()))]:
        try:
            with open(path, "r+b") as f:
                if os.path.exists(go):
                    f.write(os.urandom(os.fstat(f.fileno()).st_size))
        except PermissionError:
            pass
        time.sleep(0.005)
    open(idle, "w").close()
PYTHON
tell() {
  touch "$T/go"
  rm -f "$T/free/idle"
  echo "$1" >"$T/told"
}
idle() { [ -e "$T/free/idle" ]; }

proof_files 300
mkfifo "$T/told"
mkdir "$T/free"
chmod 777 "$T/told" "$T/free"
clock_ahead 3600
proof_start
exec_as /usr/bin/python3 "$T/obedient.py" "$SHARE" "$T/told" "$T/go" "$T/free/idle" &
ATTACKER=$!
proof_pids+=("$ATTACKER")
tell 150
proof_until proof_is 1 recovered
proof_back 1
rm "$T/go"
proof_ask incident release 1 >"$T/out" 2>&1 || fail "release: $(cat "$T/out")"
proof_until idle
clock_ahead 0
tell 2
proof_until idle
proof_kill9
proof_start
tell 100
proof_until proof_is 2 recovered
proof_stopped "$ATTACKER" || fail "it was not stopped"
proof_back 2
proof_journal
exit 0
