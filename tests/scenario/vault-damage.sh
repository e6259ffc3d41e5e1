#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a pack, index, snapshot, tree, key or config that is cut short, bit-flipped or gone is found and
# named, what is undamaged is still restored, and no damaged byte is ever restored as if it were good.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

cd "$T"
mkdir tree
head -c 3000000 /dev/urandom >tree/big
printf 'small' >tree/small
new_repo good
expect 0 "$BEFFROI" vault backup -r good tree
largest() { find "$1" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2-; }
smallest() { find "$1" -type f -printf '%s %p\n' | sort -n | head -1 | cut -d' ' -f2-; }
again() { rm -rf repo restored && cp -a good repo; }
flip() { # flip FILE OFFSET
  chmod u+w "$1"
  python3 -c 'import sys; f=open(sys.argv[1],"r+b"); f.seek(int(sys.argv[2])); b=f.read(1)[0]^1; f.seek(int(sys.argv[2])); f.write(bytes([b]))' "$1" "$2"
}

again # a bit in the data
flip "$(largest repo/data)" 100000
expect 0 "$BEFFROI" vault check -r repo
expect 1 "$BEFFROI" vault check --read-data -r repo
said "its bytes do not match its name"
said "the seal is broken"
expect 3 "$BEFFROI" vault restore latest -r repo --target restored
said "/tree/big"
cmp tree/small restored/tree/small || fail "the undamaged file was not restored"
[ ! -s restored/tree/big ] || ! cmp -s tree/big restored/tree/big || fail "the damaged file was restored whole"
[ "$(stat -c %a restored/tree/big)" = 600 ] || fail "a file that is not whole looks finished"

again # a pack cut short
chmod u+w "$(largest repo/data)" && truncate -s -10 "$(largest repo/data)"
expect 1 "$BEFFROI" vault check -r repo
said "bytes long and should be"
again # a pack gone
rm -f "$(largest repo/data)"
expect 1 "$BEFFROI" vault check -r repo
said "is missing"
expect 3 "$BEFFROI" vault restore latest -r repo --target restored
cmp tree/small restored/tree/small 2>/dev/null || [ ! -e restored/tree/small ] || [ ! -s restored/tree/small ] || fail "wrong bytes"

again # a bit in the folders' pack
flip "$(smallest repo/data)" 40
expect 1 "$BEFFROI" vault check -r repo
said "cannot be read"
"$BEFFROI" vault restore latest -r repo --target restored 2>err && fail "a damaged folder was restored without a word"
said "cannot be read"

for kind in index snapshots; do
  for how in flip cut empty; do
    again
    file=$(largest repo/$kind)
    case $how in
    flip) flip "$file" 60 ;;
    cut) chmod u+w "$file" && truncate -s 50 "$file" ;;
    empty) chmod u+w "$file" && truncate -s 0 "$file" ;;
    esac
    expect 1 "$BEFFROI" vault check -r repo
    said "repo/$kind/$(basename "$file")"
    expect 1 "$BEFFROI" vault restore latest -r repo --target restored
    said "its bytes do not match its name"
  done
done

again # a damaged snapshot does not keep new ones from being made
flip "$(largest repo/snapshots)" 60
expect 0 "$BEFFROI" vault backup -r repo tree
expect 3 "$BEFFROI" vault snapshots -r repo
grep -q "^1 snapshot" out || fail "the good snapshot is not listed"

again
flip repo/config 50
expect 1 "$BEFFROI" vault snapshots -r repo
said "repo/config is damaged"
again
flip "$(largest repo/keys)" 350 # the program cannot know whether the key or the password is wrong
expect 12 "$BEFFROI" vault snapshots -r repo
again
rm -f repo/keys/*
expect 1 "$BEFFROI" vault snapshots -r repo
said "has no key"
again # and the undamaged one is fine
expect 0 "$BEFFROI" vault check --read-data -r repo
