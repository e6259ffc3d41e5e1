#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: repair brings damaged repositories back as restic's repair does: index files and packs that are gone, cut
# or flipped; what is intact is kept (see vault-crash-repair for where it is cut off).
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
newest=${RESTIC_NEW:-restic} # Debian's knows rebuild-index alone
mkdir -p tree/sub/deep
for n in $(seq 30); do head -c 200000 /dev/urandom >"tree/$n"; done
head -c 9000000 /dev/urandom >tree/sub/large
for n in $(seq 5); do echo "$n" >"tree/sub/deep/$n"; done
expect 0 "$newest" init -r repo
cheap_key repo
expect 0 "$newest" -r repo backup --host mairie tree
head -c 300000 /dev/urandom >tree/later
expect 0 "$BEFFROI" vault backup -r repo --host mairie tree
largest() { find "$1/data" -type f -printf '%s %f\n' | sort -rn | sed -n '1s/^[0-9]* //p'; }
pack() { echo "$1/data/${2:0:2}/$2"; }
whole() { while read -r peer; do expect 0 "$peer" -r "$1" check --read-data; done < <(restics); }
trees() { "$newest" -r "$1" --no-lock snapshots --json | python3 -c 'import json,sys; print(*sorted(s["tree"] + str(s.get("tags")) for s in json.load(sys.stdin)), sep="\n")'; }
listed() { "$newest" -r "$1" --no-lock list blobs | sort -u; }

# No damage: nothing is changed.
cp -a repo same
expect 0 "$BEFFROI" vault repair index -r same
expect 0 "$BEFFROI" vault repair snapshots -r same
grep -q '^0 snapshots changed' out || fail "$(cat out)"
diff -r repo same || fail "a whole repository was changed"
# All indexes are gone, or none is to be believed: the new one names the same.
rm same/index/*
expect 0 "$BEFFROI" vault repair index -r same
said "no index named"
diff <(listed repo) <(listed same) || fail "the new index names something else"
whole same
expect 0 "$BEFFROI" vault repair index -r same --read-all-packs
diff <(listed repo) <(listed same) || fail "the index of all packs names something else"
head -c 300 /dev/urandom >"same/index/$(printf 'c%.0s' $(seq 64))"
expect 1 "$BEFFROI" vault backup -r same tree
expect 0 "$BEFFROI" vault repair index -r same
said "cannot be read is removed"
whole same
expect 0 "$BEFFROI" vault restore latest -r same --target restored
same_tree tree restored/tree

# A pack is gone: beside restic, the same snapshots come out.
cp -a repo hurt
gone=$(largest hurt)
rm "$(pack hurt "$gone")"
cp -a hurt theirs
expect 1 "$BEFFROI" vault check -r hurt
said "repair"
expect 0 "$BEFFROI" vault repair index -r hurt
said "is gone"
cp -a hurt hurt-dry
expect 0 "$BEFFROI" vault repair snapshots -r hurt-dry --dry-run
said "parts of a file are lost"
diff -r hurt hurt-dry || fail "a dry run changed something"
expect 0 "$BEFFROI" vault repair snapshots -r hurt --forget
whole hurt
if [ -n "${RESTIC_NEW:-}" ]; then
  expect 0 "$RESTIC_NEW" -r theirs repair index
  expect 0 "$RESTIC_NEW" -r theirs repair snapshots --forget
  diff <(trees hurt) <(trees theirs) || fail "restic makes other snapshots"
fi

# Folders are gone; without --forget, the old ones stay and the new ones have a tag.
cp -a repo hurt2
find hurt2/data -type f -size -40k -delete
rm -rf theirs && cp -a hurt2 theirs
expect 0 "$BEFFROI" vault repair index -r hurt2
expect 3 "$BEFFROI" vault repair snapshots -r hurt2
said "nothing can be read of snapshot"
expect 0 "$BEFFROI" vault repair snapshots -r hurt2 --forget
[ -z "$(ls hurt2/snapshots)" ] || fail "a snapshot without a root is left"
whole hurt2

# A byte is flipped in a pack and another is cut: what is intact in them is saved, the rest leaves the snapshots; a new backup
# heals it instead.
cp -a repo bad
one=$(largest bad)
printf 'XXXX' | dd of="$(pack bad "$one")" bs=1 seek=100000 conv=notrunc status=none
chmod u+w "$(pack bad "$one")"
expect 1 "$BEFFROI" vault check --read-data -r bad
said "pack $one"
expect 1 "$BEFFROI" vault repair packs -r bad "${one:0:10}"
said "whole IDs"
expect 1 "$BEFFROI" vault repair packs -r bad "$(printf 'd%.0s' $(seq 64))"
said "no pack"
for copy in healed flipped theirs-bad; do cp -a bad $copy; done
expect 0 "$BEFFROI" vault repair packs -r bad "$one"
said "a blob is lost"
grep -q '[0-9] saved, 1 lost' out || fail "$(cat out)"
cmp "pack-$one" "$(pack healed "$one")" || fail "the copy that was put aside is not the damaged pack"
[ ! -e "$(pack bad "$one")" ] || fail "the damaged pack is still there"
echo other >"pack-$one"
expect 1 "$BEFFROI" vault repair packs -r healed "$one"
said "pack-$one"
rm "pack-$one"
if [ -n "${RESTIC_NEW:-}" ]; then
  expect 0 "$RESTIC_NEW" -r theirs-bad repair packs "$one"
  diff <(listed theirs-bad) <(listed bad) || fail "restic saves other blobs"
  rm "pack-$one"
fi
cp -a bad saved
expect 0 "$BEFFROI" vault repair snapshots -r bad --forget
whole bad
expect 0 "$BEFFROI" vault repair packs -r healed "$one"
rm "pack-$one"
expect 0 "$BEFFROI" vault backup -r healed --host mairie --force tree
expect 0 "$BEFFROI" vault repair snapshots -r healed
grep -q '^0 snapshots changed' out || fail "the backup did not heal it: $(cat out)"
whole healed

# A snapshot file that is damaged stops it, until it is named.
head -c 100 /dev/urandom >"healed/snapshots/$(printf 'e%.0s' $(seq 64))"
expect 1 "$BEFFROI" vault repair snapshots -r healed --forget
expect 1 "$BEFFROI" vault repair snapshots -r healed eeee
said "--forget"
expect 0 "$BEFFROI" vault repair snapshots -r healed --forget eeee
whole healed
