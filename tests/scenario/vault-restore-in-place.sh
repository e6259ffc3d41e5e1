#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a restore over what is there writes only what differs, leaves what it is told to leave, deletes only
# when asked, goes on after it was cut off, and never touches anything outside its target.
# timeout: 300
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"

make_tree tree
mkdir -p tree/papers/2026
printf 'a letter' >tree/papers/2026/letter
head -c 30000000 /dev/urandom >tree/papers/plan
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo tree
put_back() { expect 0 "$BEFFROI" vault restore latest -r repo --json "$@"; }
said_number() { python3 -c 'import json,sys; print(json.loads(open("out").read().splitlines()[-1]).get(sys.argv[1], 0))' "$1"; }
whole() { same_tree tree "$1/tree"; }

# Over a whole copy nothing is written, nothing but metadata is set, and the inodes stay.
put_back --target there
whole there
inode=$(stat -c %i there/tree/papers/plan)
chmod 777 there/tree/papers/plan
put_back --target there
[ "$(said_number bytes_restored)" -lt 1000 ] || fail "bytes were written over a whole copy: $(cat out)"
[ "$(stat -c %i there/tree/papers/plan)" = "$inode" ] || fail "the file was made anew"
whole there

# Of a file that was spoiled in its middle, only that is written; a longer and a shorter one get their length.
printf 'spoiled' | dd of=there/tree/papers/plan bs=1 seek=15000000 conv=notrunc status=none
printf 'more' >>there/tree/several-chunks
truncate -s 100 there/tree/compressible
rm there/tree/papers/2026/letter && mkdir there/tree/papers/2026/letter
rm -r there/tree/deep && ln -s /etc there/tree/deep
expect 3 "$BEFFROI" vault restore latest -r repo --json --target there
said 'cannot replace /tree/papers/2026/letter' # a folder is not taken away unasked
rmdir there/tree/papers/2026/letter
put_back --target there
whole there
printf 'spoiled' | dd of=there/tree/papers/plan bs=1 seek=15000000 conv=notrunc status=none
put_back --target there --dry-run
written=$(said_number bytes_restored)
[ "$written" -gt 500000 ] && [ "$written" -lt 9000000 ] || fail "not one chunk: $(cat out)"
! cmp -s tree/papers/plan there/tree/papers/plan || fail "--dry-run wrote"
put_back --target there
whole there

# A file with a second name outside the target is made anew: the other name keeps its content.
ln there/tree/papers/2026/letter outside
printf 'changed!' >outside
put_back --target there
[ "$(cat outside)" = 'changed!' ] || fail "a file outside the target was written"
whole there

# What stays and what goes.
printf 'mine' >there/tree/papers/2026/letter
put_back --target there --overwrite never
[ "$(cat there/tree/papers/2026/letter)" = mine ] || fail "--overwrite never wrote"
put_back --target there --overwrite if-newer
[ "$(cat there/tree/papers/2026/letter)" = mine ] || fail "--overwrite if-newer wrote over a younger file"
touch -d 2001-01-01 there/tree/papers/2026/letter
put_back --target there --overwrite if-newer
[ "$(cat there/tree/papers/2026/letter)" = 'a letter' ] || fail "--overwrite if-newer left an older file"
printf 'A letter' >there/tree/papers/2026/letter
touch -r tree/papers/2026/letter there/tree/papers/2026/letter
put_back --target there --overwrite if-changed
[ "$(cat there/tree/papers/2026/letter)" = 'A letter' ] || fail "--overwrite if-changed read a file of the same time"
put_back --target there
whole there

# Deleting, as far as the patterns reach.
mkdir -p there/tree/papers/new/below there/tree/kept
touch there/tree/papers/new/below/file there/tree/extra there/tree/kept/file there/beside
ln -s "$T/outside" there/tree/papers/new/link
put_back --target there --delete --dry-run
[ "$(said_number files_deleted)" = 8 ] || fail "not eight: $(cat out)"
put_back --target there --delete --include /tree/papers
[ ! -e there/tree/papers/new ] && [ -e there/tree/extra ] || fail "--delete with --include"
put_back --target there --delete --exclude kept --exclude beside
[ -e there/tree/kept/file ] && [ -e there/beside ] && [ ! -e there/tree/extra ] || fail "--delete with --exclude"
put_back --target there --delete
[ "$(ls there)" = tree ] || fail "--delete left $(ls there)"
whole there
[ -e outside ] || fail "--delete followed a link"
rm there/tree/papers/2026/letter && mkdir -p there/tree/papers/2026/letter/folder
put_back --target there --delete
whole there
expect 2 "$BEFFROI" vault restore latest -r repo --target / --delete
said 'would empty the machine'

# One folder of it.
expect 0 "$BEFFROI" vault restore latest:/tree/papers -r repo --target some
chmod --reference=tree/papers some && touch -r tree/papers some
same_tree tree/papers some
expect 0 "$BEFFROI" vault ls -r repo latest:/tree/papers
[ "$(tail -n +2 out)" = $'/2026\n/2026/letter\n/plan' ] || fail "ls of one folder: $(cat out)"
expect 1 "$BEFFROI" vault restore latest:/tree/none -r repo --target none
said 'does not hold the folder /tree/none'
expect 0 "$BEFFROI" vault restore latest -r repo --target nowhere --dry-run
[ ! -e nowhere ] || fail "--dry-run made the target"

# Cut off in the middle: what is not whole shows it, and the next restore completes it.
for nth in 3 9; do
  rm -rf cut
  ! strace -f -o strace.out -e trace=pwrite64 -e inject=pwrite64:signal=KILL:when=$nth "$BEFFROI" vault restore latest -r repo --target cut >out 2>err ||
    fail "it was not cut off"
  put_back --target cut
  whole cut
done
