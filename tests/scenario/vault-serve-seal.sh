#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a sealed vault takes and gives up nothing, at once and after a restart, and restores go on; a lock is
# removed by whoever put it there, and by others once it is stale by the server's clock.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/serve.sh"

user anne
user paul
serve --htpasswd-file "$T/users" # one repository that both may use
remote=rest:$(at anne)
mkdir "$T/tree"
head -c 200000 /dev/urandom >"$T/tree/data"
expect 0 restic -r "$remote" init
cheap_key "$T/srv"
expect 0 restic -r "$remote" backup "$T/tree"

# Locks. The owner is remembered through a restart.
lock() { # lock USER: one of random bytes
  object 100
  answer 200 -u "$1:$1-secret" --data-binary "@$T/object" "${url}locks/$id"
}
lock anne
answer 403 -u paul:paul-secret -X DELETE "${url}locks/$id"
unserve
serve --htpasswd-file "$T/users"
remote=rest:$(at anne)
answer 403 -u paul:paul-secret -X DELETE "${url}locks/$id"
answer 200 -u anne:anne-secret -X DELETE "${url}locks/$id"
answer 404 -u anne:anne-secret -X DELETE "${url}locks/$id"
lock anne
touch -d '29 minutes ago' "$T/srv/locks/$id"
answer 403 -u paul:paul-secret -X DELETE "${url}locks/$id"
touch -d '31 minutes ago' "$T/srv/locks/$id"
answer 200 -u paul:paul-secret -X DELETE "${url}locks/$id"
lock anne
touch -d '1 hour' "$T/srv/locks/$id" # from the future: not stale
answer 403 -u paul:paul-secret -X DELETE "${url}locks/$id"
cp "$T/object" "$T/mine"
lock anne
[ "$(find "$T/srv/.beffroi/locks" -type f | wc -l)" = 2 ] || fail "owners: $(ls "$T/srv/.beffroi/locks")"
rm "$T/srv/locks/$id" # the administrator may
unserve
serve --htpasswd-file "$T/users"
remote=rest:$(at anne)
[ "$(find "$T/srv/.beffroi/locks" -type f | wc -l)" = 1 ] || fail "owners of locks that are gone stay"
id=$(sha256sum "$T/mine" | cut -d ' ' -f 1)
journaled remove-refused lock-of-another

# The seal, while an upload is on its way.
object 2000000
upload=$id
curl -s --limit-rate 800k -u anne:anne-secret --data-binary "@$T/object" -H 'Expect:' -o "$T/late" -w '%{http_code}' "${url}data/$upload" >"$T/late.code" &
late=$!
sleep 0.7
expect 0 "$BEFFROI" vault serve --path "$T/srv" --seal
expect 0 "$BEFFROI" vault serve --path "$T/srv" --seal
grep -q 'already' "$T/out" || fail "sealed twice: $(cat "$T/out")"
wait $late
[ "$(cat "$T/late.code")" = 403 ] || fail "an upload was finished under seal: $(cat "$T/late.code")"
[ ! -e "$T/srv/data/${upload:0:2}/$upload" ] || fail "an upload was kept under seal"
refuses_all() {
  answer 403 -u anne:anne-secret --data-binary "@$T/object" "${url}data/$upload"
  grep -q 'sealed' "$T/body" || fail "not told why: $(cat "$T/body")"
  answer 403 -u anne:anne-secret -X DELETE "${url}locks/$id"
  answer 403 -u anne:anne-secret --data-binary x "${url}locks/$id"
  answer 403 -u anne:anne-secret -X POST "${url}new/?create=true"
  [ ! -e "$T/srv/new" ] || fail "a repository was made under seal"
}
refuses_all
while read -r restic; do
  rm -rf "$T/back"
  expect 0 "$restic" -r "$remote" restore latest --no-lock --target "$T/back"
  same_tree "$T/tree" "$T/back$T/tree"
done < <(restics)
journaled sealed
unserve
serve --htpasswd-file "$T/users" --no-append-only
refuses_all
journaled started-sealed
expect 0 "$BEFFROI" vault serve --path "$T/srv" --unseal
expect 0 "$BEFFROI" vault serve --path "$T/srv" --unseal
answer 200 -u anne:anne-secret --data-binary "@$T/object" "${url}data/$upload"
journaled unsealed
# A file that somebody puts there is as good.
touch "$T/srv/.beffroi/sealed"
refuses_all
rm "$T/srv/.beffroi/sealed"
# This server lets its clients remove things: restic can forget and prune.
rm -f "$T/srv/locks"/*
remote=rest:$(at anne)
printf more >"$T/tree/more"
expect 0 restic -r "$remote" backup "$T/tree"
expect 0 restic -r "$remote" forget --keep-last 1 --prune
expect 0 restic -r "$remote" check --read-data
answer 403 -u anne:anne-secret -X DELETE "${url}config"
unserve
# A server that does not run is sealed, too, and the journal tells of it.
expect 0 "$BEFFROI" vault serve --path "$T/srv" --seal
"$BEFFROI" journal show --state "$T/srv/.beffroi" | tail -n 1 | grep -q ' sealed' || fail "the last entry is not of the seal"
expect 1 "$BEFFROI" vault serve --path "$T/nowhere" --seal
said "--path"
journal_intact
nothing_left
