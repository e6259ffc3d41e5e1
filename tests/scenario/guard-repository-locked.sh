#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: while restic holds the repository for itself the guard says which program does and what to do, and
# undoes an attack all the same; once the lock is gone it makes snapshots again.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

rs() { restic -r "$T/vault" --password-file "$T/vault.pass" --no-cache "$@"; }
# A lock under its own name; what is still being written has another.
locks() { find "$T/vault/locks" -type f -regex '.*/[0-9a-f]+' | wc -l; }
failure() { proof_json status -- 'x["protected"][0]["snapshot_failure"]'; }
failed() { [[ "$(failure)" == *"process $restic, exclusively"* ]]; }
snapshots() { find "$T/vault/snapshots" -type f | wc -l; }
again() { [ "$(snapshots)" -gt "$before" ] && [ -z "$(failure)" ]; }

proof_files 80
proof_start every=1m
# Pruning what is not there any more, stopped as soon as it has the repository for itself.
rs backup --quiet /etc/passwd && rs forget --quiet --keep-last 1 --path /etc >"$T/out" || fail "restic: $(cat "$T/out")"
restic -r "$T/vault" --password-file "$T/vault.pass" --no-cache prune --max-unused 0 >"$T/prune" 2>&1 &
restic=$!
proof_pids+=("$restic")
for _ in $(seq 5000); do
  if [ "$(locks)" -gt 0 ]; then
    kill -STOP "$restic"
    break
  fi
done
[ "$(locks)" = 1 ] || fail "the lock was not caught: $(cat "$T/prune")"

proof_attack encrypt
proof_until proof_is 1 recovered
proof_back 1
kill -KILL "$ATTACKER"
proof_ask incident close 1 >"$T/out" || fail "close: $(cat "$T/out")"
before=$(snapshots)
proof_until failed
proof_ask status >"$T/out"
for words in "The last snapshot of $SHARE failed" "locked by root on $(hostname)" "beffroi vault unlock -r $T/vault"; do
  grep -F "$words" "$T/out" >/dev/null || fail "status does not say \"$words\": $(cat "$T/out")"
done
[ "$(proof_json status -- 'x["guard"]["running"] and x["vault"]["state"] == "open"')" = True ] || fail "$(proof_ask status)"

# Dead, it leaves its lock behind.
kill -KILL "$restic"
wait "$restic" 2>/dev/null
[ "$(locks)" = 1 ] || fail "the dead program's lock is gone before anybody removed it"
rs unlock >"$T/out" 2>&1 || fail "unlock: $(cat "$T/out")"
proof_until again
rs check --read-data >"$T/out" 2>&1 || fail "restic check: $(cat "$T/out")"
proof_journal
exit 0
