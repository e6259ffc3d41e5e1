#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a guard whose password file holds a wrong password says so and what to do, guards on and undoes an
# attack; started again with the right password it makes snapshots of what was put back.
# timeout: 400
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

closed() { [ "$(proof_json status -- 'x["guard"]["sensors"][0]["state"] == "watching" and x["vault"]["state"] == "closed" and x["vault"]["text"] != ""')" = True ]; }
snapshots() { find "$T/vault/snapshots" -type f | wc -l; }
password() { printf '%s\n' "$1" >"$T/new.pass" && mv -f "$T/new.pass" "$T/vault.pass"; }

# The vault is made under another folder, so that it holds nothing of this one.
proof_files 80
mv "$SHARE" "$T/kept" && mkdir "$SHARE"
proof_start
[ "$(snapshots)" = 1 ] || fail "the vault was not made"
watched_stop
rmdir "$SHARE" && mv "$T/kept" "$SHARE"
rm -r "$T/state"
password "une phrase fausse"

start_closed() {
  "$BEFFROI" guard -c "$T/guard.yaml" >>"$T/guard.log" 2>&1 &
  watched_pid=$!
  proof_until closed
}
start_closed
for words in "wrong password" "$T/vault.pass" "$T/vault"; do
  proof_ask status | grep -F "$words" >/dev/null || fail "status does not say $words: $(proof_ask status)"
  grep -F "$words" "$T/guard.log" >/dev/null || fail "the log does not say $words"
done
proof_attack encrypt
proof_until proof_is 1 recovered
proof_stopped "$ATTACKER" || fail "it was not stopped"
proof_back 1
kill -KILL "$ATTACKER"
proof_ask incident close 1 >"$T/out" || fail "close: $(cat "$T/out")"
[ "$(snapshots)" = 1 ] || fail "a snapshot was made with a wrong password"

watched_stop
password "une phrase secrete"
proof_start
[ "$(snapshots)" = 2 ] || fail "$(snapshots) snapshots"
restic -r "$T/vault" --password-file "$T/vault.pass" --no-cache restore latest --target "$T/restored" >"$T/out" 2>&1 || fail "restic: $(cat "$T/out")"
diff -r "$T/before" "$T/restored$SHARE" >"$T/diff" || fail "the snapshot: $(head "$T/diff")"
proof_journal
exit 0
