#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: cat prints what restic's prints, of every kind of thing that a repository is made of.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
needs_newest
cd "$T"
newest=$(restics | tail -1)

make_tree tree
expect 0 restic -r by-restic init
cheap_key by-restic
expect 0 restic -r by-restic backup --tag 'a & <b>' --exclude '*.tmp' tree
new_repo by-us
expect 0 "$BEFFROI" vault backup -r by-us --tag c tree

name_of() { find "$1/$2" -type f -printf '%f\n' | sed -n 1p; }
# as_restic REPO WORD...: the same, byte for byte.
as_restic() {
  local repo=$1
  shift
  expect 0 "$BEFFROI" vault cat -r "$repo" "$@"
  mv out ours
  expect 0 "$newest" -r "$repo" cat "$@"
  cmp ours out || fail "another $1 than restic's: $(head -c 2000 ours out)"
}
for repo in by-restic by-us; do
  as_restic $repo config
  as_restic $repo masterkey
  as_restic $repo index "$(name_of $repo index)"
  as_restic $repo snapshot "$(name_of $repo snapshots)"
  as_restic $repo key "$(name_of $repo keys)"
  as_restic $repo pack "$(name_of $repo data)"
  [ -n "${RESTIC_NEW:-}" ] || continue # Debian's does not know trees yet
  snapshot=$(name_of $repo snapshots)
  as_restic $repo tree "${snapshot:0:8}"
  as_restic $repo tree "$snapshot:tree/deep/a/"
done
snapshot=$(name_of by-us snapshots)
expect 0 "$BEFFROI" vault cat -r by-us tree latest:tree
mv out names
blob=$(python3 -c '
import json
print(next(n["content"][0] for n in json.load(open("names"))["nodes"] if n["name"] == "several-chunks"))')
as_restic by-us blob "$blob"
as_restic by-us blob "$(sha256sum names | cut -c -64)" # a tree is a blob too
expect 0 "$BEFFROI" vault cat -r by-us blob "${blob:0:20}"
[ "$(sha256sum out | cut -c -64)" = "$blob" ] || fail "not the bytes of that name"

in_use by-restic
lock=$(find by-restic/locks -type f -printf '%f\n' | grep -E '^[0-9a-f]{64}$')
expect 0 "$BEFFROI" vault cat -r by-restic lock "${lock:0:10}"
mv out ours
not_in_use
expect 0 restic -r by-restic unlock --remove-all
python3 -c 'import json; lock = json.load(open("ours")); assert lock["hostname"] and lock["pid"] and not lock["exclusive"]'
tail -n 1 ours | grep -qx '}' || fail "$(cat ours)"

expect 2 "$BEFFROI" vault cat -r by-us
expect 2 "$BEFFROI" vault cat -r by-us moon x
said "no kind"
expect 2 "$BEFFROI" vault cat -r by-us index
said "which index"
expect 2 "$BEFFROI" vault cat -r by-us config x
expect 1 "$BEFFROI" vault cat -r by-us index 0000000000
said "has no file"
expect 1 "$BEFFROI" vault cat -r by-us blob 0000000000
said "no index names"
expect 1 "$BEFFROI" vault cat -r by-us tree latest:tree/short

# Damage: of a pack comes what is there, with a word; nothing comes of what is sealed.
pack=$(name_of by-us data)
printf 'damage' | dd of="by-us/data/${pack:0:2}/$pack" bs=1 seek=40 conv=notrunc status=none
expect 3 "$BEFFROI" vault cat -r by-us pack "$pack"
said "do not match its name"
cmp out "by-us/data/${pack:0:2}/$pack" || fail "not the pack as it is"
index=$(name_of by-us index)
printf 'damage' | dd of="by-us/index/$index" bs=1 seek=40 conv=notrunc status=none
expect 1 "$BEFFROI" vault cat -r by-us index "$index"
said "damaged"
[ ! -s out ] || fail "something was printed of a damaged index"
