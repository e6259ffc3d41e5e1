#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: --compression and --pack-size do what they say, restic reads the result; and check reads the same part
# of the packs as restic's --read-data-subset, or as much as was asked for.
# timeout: 300
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"

mkdir tree
for n in $(seq 40); do seq $((n * 1000)) $((n * 1000 + 100000)) >"tree/$n"; done
head -c 40000000 /dev/urandom >tree/noise
stored() { du -sb "$1/data" | cut -f 1; }
largest() { find "$1/data" -type f -printf '%s\n' | sort -n | tail -n 1; }
for how in off fastest max; do
  new_repo $how
  expect 0 "$BEFFROI" vault backup -r $how --compression $how tree
done
[ "$(stored off)" -gt 60000000 ] || fail "it compressed with --compression off"
[ "$(stored max)" -lt "$(stored fastest)" ] || fail "max is not smaller than fastest: $(stored max) $(stored fastest)"
[ "$(stored fastest)" -lt $(($(stored off) * 9 / 10)) ] || fail "it did not compress: $(stored fastest) $(stored off)"
RESTIC_COMPRESSION=off expect 0 "$BEFFROI" vault backup -r off --pack-size 4 --force --host other tree
[ "$(stored off)" -lt 80000000 ] || fail "known blobs were stored again"
expect 0 restic -r off check --read-data

new_repo small
expect 0 "$BEFFROI" vault backup -r small --pack-size 4 tree
[ "$(largest small)" -lt 13000000 ] && [ "$(largest fastest)" -gt 16000000 ] || fail "packs of $(largest small) bytes"
new_repo large
RESTIC_PACK_SIZE=64 expect 0 "$BEFFROI" vault backup -r large tree
# Two packs are filled at once.
[ "$(largest large)" -gt 24000000 ] || fail "packs of $(largest large) bytes"
expect 0 restic -r small check --read-data

# Each part is the packs whose first byte says so, as for restic; together they are all.
read_packs() { expect 0 "$BEFFROI" vault check -r small --read-data-subset "$1" && grep -oP '\d+(?= packs)' out; }
packs() { find small/data -type f | wc -l; }
sum=0
for part in 1 2 3; do
  wanted=$(find small/data -type f -printf '%f\n' | cut -c 1-2 | while read -r byte; do [ $((16#$byte % 3)) = $((part - 1)) ] && echo; done | wc -l) || true
  [ "$(read_packs $part/3)" = "$wanted" ] || fail "part $part: $(cat out)"
  sum=$((sum + wanted))
done
[ $sum = "$(packs)" ] || fail "the parts are not all: $sum of $(packs)"
[ "$(read_packs 100%)" = "$(packs)" ] || fail "100%: $(cat out)"
[ "$(read_packs 1%)" = 1 ] || fail "1%: $(cat out)"
[ "$(read_packs 12M)" -lt "$(packs)" ] || fail "12M: $(cat out)"

# A damaged pack is found by the part that it is in, and by no other.
pack=$(find small/data -type f -size +1M | sed -n 1p)
part=$((16#$(basename "$pack" | cut -c 1-2) % 3 + 1))
chmod u+w "$pack" && printf 'x' | dd of="$pack" bs=1 seek=500000 conv=notrunc status=none
expect 0 "$BEFFROI" vault check -r small --read-data-subset $((part % 3 + 1))/3
expect 1 "$BEFFROI" vault check -r small --read-data-subset $part/3

for wrong in '--compression much' '--pack-size 2' '--pack-size x'; do
  # shellcheck disable=SC2086 # two words
  expect 1 "$BEFFROI" vault backup -r small $wrong tree
  said "${wrong%% *} wants"
done
for wrong in 0/3 4/3 1/300 0% 101% x; do expect 2 "$BEFFROI" vault check -r small --read-data-subset $wrong; done
