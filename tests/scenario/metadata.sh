#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: what an attack destroyed comes back with all it had: owner, mode, times, ACLs, extended attributes;
# hard links stay linked, symbolic links point where they did, renamed
# folders their names.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 60
number=0
for path in "$SHARE"/service\ [0-7]/dossier\ 0/*.txt; do
  number=$((number + 1))
  case $((number % 6)) in
  0) chmod 640 "$path" && chown 20001:20003 "$path" ;;
  1) setfacl -m u:20005:rw-,g:20006:r-- "$path" ;;
  2) setfattr -n user.dossier -v "état civil" "$path" && setfattr -n trusted.mairie -v interne "$path" &&
    setfattr -n security.NTACL -v 0x0400010203 "$path" ;;
  3) ln "$path" "${path%.txt} (lien).txt" ;;
  4) ln -s "$(basename "$path")" "${path%.txt} (raccourci)" ;;
  5) chmod 4750 "$path" ;;
  esac
done
mkdir -p "$SHARE/service 0/vide"
chown 20001:20004 "$SHARE"/service\ */dossier\ 1
chmod 2770 "$SHARE"/service\ */dossier\ 1
setfacl -d -m u:20005:rwx "$SHARE"/service\ */dossier\ 1
chown -hR 20001 "$SHARE"
proof_remember
proof_start

cat >"$T/ruin.py" <<'PYTHON'
import os, shutil, sys, time
root, kind = sys.argv[1:]
for service in sorted(os.listdir(root)):
    top = f"{root}/{service}"
    if kind == "folders":
        for d in sorted(os.listdir(top)):
            os.rename(f"{top}/{d}", f"{top}/{d}.locked")
    for d, _, names in os.walk(top):
        for name in sorted(names):
            path = f"{d}/{name}"
            if kind == "delete":
                os.unlink(path)
            elif os.path.islink(path):
                if kind != "folders":
                    os.unlink(path)
            else:
                try:
                    with open(path, "r+b") as f:
                        f.write(os.urandom(os.path.getsize(path)))
                except PermissionError:
                    continue # the guard refuses it
                if kind == "rename":
                    os.rename(path, path + ".locked")
            time.sleep(0.002)
    if kind == "delete":
        shutil.rmtree(top)
PYTHON
number=0
for kind in encrypt rename folders; do
  number=$((number + 1))
  exec_as /usr/bin/python3 "$T/ruin.py" "$SHARE" $kind &
  ATTACKER=$!
  proof_pids+=("$ATTACKER")
  proof_until proof_is $number recovered
  proof_back $number
  kill -KILL "$ATTACKER" 2>/dev/null
done
proof_journal
exit 0
