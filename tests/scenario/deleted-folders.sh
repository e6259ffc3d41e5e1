#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: whole folders are deleted with all that is in them, those that the last snapshot holds and those that
# were made or changed after it; all come back with owner, mode, ACLs and attributes, hard links as links of one file,
# symbolic links as they were.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 160
# dress FOLDER: folders and links of every kind, owned by several people.
dress() {
  mkdir -p "$1/personnel/paie" "$1/élus" "$1/accueil/vide"
  cp "$SHARE/service 0/dossier 0/pièce n° 0000.txt" "$1/personnel/paie/bulletin.txt"
  ln "$1/personnel/paie/bulletin.txt" "$1/personnel/double.txt"
  ln "$1/personnel/paie/bulletin.txt" "$1/élus/même fichier.txt"
  ln -s ../personnel/double.txt "$1/élus/lien"
  ln -s /nulle/part "$1/accueil/rompu"
  touch "$1/accueil/sans un octet"
  chown -R 20001:20001 "$1"
  chown 20002:20003 "$1/personnel" "$1/accueil/vide"
  chmod 2775 "$1/personnel"
  chmod 1777 "$1/accueil"
  chmod 700 "$1/personnel/paie"
  setfacl -m u:20001:rwx,d:u:20004:r-x "$1/personnel" "$1/accueil/vide" "$1/personnel/paie"
  setfattr -n user.service -v "ressources humaines" "$1/personnel/paie"
}
dress "$SHARE/avant"
chmod 2750 "$SHARE/service 1"
proof_start
dress "$SHARE/après"
# The snapshot holds these two as they were.
chmod 2770 "$SHARE/service 2"
setfacl -m u:20005:rwx "$SHARE/service 3"
# They are copied aside within a second.
sleep 1.5
proof_remember
cat >"$T/remove.py" <<'PYTHON'
import os, shutil, sys
for name in sorted(os.listdir(sys.argv[1])):
    shutil.rmtree(os.path.join(sys.argv[1], name))
PYTHON
# Somebody whom no folder's mode keeps out.
/usr/bin/python3 "$T/remove.py" "$SHARE" 2>/dev/null &
proof_pids+=($!)
proof_until proof_is 1 recovered
proof_back 1
proof_journal
exit 0
