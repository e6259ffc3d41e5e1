#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: diff names the same changes and counts the same blobs and bytes as restic, for whole snapshots and for
# folders of them, from repositories of both; and says what it cannot read.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
newest=$(restics | tail -1)

make_tree tree
mkdir -p tree/moves tree/goes/deep tree/stays/below
head -c 3000000 /dev/urandom >tree/moves/large
head -c 700000 /dev/urandom >tree/stays/below/original
echo gone >tree/goes/deep/file
mkfifo tree/goes/fifo
cp -a tree first
for tool in "$BEFFROI vault" restic; do
  repo=${tool%% *} && repo=by-${repo##*/}
  rm -rf tree && cp -a first tree
  # shellcheck disable=SC2086  # several words
  {
    expect 0 $tool init -r "$repo"
    cheap_key "$repo"
    expect 0 $tool backup -r "$repo" tree
  }
  rm -r tree/goes
  mv tree/moves tree/moved
  cp tree/stays/below/original tree/copied # its blobs are in a folder that does not change
  echo changed >>tree/short
  rm tree/link && mkdir tree/link && echo x >tree/link/in
  rm -r tree/empty && echo x >tree/empty
  setfattr -n user.note -v other tree/attributes
  chmod 700 tree/deep/a/b
  echo x >"tree/Délibérations 2026/"$'nouveau \xe9'
  head -c 20000 /dev/urandom >tree/new
  # shellcheck disable=SC2086
  expect 0 $tool backup -r "$repo" tree
done

# same_folders REPO A B: as restic's.
same_folders() {
  expect 0 "$BEFFROI" vault diff -r "$1" --json --metadata "$first:$2" "$second:$3"
  mv out ours
  [ -n "${RESTIC_NEW:-}" ] || return 0
  expect 0 "$RESTIC_NEW" -r "$1" diff --json --metadata "$first:$2" "$second:$3"
  same_json ours out
}
for repo in by-*; do
  mapfile -t snapshots < <(ids "$repo")
  first=${snapshots[0]} second=${snapshots[1]}
  expect 0 "$BEFFROI" vault diff -r "$repo" --json --metadata "$first" "$second"
  mv out ours
  while read -r peer; do
    expect 0 "$peer" -r "$repo" diff --json --metadata "$first" "$second"
    same_json ours out
  done < <(restics)
  same_folders "$repo" tree/moves tree/moved
done
same_folders "$repo" /tree/deep/ tree/deep # Debian's restic does not know these
same_folders "$repo" tree/goes tree/stays
same_folders "$repo" / tree
expect 0 "$BEFFROI" vault diff -r "$repo" "$second" "$first"
grep -aE '^[-+TMU?]+ ' out >ours
expect 0 "$newest" -r "$repo" diff "$second" "$first"
grep -aE '^[-+TMU?]+ ' out | diff ours - || fail "other lines than restic's"

[ "$("$BEFFROI" vault diff -r "$repo" "$first" latest --quiet | grep -c /)" = 0 ] || fail "--quiet names paths"
expect 1 "$BEFFROI" vault diff -r "$repo" "$first:nowhere" "$second"
said "does not hold the folder"
expect 1 "$BEFFROI" vault diff -r "$repo" "$first:tree/short" "$second"
expect 1 "$BEFFROI" vault diff -r "$repo" "$first" 0000000
expect 2 "$BEFFROI" vault diff -r "$repo" "$first"
[ -z "$(ls "$repo/locks")" ] || fail "a lock is left"

# Of each pack of trees, the first cannot be read: a folder far down. Then none can.
for pack in "$repo"/data/*/*; do
  [ "$(stat -c %s "$pack")" -ge 60000 ] || printf 'damage' | dd of="$pack" bs=1 seek=40 conv=notrunc status=none
done
expect 3 "$BEFFROI" vault diff -r "$repo" "$first" "$second"
said "cannot be read"
said "could not be compared"
for pack in "$repo"/data/*/*; do
  head -c "$(stat -c %s "$pack")" /dev/zero | dd of="$pack" conv=notrunc status=none
done
expect 1 "$BEFFROI" vault diff -r "$repo" "$first" "$second"
said "cannot be read"
