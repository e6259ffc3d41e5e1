#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: an exclusive lock of restic is honored, with its holder named; a shared one is not in the way; locks
# of dead processes are passed over and removed; restic sees and honors ours.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

cd "$T"
# A lock that stands under its own name; its temporary one does not count yet.
# shellcheck disable=SC2010 # find has no such pattern
locked() { ls repo/locks | grep -qE '^[0-9a-f]{64}$'; }
mkdir tree && printf 'x' >tree/file
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo tree

# A restic that is stopped while it holds its lock: reading its input from a pipe that stays open.
mkfifo input
restic -r repo backup --stdin <input >restic.log 2>&1 &
shared=$!
exec 9>input
for _ in $(seq 100); do locked && break; sleep 0.1; done
locked || fail "restic took no lock"
expect 0 "$BEFFROI" vault backup -r repo tree
[ "$(ls repo/locks | wc -l)" = 1 ] || fail "our lock stayed behind, or restic's was removed"
printf "x" >&9
exec 9>&-
wait "$shared"

# An exclusive lock: prune, stopped as soon as its lock stands.
restic -r repo forget --keep-last 1 >forget.log 2>&1
restic -r repo prune --max-unused 0 >prune.log 2>&1 &
exclusive=$!
for _ in $(seq 2000); do
  locked && kill -STOP "$exclusive" && break
  kill -0 "$exclusive" 2>/dev/null || break
done
locked || fail "the exclusive lock was not caught"
expect 11 "$BEFFROI" vault backup -r repo tree
said "locked by root on $(hostname)"
said "process $exclusive, exclusively"
said "unlock"
expect 11 "$BEFFROI" vault check -r repo
said "locked by"
expect 0 "$BEFFROI" vault check --no-lock -r repo
[ "$(ls repo/locks | wc -l)" = 1 ] || fail "our own lock stayed behind"
# Its process killed: the lock is stale at once.
kill -9 "$exclusive"
wait "$exclusive" 2>/dev/null || true
expect 0 "$BEFFROI" vault backup -r repo tree
[ -z "$(ls repo/locks)" ] || fail "locks are left: $(ls repo/locks)"

# Ours, seen by restic: a backup that is stopped in its middle.
head -c 80000000 /dev/urandom >tree/large
"$BEFFROI" vault backup -r repo tree >/dev/null 2>&1 &
ours=$!
for _ in $(seq 2000); do
  locked && kill -STOP "$ours" && break
done
locked || fail "our lock was not caught"
expect 0 restic -r repo list locks
grep -q . out || fail "restic does not see our lock"
expect 1 restic -r repo prune
grep -q "already locked" err || fail "restic does not honor our lock: $(cat err)"
kill -CONT "$ours"
wait "$ours"
[ -z "$(ls repo/locks)" ] || fail "our lock is left"
expect 0 restic -r repo check --read-data

# What a full disk leaves of a lock is passed over.
: >"repo/locks/$(printf 'a%.0s' $(seq 64))"
expect 0 "$BEFFROI" vault check -r repo
