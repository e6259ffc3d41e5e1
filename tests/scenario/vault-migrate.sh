#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a repository of version 1 becomes one of version 2 as with restic, whose programs read it; not where there
# is damage or somebody is at work; wherever that is cut off, it is of one of the two versions, and whole.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
mkdir tree && seq 20000 >tree/numbers
expect 0 restic init -r repo --repository-version 1
cheap_key repo
expect 0 restic -r repo backup tree
version() { "$1" -r "$2" --no-lock cat config | python3 -c 'import json,sys; print(json.load(sys.stdin)["version"])'; }
described() { restic -r "$1" --no-lock cat config | python3 -c 'import json,sys; c = json.load(sys.stdin); print(c["id"], c["chunker_polynomial"])'; }

# Both list the same, and nothing else is known.
expect 0 "$BEFFROI" vault migrate -r repo
restic -r repo migrate | grep upgrade_repo_v2 >theirs
diff <(grep upgrade_repo_v2 out) theirs || fail "restic lists something else"
expect 1 "$BEFFROI" vault migrate -r repo upgrade_repo_v3
said "no migration"

# Nothing is changed while others are at work, or where there is damage.
in_use repo
expect 11 "$BEFFROI" vault migrate -r repo upgrade_repo_v2
said "lock"
not_in_use
cp -a repo hurt
rm "$(find hurt/data -type f | sed -n 1p)"
expect 1 "$BEFFROI" vault migrate -r hurt upgrade_repo_v2
said "damage"
for one in repo hurt; do [ "$(version restic $one)" = 1 ] || fail "$one was changed"; done

cp -a repo old
if [ -z "${BEFFROI_SANITIZED:-}" ]; then # the library that interrupts stands before the sanitizers' own
  python3 "$lib/crash.py" --done "$BEFFROI vault migrate -r cut | grep -q nothing" repo -- "$BEFFROI" vault migrate -r cut upgrade_repo_v2
fi
expect 0 "$BEFFROI" vault migrate -r repo upgrade_repo_v2
[ -z "$(ls repo/locks)" ] || fail "a lock is left"
[ "$(stat -c %a repo/config)" = 400 ] || fail "config has the mode $(stat -c %a repo/config)"
diff <(described old) <(described repo) || fail "the config says something else"
expect 0 "$BEFFROI" vault migrate -r repo
grep -q nothing out || fail "$(cat out)"
expect 0 "$BEFFROI" vault migrate -r repo upgrade_repo_v2 # as restic
said "done before"
expect 1 "$BEFFROI" vault migrate -r repo --force upgrade_repo_v2

# What is saved now is compressed, and what was there can be.
seq 30000 >tree/more
while read -r peer; do
  [ "$(version "$peer" repo)" = 2 ] || fail "$peer sees version $(version "$peer" repo)"
  expect 0 "$peer" -r repo check --read-data
done < <(restics)
expect 0 "$BEFFROI" vault backup -r repo tree
expect 0 "$BEFFROI" vault prune -r repo --repack-uncompressed
[ "$(du -sb repo/data | cut -f 1)" -lt "$(du -sb old/data | cut -f 1)" ] || fail "nothing was compressed"
expect 0 restic -r repo check --read-data
expect 0 restic -r repo restore latest --target restored
same_tree tree restored/tree
