#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: snapshots and ls list in the groups, the order and the part that one asks for, as restic does; prune packs
# together what is smaller than a size.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
needs_newest
cd "$T"
mkdir -p a/sub.d/deeper b
echo 1 >a/f.txt
head -c 5000 /dev/urandom >a/sub.d/large.bin
echo longer >a/sub.d/deeper/small.txt
ln -s f.txt a/link
touch -d '2020-01-01' a/sub.d/large.bin
touch -d '2030-01-01' a/f.txt
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo --host mairie a
expect 0 "$RESTIC_NEW" -r repo backup --host mairie --tag z,y a b
expect 0 "$BEFFROI" vault backup -r repo --host ecole --tag y b
expect 0 "$RESTIC_NEW" -r repo backup --host mairie b a
expect 0 "$BEFFROI" vault backup -r repo --host mairie a

# ---- snapshots: groups have no order in restic, and grouping may sort paths and tags ----
groups() { python3 -c 'import json,sys
def put_in_order(o):
    return {k: sorted(v) if k in ("paths", "tags") and v else v for k, v in o.items()}
x = json.load(sys.stdin, object_hook=put_in_order)
print(json.dumps(sorted(x, key=lambda g: json.dumps(g["group_key"], sort_keys=True)) if x and "group_key" in x[0] else x, sort_keys=True))'; }
for options in "" "--latest 1" "--latest 2" "--group-by host" "-g paths" "-g tags" "-g host,paths,tags" "-g host --latest 1" \
  "-g tags --latest 1 --host mairie" "--group-by host --tag nowhere" "--latest 1 --path $T/a"; do
  # shellcheck disable=SC2086 # several words
  expect 0 "$RESTIC_NEW" -r repo snapshots --json $options
  groups <out >theirs
  # shellcheck disable=SC2086
  expect 0 "$BEFFROI" vault snapshots -r repo --json $options
  groups <out >ours
  cmp ours theirs || fail "snapshots $options: $(head -c 2000 ours) instead of $(head -c 2000 theirs)"
done
expect 0 "$BEFFROI" vault snapshots -r repo --group-by host --compact
[ "$(grep -c '^snapshots of:' out)" = 2 ] || fail "$(cat out)"
if grep -q "$T" out; then fail "paths are shown"; fi
expect 1 "$BEFFROI" vault snapshots -r repo --group-by user
said "--group-by knows"

# ---- ls: the line of the snapshot is our own ----
for options in "" "--sort size" "--sort size --reverse" "-s time" "-s extension --reverse" "--sort name --reverse" \
  "-l --sort ctime" "-l --human-readable --sort size" "$T" "/a" "/a --recursive" "/a/sub.d /b --sort size" "/a/f.txt" \
  "/a/sub.d --recursive --reverse" "/ --sort size" "/nowhere"; do
  # shellcheck disable=SC2086
  expect 0 "$RESTIC_NEW" -r repo ls latest --path "$T/a" $options
  tail -n +2 out >theirs
  # shellcheck disable=SC2086
  expect 0 "$BEFFROI" vault ls -r repo latest --path "$T/a" $options
  tail -n +2 out >ours
  diff ours theirs || fail "ls $options"
done
expect 0 "$RESTIC_NEW" -r repo ls latest --json --sort size --reverse
cp out theirs
expect 0 "$BEFFROI" vault ls -r repo latest --json --sort size --reverse
same_json out theirs
expect 1 "$BEFFROI" vault ls -r repo latest --sort color
said "--sort wants"

# ---- prune ----
packs() { find "$1/data" -type f | wc -l; }
before=$(packs repo)
expect 0 "$BEFFROI" vault prune -r repo --repack-smaller-than 100
[ "$(packs repo)" = "$before" ] || fail "no pack is so small"
expect 0 "$BEFFROI" vault prune -r repo --repack-smaller-than 1M # restic leaves less than ten as they are
[ "$(packs repo)" -lt "$before" ] || fail "nothing was packed together"
while read -r peer; do expect 0 "$peer" -r repo check --read-data; done < <(restics)
