#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: eighteen processes that each spoil only a file or two are one attack, whether one program started
# them all or each came by itself as the same user; nothing is lost. Two attackers at once are both stopped.
# timeout: 300
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 160
cat >"$T/worker.py" <<'PYTHON'
import os, sys
for path in sys.argv[1:]:
    try:
        with open(path, "r+b") as f:
            f.write(os.urandom(os.path.getsize(path)))
    except PermissionError:
        pass
PYTHON
cat >"$T/crew.py" <<'PYTHON'
import glob, os, subprocess, sys, time
files = sorted(glob.glob(sys.argv[1] + "/*/*/*.txt"))
crew = [subprocess.Popen([sys.executable, sys.argv[2], *files[i * 2:i * 2 + 2]]) for i in range(18)]
for worker in crew:
    worker.wait()
time.sleep(600)
PYTHON
settled() { # every incident is recovered, and there are some
  [ "$(proof_json incident list -- 'len(x) > 0 and all(i["state"] in ("recovered", "closed") for i in x)')" = True ]
}
all_back() { settled && proof_same; }
proof_start

exec_as /usr/bin/python3 "$T/crew.py" "$SHARE" "$T/worker.py" &
proof_pids+=($!)
proof_until all_back
count=$(watched_incidents)

mapfile -d '' files < <(find "$SHARE" -name '*.txt' -print0 | sort -z)
for i in $(seq 0 17); do
  (exec_as /usr/bin/python3 "$T/worker.py" "${files[i * 2 + 40]}" "${files[i * 2 + 41]}") &
  proof_pids+=($!)
done
more() { [ "$(watched_incidents)" -gt "$count" ] && all_back; }
proof_until more
proof_slay "${proof_pids[@]}"
proof_pids=()

count=$(watched_incidents)
proof_attack encrypt
one=$ATTACKER
proof_attack replace
proof_until more
proof_until proof_stopped "$one"
proof_until proof_stopped "$ATTACKER"
proof_finished && fail "an attacker came to his end"
proof_until all_back
proof_journal
exit 0
