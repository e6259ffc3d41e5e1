#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: find finds the same names, blobs, trees and packs in the same snapshots as restic, and says what it
# could not look into.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
export TZ=Europe/Paris
newest=$(restics | tail -1)

make_tree tree
mkdir -p tree/Compta/2025 tree/Compta/2026
echo x >"tree/Compta/2026/ÉTAT général.ODS"
head -c 1500000 /dev/urandom >tree/Compta/2026/budget.ods
cp tree/Compta/2026/budget.ods tree/Compta/2025/copy.ods
touch -d '2026-03-29 01:59:00' tree/Compta/2026/budget.ods
touch -d '2024-02-29 12:30:10' tree/Compta/2025/copy.ods
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo --tag alt tree
rm tree/compressible
echo more >tree/more
expect 0 restic -r repo backup --host elsewhere --tag x,y tree
mapfile -t snapshots < <(ids repo)

# sorted FILE: its list in some order.
sorted() {
  python3 -c 'import json,sys; print(json.dumps(sorted(json.load(open(sys.argv[1])), key=lambda m: (m["snapshot"], str(m)))))' "$1"
}
# as_restic WORD...: ours is what the newest restic says.
as_restic() {
  expect 0 "$BEFFROI" vault find -r repo --json "$@"
  mv out ours
  expect 0 "$newest" -r repo find --json "$@"
  if [ -n "${RESTIC_NEW:-}" ]; then same_json ours out; else as_old "$@"; fi
}
# as_old WORD...: it is what Debian's says, too, which shows no inodes, and the snapshots in any order.
as_old() {
  expect 0 restic -r repo find --json "$@"
  sorted ours >ours-sorted
  sorted out >theirs-sorted
  same_json ours-sorted theirs-sorted inode
}
as_restic '*' --snapshot "${snapshots[0]}"
as_restic -i 'état *' 'BUDGET.*'
as_old -i 'état *' 'BUDGET.*'
as_restic '/tree/Compta/*/*.ods' --oldest '2024-02-29 12:30:10' --newest 29.03.2026
as_old '/tree/Compta/*/*.ods' --oldest '2024-02-29 12:30:10' --newest 29.03.2026
as_restic '[a-c]*' 'deep/**/e' --tag nobody --tag x,y --path "$T/tree" --host elsewhere
as_restic --newest '2001-02-03 04:05:06 +0100' '*' # a time before Greenwich's
as_restic nowhere

tree=$(restic -r repo cat snapshot "${snapshots[0]}" | python3 -c 'import json,sys; print(json.load(sys.stdin)["tree"])')
[ -z "${RESTIC_NEW:-}" ] || as_restic --tree "$tree" # Debian's does not look at the root
restic -r repo cat blob "$tree" >top
folder=$(python3 -c 'import json; print(json.load(open("top"))["nodes"][0]["subtree"])')
as_restic --tree "${folder:0:8}"
as_old --tree "${folder:0:8}"
restic -r repo cat blob "$folder" >names
blob=$(python3 -c '
import json
print(next(n["content"][1] for n in json.load(open("names"))["nodes"] if n["name"] == "several-chunks"))')
as_restic --blob "${blob:0:8}" ffffffff
pack=$(find repo/data -type f -size +4M | sed -n 1p)
as_restic --pack "${pack##*/}"
[ "$(grep -o object_type out | wc -l)" -gt 2 ] || fail "a large pack is needed by next to nothing: $(cat out)"

expect 0 "$BEFFROI" vault find -r repo -l short --human-readable
grep -q '^-rw-r--r-- .* 6 B .*/tree/short$' out || fail "$(cat out)"
expect 0 "$BEFFROI" vault find -r repo --blob "$blob" --show-pack-id
grep -q 'in the pack' out || fail "$(cat out)"
expect 0 "$BEFFROI" vault find -r repo -R more short
[ "$(grep -c Found out)" = 2 ] && grep -m1 Found out | grep -q "${snapshots[0]:0:8}" || fail "$(cat out)"

expect 1 "$BEFFROI" vault find -r repo --oldest 2025-02-29 short
said "not a date"
expect 1 "$BEFFROI" vault find -r repo --oldest 2025-02-28 --newest 2025-02-27 short
said "after"
expect 1 "$BEFFROI" vault find -r repo --pack 0000000000
said "no index names"
expect 1 "$BEFFROI" vault find -r repo --blob moon
said "not the beginning of an ID"
expect 1 "$BEFFROI" vault find -r repo --snapshot "${snapshots[0]}" --host elsewhere short
said "is named"
expect 2 "$BEFFROI" vault find -r repo

# Of each pack of trees, the first cannot be read: it is named, and the rest is found.
for pack in repo/data/*/*; do
  [ "$(stat -c %s "$pack")" -ge 60000 ] || printf 'damage' | dd of="$pack" bs=1 seek=40 conv=notrunc status=none
done
expect 3 "$BEFFROI" vault find -r repo short
said "cannot be read"
grep -q '/tree/short$' out || fail "nothing more was found"
