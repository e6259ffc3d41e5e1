#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: an attacker who reads each file over and over first, so that the gate is not asked about it, gains
# nothing: in place, by a child for each file, and through mappings of which he has not closed the last.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

heated_attack() {
  cat >"$T/heater.py" <<'PYTHON'
import mmap, os, sys, time
root, kind = sys.argv[1:]
files = sorted(os.path.join(d, n) for d, _, names in os.walk(root) for n in names)
maps = []
def spoil(path):
    with open(path, "r+b") as f:
        size = os.fstat(f.fileno()).st_size
        if kind == "mapped":
            maps.append(mmap.mmap(f.fileno(), size))
            maps[-1][:] = os.urandom(size)
            if len(maps) > 3:
                maps.pop(0).close() # a mapping is silent until it is closed
        else:
            f.write(os.urandom(size))
for path in files:
    try:
        for _ in range(100):
            with open(path, "rb") as f:
                f.read()
        if kind == "children":
            pid = os.fork()
            if pid == 0:
                spoil(path)
                os._exit(0)
            os.waitpid(pid, 0)
        else:
            spoil(path)
    except PermissionError:
        pass
time.sleep(600)
PYTHON
  exec_as /usr/bin/python3 "$T/heater.py" "$SHARE" "$1" &
  ATTACKER=$!
  proof_pids+=("$ATTACKER")
}

proof_files 80
proof_start
number=0
for kind in place children mapped; do
  heated_attack $kind
  proof_until proof_is $((++number)) recovered
  proof_back $number
  # shellcheck disable=SC2046 # numbers, or nothing: a child that was stopped in the middle of its file
  kill -KILL $(cat "/proc/$ATTACKER/task"/*/children) 2>/dev/null || true
  kill -KILL "$ATTACKER"
  proof_ask incident close $number >/dev/null || fail "cannot close incident $number"
done
proof_journal
exit 0
