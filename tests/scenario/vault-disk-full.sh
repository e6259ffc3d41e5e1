#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the disk of the repository fills up at any stage of a backup: the error says so, no snapshot is
# made, nothing half-written stays, the old snapshot is whole, and with room again the backup succeeds.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

cd "$T"
mkdir tree disk
printf 'the first' >tree/file
truncate -s 96M image
mkfs.ext4 -q -O ^has_journal -m 0 image
mount -o loop image disk
trap 'umount "$T/disk"' EXIT
new_repo disk/repo
expect 0 "$BEFFROI" vault backup -r disk/repo tree
cp -a tree first
head -c 40000000 /dev/urandom >tree/large

# leave BYTES: fills the disk until that much is free.
leave() {
  local all
  rm -f disk/ballast
  all=$(df --output=avail -B1 disk | tail -n 1)
  head -c $((all - $1)) /dev/zero >disk/ballast 2>/dev/null || true
}
nothing_half_done() {
  said "No space left on device"
  [ -z "$(find disk/repo -name 'tmp*')" ] || fail "temporary files are left with $room bytes of room"
  [ -z "$(ls disk/repo/locks)" ] || fail "a lock is left with $room bytes of room"
  [ "$(ls disk/repo/snapshots | wc -l)" = 1 ] || fail "a snapshot was made with $room bytes of room"
}
# Room for nothing at all, for the lock alone, for one pack, for another (whether the first stayed is a race).
for room in 0 4096 8192 1000000 17000000 20000000; do
  leave $room
  expect 1 "$BEFFROI" vault backup -r disk/repo tree
  nothing_half_done
  rm disk/ballast
  expect 0 "$BEFFROI" vault check --read-data -r disk/repo
done
expect 0 restic -r disk/repo check --read-data
# Most is stored by now; what is left to write are single blocks: lock, packs, index, snapshot. Three blocks more each time.
failed=0
for room in $(seq 4096 12288 400000) 50000000; do
  leave "$room"
  if "$BEFFROI" vault backup -r disk/repo tree >out 2>err; then
    break
  fi
  nothing_half_done
  failed=$((failed + 1))
  [ $((failed % 20)) != 0 ] || expect 0 "$BEFFROI" vault check -r disk/repo
done
[ "$failed" -gt 1 ] || fail "the disk was never full"
rm disk/ballast
expect 0 "$BEFFROI" vault check --read-data -r disk/repo
[ "$(ls disk/repo/snapshots | wc -l)" = 2 ] || fail "the backup with room enough made no snapshot"
first_id=$("$BEFFROI" vault snapshots -r disk/repo --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["id"])')
expect 0 "$BEFFROI" vault restore "$first_id" -r disk/repo --target restored
same_tree first restored/tree
rm -rf restored
expect 0 "$BEFFROI" vault restore latest -r disk/repo --target restored --verify
same_tree tree restored/tree
expect 0 restic -r disk/repo check --read-data
