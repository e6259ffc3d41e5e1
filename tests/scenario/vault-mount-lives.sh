#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a mount shows snapshots that are made or forgotten while it stands, holds a lock as long as it
# stands, and ends cleanly however it ends: unmounted, also while a file is open, interrupted, or killed.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/mount.sh"

cd "$T"
mkdir tree
head -c 3000000 /dev/urandom >tree/file
new_repo repo
mount_ours repo m
grep -q fusermount3 mount.out || fail "it does not say how to end it: $(cat mount.out)"
[ -z "$(find m -mindepth 2)" ] || fail "an empty repository shows something"

# appears COUNT: within ten seconds there are that many snapshots.
appears() {
  for _ in $(seq 100); do
    [ "$(find m/ids -mindepth 1 -maxdepth 1 | wc -l)" = "$1" ] && return
    sleep 0.1
  done
  fail "not $1 snapshots: $(ls m/ids)"
}
expect 0 restic -r repo backup tree --tag one
appears 1
cmp tree/file m/snapshots/latest/"$T"/tree/file 2>/dev/null || cmp tree/file m/snapshots/latest/tree/file || fail "the new snapshot cannot be read"
[ "$(readlink m/tags/one/latest)" = "$(ls m/tags/one | sed -n 1p)" ] || fail "the link to the latest"
printf 'more' >tree/more
sleep 1.1 # another second, another name
expect 0 "$BEFFROI" vault backup -r repo tree
appears 2
[ "$(cat m/snapshots/latest/tree/more)" = more ] || fail "the new content cannot be read"
expect 2 ls m/snapshots/latest/tree/nothing

# It is locked for sharing: nobody takes away what is being read, and a backup may still be made (above).
[ "$(find repo/locks -type f | wc -l)" = 1 ] || fail "there is no lock, or several"
expect 11 "$BEFFROI" vault prune -r repo
said "locked"
expect 1 restic -r repo prune
exec 5<m/snapshots/latest/tree/file
fusermount3 -u m 2>err && fail "unmounted while a file was open"
fusermount3 -u -z m # lazily: it goes on until the file is closed
cmp tree/file /dev/fd/5 || fail "the open file cannot be read to its end"
kill -0 $mount_pid || fail "it ended while a file was open"
exec 5<&-
mount_ends $mount_pid m
[ -z "$(ls repo/locks)" ] || fail "a lock was left"

for signal in TERM INT HUP; do
  mount_ours repo m
  exec 5<m/snapshots/latest/tree/file
  kill -$signal $mount_pid
  mount_ends $mount_pid m
  exec 5<&-
  [ -z "$(ls repo/locks)" ] || fail "SIG$signal left a lock"
done

# A snapshot that is forgotten goes; --no-lock leaves the repository to others.
mount_ours repo m --no-lock
appears 2
[ -z "$(ls repo/locks)" ] || fail "--no-lock locks"
expect 0 "$BEFFROI" vault forget -r repo latest
appears 1
kill -KILL $mount_pid
wait $mount_pid || true
expect 1 "$BEFFROI" vault mount -r repo m
said "fusermount3 -u m"
fusermount3 -u m

# Killed with a lock: it is of a process that is gone, and does not keep the next one out.
mount_ours repo m
kill -KILL $mount_pid
wait $mount_pid || true
[ -n "$(ls repo/locks)" ] || fail "no lock was taken"
fusermount3 -u m
expect 0 "$BEFFROI" vault prune -r repo
mount_ours repo m
cmp tree/file "$(find m/ids -name file)" || fail "after prune"
kill -TERM $mount_pid
mount_ends $mount_pid m
