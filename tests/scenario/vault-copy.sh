#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: copy brings snapshots of ours and of restic's into another repository, passes over what it or restic
# copied before, and stores only what is missing; wherever it is killed, what stands is whole and the next one goes on.
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
needs_newest
cd "$T"
make_tree tree
newest=${RESTIC_NEW:-restic}
new_repo from restic
expect 0 restic -r from backup --host mairie --tag a,b tree
echo more >tree/more
expect 0 "$BEFFROI" vault backup -r from --host mairie --tag c tree
mkdir other && head -c 3000000 /dev/urandom >other/file
TZ=Asia/Tokyo expect 0 "$newest" -r from backup --host ecole --exclude '*.tmp' other
printf 'un autre mot de passe' >to.pass
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
ours() { RESTIC_PASSWORD_FILE=to.pass "$@"; }
ours expect 0 "$BEFFROI" vault init -r to
RESTIC_PASSWORD=$(cat to.pass) cheap_key to
cp -a to empty && cp -a to slow
copy() { ours "$BEFFROI" vault copy -r to --from-repo from "$@"; }
size() { du -sk "$1/data" | cut -f 1; }
# described REPO: what its snapshots say, without their own IDs, parents and origins
described() {
  "$newest" -r "$1" --no-lock snapshots --json | python3 -c '
import json, sys
for line in sorted(json.dumps({k: v for k, v in s.items() if k not in ("id", "short_id", "parent", "original")}, sort_keys=True) for s in json.load(sys.stdin)):
    print(line)'
}

# By filter, by ID, all.
expect 0 copy --host mairie --tag a,b
grep -q '^snapshots: 1 copied, 0 there already' out || fail "$(cat out)"
expect 0 copy latest --host ecole
grep -q '^snapshots: 1 copied' out || fail "$(cat out)"
before=$(size to)
expect 0 copy --verbose
grep -q '^snapshots: 1 copied, 2 there already' out || fail "$(cat out)"
[ $(($(size to) - before)) -lt 100 ] || fail "stored again: $(size to) KB after $before KB"
expect 0 copy
grep -q '^snapshots: 0 copied, 3 there already' out || fail "$(cat out)"
diff <(described from) <(ours described to) || fail "the copies say something else"
while read -r peer; do ours expect 0 "$peer" -r to check --read-data; done < <(restics)
ours expect 0 "$newest" -r to restore latest --host mairie --target restored
same_tree tree restored/tree

# restic knows our copies, and we know restic's; a snapshot whose tags changed is another one, and its copy comes back known.
while read -r peer; do
  RESTIC_FROM_PASSWORD_FILE='' ours expect 0 "$peer" -r to copy --from-repo from
  [ "$(ls to/snapshots | wc -l)" = 3 ] || fail "$peer does not know our copies"
  rm -rf by-restic
  ours expect 0 "$peer" -r by-restic init
  RESTIC_PASSWORD=$(cat to.pass) cheap_key by-restic
  ours expect 0 "$peer" -r by-restic copy --from-repo from
  ours expect 0 "$BEFFROI" vault copy -r by-restic --from-repo from
  grep -q '^snapshots: 0 copied, 3 there already' out || fail "we do not know the copies of $peer: $(cat out)"
done < <(restics)
RESTIC_FROM_PASSWORD_FILE=to.pass expect 0 "$BEFFROI" vault copy -r from --from-repo to
grep -q '^snapshots: 0 copied, 3 there already' out || fail "they do not come back known: $(cat out)"
expect 0 "$BEFFROI" vault tag -r from --add new --host ecole
expect 0 copy
grep -q '^snapshots: 1 copied, 2 there already' out || fail "$(cat out)"
grep -q '0 blobs of files, 0 of folders' out || fail "it moved what was there: $(cat out)"

# A shared lock does not stand in the way, an exclusive one does; a wrong password is said to be of which repository.
in_use from
expect 0 copy
not_in_use
ours expect 0 "$BEFFROI" vault unlock -r to
expect 1 copy 00000000000
said "no snapshot"
RESTIC_FROM_PASSWORD=wrong expect 1 copy
said "wrong password for the repository from"
expect 1 ours "$BEFFROI" vault copy -r to
said "--from-repo"

# Something is missing in the source: the snapshots that are whole are copied, the other is named.
cp -a from hurt
rm "$(find hurt/data -type f -printf '%s %p\n' | sort -rn | sed -n '1s/^[0-9]* //p')"
cp -a empty saved
ours expect 1 "$BEFFROI" vault copy -r saved --from-repo hurt
said "cannot be read"
ours expect 0 restic -r saved check --read-data

# Killed at random moments: what stands is whole, and the next goes on where it was.
killed=0
for round in $(seq 4); do
  RESTIC_PASSWORD_FILE=to.pass "$BEFFROI" vault copy -r slow --from-repo from >/dev/null 2>&1 &
  pid=$!
  sleep "$(python3 -c "import random; print(1.0 + $round * 0.15 + random.random() * 0.4)")"
  kill -9 "$pid" 2>/dev/null && killed=$((killed + 1))
  wait "$pid" 2>/dev/null || true
  ours expect 0 "$BEFFROI" vault check --read-data -r slow
done
for nth in 3 4 5 6 7; do # the locks come first
  rm -rf cut
  cp -a empty cut
  if ours strace -f -o strace.out -e trace=renameat2 -e inject=renameat2:signal=KILL:when="$nth" "$BEFFROI" vault copy -r cut --from-repo from >out 2>err; then
    break
  fi
  killed=$((killed + 1))
  ours expect 0 "$BEFFROI" vault check --read-data -r cut
done
[ "$killed" -gt 3 ] || fail "only $killed were killed at work"
for repo in slow cut; do
  ours expect 0 "$BEFFROI" vault copy -r $repo --from-repo from
  [ "$(find $repo/snapshots -type f | wc -l)" = 3 ] || fail "$repo: $(ls $repo/snapshots)"
  [ -z "$(ls $repo/locks)$(find $repo -name 'tmp-*')" ] || fail "$repo: something was left"
  ours expect 0 restic -r $repo check --read-data
done
