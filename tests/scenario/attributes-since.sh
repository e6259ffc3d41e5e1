#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: files whose owner, mode, times, ACL or attributes were changed after their copy was made come back
# with those of the last honest change, and not with what the attacker made of them before he spoiled the files.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 160
proof_start
# The vault holds these as they were; of the new one a copy is made within a second, before its mode changes.
cp "$SHARE/service 0/dossier 0/pièce n° 0000.txt" "$SHARE/service 0/dossier 0/nouveau.txt"
sleep 1
find "$SHARE/service 0" "$SHARE/service 1" -type f -exec chmod 640 {} +
find "$SHARE/service 1" -type f -exec chown 20002:20003 {} +
find "$SHARE/service 2" -type f -exec setfacl -m u:20004:rw {} +
find "$SHARE/service 3" -type f -exec setfattr -n user.visa -v "lu et approuvé" {} +
find "$SHARE/service 4" -type f -exec touch -d '2019-03-04 05:06:07.089' {} +
mv "$SHARE/service 5/dossier 0" "$SHARE/service 5/dossier renommé"
find "$SHARE/service 5" -type f -exec chmod 600 {} +
chown -R 20001:20001 "$SHARE/service 0"
proof_settled
proof_remember

cat >"$T/open-up.py" <<'PYTHON'
import os, sys, time
root = sys.argv[1]
files = sorted(os.path.join(d, n) for d, _, names in os.walk(root) for n in names)
for path in files[:3]:
    os.chmod(path, 0o666)
time.sleep(1.5)
for path in files:
    with open(path, "r+b") as f:
        f.write(os.urandom(os.fstat(f.fileno()).st_size))
    time.sleep(0.005)
PYTHON
exec_as /usr/bin/python3 "$T/open-up.py" "$SHARE/service 0" &
ATTACKER=$!
proof_pids+=("$ATTACKER")
proof_until proof_is 1 recovered
proof_back 1
kill -KILL "$ATTACKER"

/usr/bin/python3 -c 'import shutil, sys
for n in range(8): shutil.rmtree(f"{sys.argv[1]}/service {n}")' "$SHARE" &
proof_pids+=($!)
proof_until proof_is 2 recovered
proof_back 2
proof_journal
exit 0
