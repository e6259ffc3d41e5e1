#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a false alarm costs nothing. An administrator's own script that encrypts a folder with openssl is
# stopped and taken back; once dismissed it continues where it was, its own versions stand there byte for byte, it comes
# to its end, and the same script on the same folder is not stopped again, not even after a restart of the guard.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 120
echo "cle de la mairie" >"$T/key"
chmod 644 "$T/key"
cat >"$T/seal" <<'PYTHON'
import os, subprocess, sys
root, key, log, services = sys.argv[1:]
with open(log, "a") as done:
    for path in sorted(os.path.join(d, n) for d, _, names in os.walk(root) for n in names if n.endswith(".txt") and d.split("service ")[1][0] in services):
        subprocess.run(["openssl", "enc", "-aes-256-ctr", "-pbkdf2", "-iter", "1", "-nosalt", "-pass", "file:" + key,
                        "-in", path, "-out", path + ".enc"], check=True)
        os.unlink(path)
        print(path, file=done, flush=True)
    print("finished", file=done, flush=True)
PYTHON
: >"$T/log"
chmod 666 "$T/log"
seal=(proof_as /usr/bin/python3 "$T/seal" "$SHARE" "$T/key" "$T/log") # and the numbers of the services
# Every file of these services decrypts to what it was, and no plain one is left.
sealed() {
  local path plain
  [ -z "$(find "$SHARE"/service\ [$1] -name '*.txt')" ] || fail "plain files are left in $1"
  while IFS= read -r -d '' path; do
    plain=${path#"$T/before/"}
    openssl enc -d -aes-256-ctr -pbkdf2 -iter 1 -nosalt -pass "file:$T/key" -in "$SHARE/$plain.enc" | cmp -s - "$path" ||
      fail "$plain.enc is not what the script made"
  done < <(find "$T/before"/service\ [$1] -type f -print0)
}

proof_start
"${seal[@]}" 0123 &
script=$!
proof_pids+=("$script")
proof_until proof_is 1 recovered
proof_stopped "$script" || fail "the script still works"
! grep -q finished "$T/log" || fail "the script came to its end before it was stopped"
proof_back
proof_ask incident dismiss 1 >"$T/out" 2>&1 || fail "dismiss: $(cat "$T/out")"
proof_until grep -q finished "$T/log"
wait "$script" || fail "the script ended with $?"
proof_is 1 dismissed || fail "the incident is $(proof_state 1)"
sealed 0123
proof_count 1 || fail "another incident: $(proof_ask incident list)"

again() {
  : >"$T/log"
  "${seal[@]}" "$2" || fail "the approved script failed"
  grep -q finished "$T/log" || fail "the approved script was stopped"
  sealed "$2"
  sleep 1 # events still under way would raise their alert by then
  proof_count 1 || fail "an approved script raised an incident $1: $(proof_ask incident list)"
}
again "the second time" 45
watched_stop
proof_start
again "after a restart" 67
proof_journal
exit 0
