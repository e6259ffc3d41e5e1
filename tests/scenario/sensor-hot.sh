#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the kernel stops asking about a file that is read again and again, asks once more when it was
# changed, when its time is over and when anybody is suspected, and whoever changes it meanwhile loses nothing.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mount_image ext4 64M "$T/disk"
TREE=$T/disk/tree
mkdir "$TREE" "$T/was"

# The inodes about which the kernel does not ask just now.
ignored() { sed -n 's/^fanotify ino:\([0-9a-f]*\) .* ignored_mask:10000 .*/\1/p' "/proc/$SENSOR_PID/fdinfo"/* 2>/dev/null; }
is_hot() { ignored | grep -qx "$(printf %x "$(stat -c %i "$TREE/$1")")"; }
# A file whose version is kept, read until the kernel has stopped asking.
heat() {
  seq 5000 >"$TREE/$1"
  cp "$TREE/$1" "$T/was/"
  until_copied "$1" "$T/was/$1"
  for _ in $(seq 100); do
    python3 -c 'import sys; [open(sys.argv[1]).close() for _ in range(20)]' "$TREE/$1"
    ! is_hot "$1" || return 0
  done
  fail "$1 is not hot"
}
cooled() {
  for _ in $(seq 600); do
    is_hot "$1" || return 0
    sleep 0.05
  done
  fail "$1 stays hot"
}
# Its second writing (after that of heat) kept what it was.
second_kept() {
  await "^\\d+\twritten\t[^\t]*\t\\d+\t[^\t]*\t[^\t]*\t[^\t]*\t\\d+\t$1\t" 2
  lost written "$1" "$T/was/$1"
}
change() { python3 -c "import mmap, os, sys
$1" "$TREE/$2"; }

start_sensor --enforce --condemn-after 60 "$TREE"
heat place
change 'f = open(sys.argv[1], "r+b"); f.write(b"ruin"); f.close()' place
second_kept place
cooled place
heat short
echo short >"$TREE/short"
second_kept short
heat mapped
change 'f = open(sys.argv[1], "r+b"); m = mmap.mmap(f.fileno(), 0); f.close(); m[0:4] = b"ruin"; m.close()' mapped
second_kept mapped
cooled mapped
heat cut
change 'os.truncate(sys.argv[1], 7)' cut
lost truncated cut "$T/was/cut"
! grep -P '\ttruncated\t[^\t]*\t\d+\t[^\t]*\t[^\t]*\t[^\t]*\t\d+\t(place|short|mapped)\t' "$OUT" ||
  fail "a writer's file counts as cut by path"
heat gone
rm "$TREE/gone"
lost deleted gone "$T/was/gone"
heat quiet
cooled quiet # its time is over
more=0
heat last
is_hot last || fail "it is not hot any more"
while [ "$(grep -cP '^\d+\t' "$OUT")" -lt 60 ]; do touch "$TREE/more.$((++more))" && sleep 0.05; done
cooled last # somebody is condemned
for _ in $(seq 20); do cat "$TREE/last" >/dev/null; done
! is_hot last || fail "hot in spite of a suspicion"
[ "$(state_of unkept)" = 0 ] || fail "something was not kept"
