#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a backup killed with -9 at any moment leaves a repository without damage, and the next backup works.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

cd "$T"
mkdir tree
for i in $(seq 40); do head -c 3000000 /dev/urandom >tree/file$i; done
new_repo repo
killed=0
for round in $(seq 12); do
  "$BEFFROI" vault backup -r repo tree >/dev/null 2>&1 &
  pid=$!
  sleep "0.$((40 + round * 5))"
  kill -9 "$pid" 2>/dev/null && killed=$((killed + 1))
  wait "$pid" 2>/dev/null || true
  expect 0 "$BEFFROI" vault check --read-data -r repo
  [ "$(ls repo/snapshots | wc -l)" = 0 ] || rm -f repo/snapshots/*
done
[ "$killed" -gt 3 ] || fail "only $killed backups were killed at work"
# What a writer that was killed leaves goes; what another host may still be writing stays, for a day.
touch repo/locks/tmp-00000000-1-0 repo/data/00/tmp-00000000-1-1
touch -d '2 days ago' repo/data/00/tmp-00000000-1-1
expect 0 "$BEFFROI" vault backup -r repo tree
[ "$(cd repo && find . -name 'tmp-*')" = ./locks/tmp-00000000-1-0 ] || fail "half-written objects are left: $(find repo -name 'tmp-*')"
rm repo/locks/tmp-*
[ -z "$(ls repo/locks)" ] || fail "locks of killed backups are left"
expect 0 restic -r repo check --read-data
expect 0 "$BEFFROI" vault restore latest -r repo --target restored
same_tree tree restored/tree
