#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: what is damaged in a mounted repository gives an error for that file alone and a line in the log
# that names file and blob; and a repository written to do harm neither crashes nor hangs it, nor leads out of it.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/mount.sh"

cd "$T"
mkdir tree
head -c 9000000 /dev/urandom >tree/big
printf 'small' >tree/small
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo tree
pack=$(find repo/data -type f -printf '%s %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
chmod u+w "$pack"
python3 - "$pack" <<'PYTHON'
import sys
with open(sys.argv[1], "r+b") as f: # one bit of what is in the middle
    f.seek(4_000_000); b = f.read(1)[0]; f.seek(4_000_000); f.write(bytes([b ^ 1]))
PYTHON
mount_ours repo m
expect 1 cat m/snapshots/latest/tree/big
said "Input/output error"
cat m/snapshots/latest/tree/big >got 2>/dev/null || true
cmp -n "$(stat -c %s got)" got tree/big || fail "wrong bytes were given"
[ "$(cat m/snapshots/latest/tree/small)" = small ] || fail "the undamaged file cannot be read"
tail -c 100000 tree/big | cmp - <(tail -c 100000 m/snapshots/latest/tree/big) || fail "what is behind the damage cannot be read"
logged "/tree/big: blob "
logged "$(basename "$pack")"
[ "$(grep -c /tree/big mount.log)" -le 3 ] || fail "the same is said again and again: $(cat mount.log)"
kill -TERM $mount_pid
mount_ends $mount_pid m

# The pack of the folders.
pack=$(find repo/data -type f -printf '%s %p\n' | sort -n | sed -n 1p | cut -d' ' -f2-)
rm -f "$pack"
mount_ours repo m
expect 2 ls m/snapshots/latest/
said "Input/output error"
logged "$(basename "$pack")"
[ -d m/ids ] || fail "the rest is not there any more"
kill -TERM $mount_pid
mount_ends $mount_pid m

"$BUILD/tests/tools/hostile_repository" hostile
mount_ours hostile m
[ "$(ls -A m/hosts)" = .._.._.._etc ] || fail "the host: $(ls -A m/hosts)"
[ "$(ls m/tags)" = "$(printf '_\n__\na_b')" ] || fail "the tags: $(ls m/tags)"
top=m/snapshots/latest
for folder in dot endless slash twice up nowhere; do
  expect 2 ls $top/$folder/
  said "Input/output error"
done
logged "$(readlink m/snapshots/latest)/twice/: "
[ "$(cat $top/files/good)" = good ] || fail "the good file among the bad"
[ "$(cat $top/files/chunks)" = good ] || fail "a file with a hundred thousand empty chunks"
for file in larger largest smaller missing; do
  expect 1 timeout 20 cat "$top/files/$file"
  said "Input/output error"
  [ ! -s out ] || fail "$file gave bytes: $(head -c 100 out)"
done
logged "/files/missing: the repository"
[ -n "$(find $top/files/ -name 'odd*')" ] || fail "a name with a line in it"
expect 1 cat $top/files/kind
[ -z "$(find $top/files/ -name 'nnn*')" ] || fail "a name that no kernel takes"
# A folder that holds itself, in effect: as deep as it may be, and no deeper; and a program that never comes to an end
# with it does not fill the memory.
python3 - "$top/bomb" <<'PYTHON'
import errno, os, sys
here, depth = os.open(sys.argv[1], os.O_RDONLY), 0
try:
    while True:
        below = os.open("a", os.O_RDONLY | os.O_DIRECTORY, dir_fd=here)
        os.close(here)
        here, depth = below, depth + 1
except OSError as e:
    assert e.errno == errno.ELOOP and 100 < depth < 520, (depth, e)
PYTHON
timeout 3 find $top/bomb >/dev/null 2>&1 || true
[ "$(wc -c <mount.log)" -lt 200000 ] || fail "the log grows without end"
rss=$(awk '/^VmRSS/ { print $2 }' /proc/$mount_pid/status)
[ -n "${BEFFROI_SANITIZED:-}" ] || [ "$rss" -lt 300000 ] || fail "$rss KB of memory"
kill -TERM $mount_pid
mount_ends $mount_pid m
