#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: an attack comes while a snapshot of the same folder is under way: everything is put back, also when
# that snapshot has spoiled files in it, and the one made after the recovery holds the good bytes.
# timeout: 400
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

rs() { restic -r "$T/vault" --password-file "$T/vault.pass" --no-cache "$@"; }
snapshots() { find "$T/vault/snapshots" -type f -regex '.*/[0-9a-f]+' | wc -l; }
idle() { [ "$(proof_json status -- 'x["protected"][0]["snapshot_running"]')" = False ]; }
more_than() { [ "$(snapshots)" -gt "$1" ] && idle; }
watching() { [ "$(proof_json status -- 'x["guard"]["sensors"][0]["state"]')" = watching ]; }
# The vault's worker, stopped as soon as it has its lock: it reads the large file first.
catch_worker() {
  local vault
  vault=$(pgrep -P "$watched_pid" -x beffroi-vault) || return 1
  read -r worker < <(cat /proc/"$vault"/task/*/children; echo)
  [ -n "$worker" ] && [ -n "$(find "$T/vault/locks" -type f -regex '.*/[0-9a-f]+')" ] && kill -STOP "$worker"
}
start_in_snapshot() {
  head -c 120000000 /dev/urandom >"$SHARE/archives.zip"
  proof_remember
  "$BEFFROI" guard -c "$T/guard.yaml" >>"$T/guard.log" 2>&1 &
  watched_pid=$!
  for _ in $(seq 5000); do catch_worker && break; done
  proof_until watching
  grep -q '^State:.*stopped' "/proc/${worker:-none}/status" || fail "the snapshot was not caught"
}
# The newest snapshot is restored and compared, the whole repository read.
good_snapshot() {
  rm -rf "$T/restored"
  rs restore latest --target "$T/restored" >"$T/out" 2>&1 || fail "restic: $(cat "$T/out")"
  diff -r "$T/before" "$T/restored$SHARE" >"$T/diff" || fail "the snapshot: $(head "$T/diff")"
  rs check --read-data >"$T/out" 2>&1 || fail "restic check: $(cat "$T/out")"
}

proof_files 120
proof_config
start_in_snapshot
proof_attack encrypt
proof_until proof_is 1 recovered
proof_back 1
kill -KILL "$ATTACKER"
kill -CONT "$worker"
proof_until more_than 1
good_snapshot
watched_stop

# Now it waits for a person, and the snapshot reads what is spoiled.
count=$(snapshots)
proof_config recover=manual
start_in_snapshot
proof_attack encrypt
proof_until proof_is 2 contained
kill -CONT "$worker"
proof_until more_than "$count"
proof_ask incident rollback 2 >"$T/out" 2>&1 || fail "rollback: $(cat "$T/out")"
proof_until proof_is 2 recovered
proof_back 2
kill -KILL "$ATTACKER"
proof_until more_than $((count + 1))
good_snapshot
proof_attack replace
proof_until proof_is 3 contained
proof_ask incident rollback 3 >"$T/out" 2>&1 || fail "rollback: $(cat "$T/out")"
proof_until proof_is 3 recovered
proof_back 3
kill -KILL "$ATTACKER"
proof_journal
exit 0
