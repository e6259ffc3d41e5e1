#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the guard keeps its vault behind a REST server that only lets add: it makes the repository there, takes
# snapshots, undoes an attack from them, and says so when the server is gone. The user's password stands in a file.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"
if [ -z "${RCLONE_NEW:-}" ]; then echo "skipped: no rclone (RCLONE_NEW)"; exit 77; fi

serve() {
  "$RCLONE_NEW" --config "$T/rclone.conf" serve restic --append-only --user mairie --pass s3cret --addr "$1" "$T/served" >"$T/rclone.out" 2>&1 &
  served=$!
  proof_pids+=("$served")
  proof_until grep -q Serving "$T/rclone.out"
  port=$(sed -n 's/.*127.0.0.1:\([0-9]*\)\/\].*/\1/p' "$T/rclone.out")
}
snapshots() { find "$T/served/snapshots" -type f | wc -l; }
closed() { [ "$(proof_json status -- 'x["vault"]["state"]')" = closed ]; }

mkdir "$T/served"
serve 127.0.0.1:0
proof_files 80
proof_config "vault=rest:http://localhost:$port/"
sed -i "s|^  password-file:.*|&\n  server-user: mairie\n  server-password-file: $T/server.pass|" "$T/guard.yaml"
printf 's3cret\n' >"$T/server.pass"
chmod 400 "$T/server.pass"
proof_start
[ "$(snapshots)" = 1 ] || fail "$(snapshots) snapshots"
[ -e "$T/state/cache/CACHEDIR.TAG" ] || fail "no cache in the state folder"
! grep -q s3cret "$T/guard.log" || fail "the log shows the password"

proof_attack encrypt
proof_until proof_is 1 recovered
proof_stopped "$ATTACKER" || fail "it was not stopped"
proof_back 1
kill -KILL "$ATTACKER"
proof_ask incident show 1 | grep "fetched from the vault" >/dev/null || fail "nothing came from the server: $(proof_ask incident show 1)"
proof_ask incident close 1 >"$T/out" || fail "close: $(cat "$T/out")"
restic -r "$T/served" --password-file "$T/vault.pass" --no-cache check >"$T/out" 2>&1 || fail "restic: $(cat "$T/out")"
restic -r "$T/served" --password-file "$T/vault.pass" --no-cache restore latest --target "$T/restored" >"$T/out" 2>&1 || fail "restic: $(cat "$T/out")"
diff -r "$T/before" "$T/restored$SHARE" >"$T/diff" || fail "the snapshot: $(head "$T/diff")"

# Started while the server is away, it guards, and says what is wrong.
watched_stop
kill -KILL "$served"
"$BEFFROI" guard -c "$T/guard.yaml" >>"$T/guard.log" 2>&1 &
watched_pid=$!
proof_until closed
proof_ask status >"$T/out"
grep -qF "localhost:$port" "$T/out" || fail "status does not say which server: $(cat "$T/out")"

# A password in the address would be read by everybody who reads the configuration.
sed "s|rest:http://|rest:http://mairie:s3cret@|" "$T/guard.yaml" >"$T/wrong.yaml"
! "$BEFFROI" guard -c "$T/wrong.yaml" --check-config >"$T/out" 2>&1 || fail "taken: $(cat "$T/out")"
grep -q server-password-file "$T/out" || fail "says: $(cat "$T/out")"
exit 0
