#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: --exclude and --include mean for beffroi what they mean for restic, in backup and restore.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

cd "$T"
mkdir -p tree/{a/b/c,cache,src/node_modules/x}
for f in tree/{one.txt,two.bak,a/three.txt,a/b/four.bak,a/b/c/five.txt,cache/six,src/node_modules/x/seven,src/eight.c}; do
  printf '%s' "$f" >"$f"
done
list() { (cd "$1" && find . | sort); }
new_repo repo
for pattern in '*.bak' "$T/tree/a" 'a/**/five.txt' '[ot][nw]*'; do
  rm -rf ro rt
  expect 0 "$BEFFROI" vault backup -r repo --host ours --exclude "$pattern" "$T/tree"
  expect 0 "$BEFFROI" vault restore latest -r repo --host ours --target ro
  expect 0 restic -r repo backup --host theirs --exclude "$pattern" "$T/tree"
  expect 0 restic -r repo restore latest --host theirs --target rt
  [ "$(list ro)" = "$(list rt)" ] || fail "backup --exclude $pattern: $(diff <(list ro) <(list rt))"
  [ "$(list ro | wc -l)" -gt 5 ] || fail "backup --exclude $pattern left everything out"
done
cd "$T"
# A file that is named itself has its own name in the snapshot.
rm -rf ro
expect 0 "$BEFFROI" vault backup -r repo --host one tree/a/b/four.bak
expect 0 "$BEFFROI" vault restore latest -r repo --host one --target ro
cmp ro/tree/a/b/four.bak tree/a/b/four.bak
expect 0 "$BEFFROI" vault backup -r repo --host all tree
for words in 'include *.bak' 'include /tree/a' 'include src/eight.c' 'exclude a/b'; do
  rm -rf ro rt
  expect 0 "$BEFFROI" vault restore latest --host all -r repo --target ro --${words% *} "${words#* }"
  expect 0 restic -r repo restore latest --host all --target rt --${words% *} "${words#* }"
  # Folders on the way to nothing differ between versions; files do not.
  [ "$(cd ro && find . -type f | sort)" = "$(cd rt && find . -type f | sort)" ] || fail "restore --$words"
  [ -n "$(find ro -type f)" ] || fail "restore --$words restored nothing"
done
