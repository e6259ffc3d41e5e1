#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: restic opens a repository with the keys we add, and we with restic's; a key in use stays.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
mkdir tree && echo one >tree/file
expect 0 restic init -r repo
expect 0 restic -r repo backup tree
old=$RESTIC_PASSWORD
printf ' le deuxième \r\n' >second
printf 'le troisième' >third
opens() { RESTIC_PASSWORD=$1 restic -r "$2" --no-lock cat config >out 2>err; }
# The keys that a program lists.
listed() { "$@" | python3 -c 'import json,sys
for k in sorted(json.load(sys.stdin), key=lambda k: k["id"]): print(k["current"], k["id"][:8], k["userName"], k["hostName"], k["created"])'; }

# Ours beside restic's.
expect 0 "$BEFFROI" vault key add -r repo --new-password-file second --user marie --host accueil
RESTIC_PASSWORD='le deuxième' expect 0 "$BEFFROI" vault ls latest -r repo
expect 0 restic -r repo key add --new-password-file third
RESTIC_PASSWORD='le troisième' expect 0 "$BEFFROI" vault ls latest -r repo
while read -r peer; do
  RESTIC_PASSWORD='le deuxième' expect 0 "$peer" -r repo check --read-data
  diff <(listed "$peer" -r repo key list --json) <(listed "$BEFFROI" vault key list -r repo --json) || fail "$peer lists other keys"
done < <(restics)
expect 0 "$BEFFROI" vault key list -r repo
grep -q '^ *[0-9a-f]\{8\}  *marie  *accueil  *20' out || fail "the new key is not listed: $(cat out)"
[ "$(grep -c '^\*[0-9a-f]\{8\} ' out)" = 1 ] || fail "one key must be marked: $(cat out)"
python3 - repo/keys/* <<'PYTHON' || fail "a key file is not as restic's are"
import json, sys
for path in sys.argv[1:]:
    key = json.load(open(path))
    assert list(key) == ["created", "username", "hostname", "kdf", "N", "r", "p", "salt", "data"], list(key)
    assert key["kdf"] == "scrypt" and key["r"] == 8 and key["p"] >= 1, key
    # restic's own depend on how busy the machine was.
    assert key["username"] != "marie" or key["N"] == 32768, key
PYTHON

# The one in use stays; another one goes, and opens nothing any more.
expect 0 "$BEFFROI" vault key list -r repo --json
read -r current marie < <(python3 -c 'import json
keys = json.load(open("out"))
print([k["id"] for k in keys if k["current"]][0], [k["id"] for k in keys if k["userName"] == "marie"][0])')
expect 1 "$BEFFROI" vault key remove -r repo "$current"
said "in use"
expect 1 "$BEFFROI" vault key remove -r repo 0123456789abcdef
said "no key"
in_use repo
expect 11 "$BEFFROI" vault key remove -r repo "$marie"
said "lock"
not_in_use
expect 0 "$BEFFROI" vault unlock -r repo
expect 0 "$BEFFROI" vault key remove -r repo "${marie:0:12}"
RESTIC_PASSWORD='le deuxième' expect 12 "$BEFFROI" vault ls latest -r repo
said "wrong password"
: >empty
expect 1 "$BEFFROI" vault key add -r repo --new-password-file empty
said "empty"
expect 1 "$BEFFROI" vault key passwd -r repo --new-password-file absent
[ "$(ls repo/keys | wc -l)" = 2 ] || fail "there are keys too many: $(ls repo/keys)"

# A damaged key file is named, and the others are listed.
head -c 100 "repo/keys/$current" >"repo/keys/$(printf 'a%.0s' $(seq 64))"
expect 3 "$BEFFROI" vault key list -r repo
said "malformed"
grep -q "${current:0:8}" out || fail "the others are not listed"
rm -f repo/keys/aaaa*

# A changed password opens it, the old one does not, and another's key stays.
cp -a repo cut
expect 0 "$BEFFROI" vault key passwd -r cut --new-password-file second
third=$(find repo/keys -type f ! -name "$current" -printf "%f\n")
cmp "repo/keys/$third" "cut/keys/$third" || fail "another's key was lost"
opens 'le deuxième' cut || fail "the new password does not open it: $(cat err)"
if opens "$old" cut; then fail "the old password still opens it"; fi
RESTIC_PASSWORD='le deuxième' expect 0 "$BEFFROI" vault backup -r cut tree
[ -z "$(ls cut/locks)$(find cut -name 'tmp-*')" ] || fail "something was left: $(find cut/locks cut -name 'tmp-*')"
RESTIC_PASSWORD='le deuxième' expect 0 restic -r cut check --read-data
