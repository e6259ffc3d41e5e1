#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: what the program that turns on its owner's files had done before, as honest work, is not taken back
# with the attack.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 60
cat >"$T/worker.py" <<'PYTHON'
import glob, os, sys, time
root, ready, go = sys.argv[1:]
files = sorted(glob.glob(root + "/*/*/*.txt"))
for path in files[:5]:
    with open(path, "a") as f:
        f.write(" et c'est approuvé\n")
with open(files[0].replace(".txt", " (copie).txt"), "w") as f:
    f.write("procès-verbal de la séance\n")
open(ready, "w").close()
while not os.path.exists(go):
    time.sleep(0.05)
for path in files:
    try:
        with open(path, "r+b") as f:
            f.write(os.urandom(os.path.getsize(path)))
    except PermissionError:
        pass
PYTHON
proof_start
exec_worker() { exec_as /usr/bin/python3 "$T/worker.py" "$SHARE" "$T/share.ready" "$T/go"; }
chmod 777 "$T"
exec_worker &
proof_pids+=($!)
proof_until test -e "$T/share.ready"
sleep 12 # an attack is taken back from ten seconds before its first harm on
proof_remember
touch "$T/go"
proof_until proof_is 1 recovered
proof_back
exit 0
