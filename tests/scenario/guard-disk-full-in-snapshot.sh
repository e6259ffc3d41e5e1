#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: when the vault's disk fills up in the middle of a scheduled snapshot the guard says so and what to
# do, undoes an attack all the same, the repository stays whole, and with room again the next snapshot holds everything.
# timeout: 500
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

rs() { restic -r "$T/disk/vault" --password-file "$T/vault.pass" --no-cache "$@"; }
snapshots() { find "$T/disk/vault/snapshots" -type f | wc -l; }
failure() { proof_json status -- 'x["protected"][0]["snapshot_failure"]'; }
failed() { [[ "$(failure)" == *"No space left on device"*"make room where $T/disk/vault lies"* ]]; }
again() { [ "$(snapshots)" -gt 1 ] && [ -z "$(failure)" ]; }
# Refused while the guard holds the repository for a snapshot: then again.
clean() { rs check --read-data >"$T/out" 2>&1; }

mkdir "$T/disk"
mount -t tmpfs -o size=32m,mode=0700 none "$T/disk" || exit 1
proof_files 80
proof_start every=1m vault="$T/disk/vault"
# Room for the lock and a part of what is new, but not for all of it.
head -c $(($(df --output=avail -B1 "$T/disk" | tail -n 1) - 2000000)) /dev/zero >"$T/disk/ballast"
for n in $(seq 8); do head -c 1000000 /dev/urandom >"$SHARE/plan $n.tif"; done
proof_remember
proof_until failed
[ "$(snapshots)" = 1 ] || fail "a snapshot was made without room for it"
proof_ask status | grep -F "The last snapshot of $SHARE failed" >"$T/out" || fail "$(proof_ask status)"

proof_attack encrypt
proof_until proof_is 1 recovered
proof_stopped "$ATTACKER" || fail "it was not stopped"
proof_back 1
kill -KILL "$ATTACKER"
proof_ask incident close 1 >"$T/out" || fail "close: $(cat "$T/out")"
[ "$(snapshots)" = 1 ] || fail "a snapshot was made without room for it"

rm "$T/disk/ballast"
proof_until clean
proof_until again
proof_until clean
rs restore latest --target "$T/restored" >"$T/out" 2>&1 || fail "restic: $(cat "$T/out")"
diff -r "$T/before" "$T/restored$SHARE" >"$T/diff" || fail "the snapshot: $(head "$T/diff")"
proof_journal
exit 0
