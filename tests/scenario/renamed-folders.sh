#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: folders are renamed before what lies in them is encrypted or deleted: files, symbolic links, one name
# of a file that has two, an inner folder; all is back under its old name, with links as they were.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 160
for n in 0 1 2 3; do
  mkdir -p "$SHARE/service $n/interne/vide"
  chmod 2710 "$SHARE/service $n/interne"
  ln -s "dossier 0/pièce n° 000$n.txt" "$SHARE/service $n/raccourci"
  echo "deux noms, un fichier: $n" >"$SHARE/service $n/interne/un nom.txt"
  ln "$SHARE/service $n/interne/un nom.txt" "$SHARE/service 7/autre nom $n.txt"
done
chown -hR 20001:20001 "$SHARE"
proof_remember
proof_start
cat >"$T/attacker.py" <<'PYTHON'
import os, shutil, sys, time
root = sys.argv[1]
for n in range(4):
    folder = f"{root}/service {n}.verrou"
    os.rename(f"{root}/service {n}", folder)
    os.unlink(f"{folder}/raccourci")
    shutil.rmtree(f"{folder}/interne")
for n in range(4):
    folder = f"{root}/service {n}.verrou"
    for d, _, names in os.walk(folder):
        for name in sorted(names):
            try:
                with open(os.path.join(d, name), "r+b") as f:
                    f.write(os.urandom(os.fstat(f.fileno()).st_size))
            except PermissionError:
                continue
            time.sleep(0.005)
PYTHON
exec_as /usr/bin/python3 "$T/attacker.py" "$SHARE" &
ATTACKER=$!
proof_pids+=("$ATTACKER")
proof_until proof_is 1 recovered
proof_stopped "$ATTACKER" || fail "it was not stopped"
proof_back 1
proof_journal
exit 0
