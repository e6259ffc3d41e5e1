#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: restic saves to the vault server, restores and checks what it saved, and can take nothing away; users
# do not reach each other's repositories; beffroi works on the server's folder.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/serve.sh"

user anne
user paul
serve --htpasswd-file "$T/users" --private-repos --prometheus-no-auth --log "$T/requests"

mkdir "$T/tree"
head -c 3000000 /dev/urandom >"$T/tree/data"
printf 'été\n' >"$T/tree/text"

number=0
while read -r restic; do
  number=$((number + 1))
  repo=anne/pc-$number
  remote=rest:$(at anne "$repo/")
  expect 0 "$restic" -r "$remote" init
  answer 403 -u anne:anne-secret --data-binary 'another' "$url$repo/config"
  cheap_key "$T/srv/$repo"
  expect 0 "$restic" -r "$remote" backup "$T/tree"
  printf 'more %s\n' "$number" >>"$T/tree/text"
  expect 0 "$restic" -r "$remote" backup "$T/tree"
  expect 0 "$restic" -r "$remote" check --read-data
  expect 0 "$restic" -r "$remote" restore latest --target "$T/back-$number"
  same_tree "$T/tree" "$T/back-$number$T/tree"

  # Nothing of it can be removed, by whatever name it goes, and restic says so.
  for file in "$T/srv/$repo"/{snapshots,index,keys}/* "$T/srv/$repo"/data/??/* "$T/srv/$repo/config"; do
    path=$(echo "${file#"$T/srv/"}" | sed 's,/data/../,/data/,')
    answer 403 -u anne:anne-secret -X DELETE "$url$path"
    [ -e "$file" ] || fail "$file was removed"
  done
  code=0
  timeout 4 "$restic" -r "$remote" forget latest >"$T/out" 2>"$T/err" || code=$?
  [ "$code" != 0 ] || fail "forget succeeded"
  grep -q '403' "$T/err" "$T/out" || fail "forget was not refused: $(cat "$T/err")"
  answer 200 -u anne:anne-secret -H 'Accept: application/vnd.x.restic.rest.v2' "$url$repo/locks/"
  rm -f "$T/srv/$repo/locks"/* # the one of the forget that was killed

  # The folder is a repository like others, for beffroi and for restic.
  expect 0 "$BEFFROI" vault check --read-data -r "$T/srv/$repo"
  [ "$(ids "$T/srv/$repo" | wc -l)" = 2 ] || fail "not two snapshots"
  expect 0 "$restic" -r "$T/srv/$repo" snapshots
done < <(restics)

# What is not one's own is not reached, nor is its existence told.
answer 403 -u paul:paul-secret "${url}anne/pc-1/config"
answer 403 -u paul:paul-secret "${url}anne/nothing/config"
answer 403 -u paul:paul-secret "${url}anne2/config"
answer 403 -u paul:paul-secret -X POST "${url}?create=true"
answer 401 "${url}anne/pc-1/config"
answer 401 -u anne:paul-secret "${url}anne/pc-1/config"
answer 401 -u nobody:paul-secret "${url}anne/pc-1/config"
answer 200 -u paul:paul-secret -X POST "${url}paul/?create=true"
answer 200 -u paul:paul-secret -X POST "${url}paul/?create=true"

# A user that is added or removed counts without a restart.
sed -i '/^paul:/d' "$T/users"
user eve
for _ in $(seq 60); do
  code=$(curl -s -o /dev/null -w '%{http_code}' -u eve:eve-secret "${url}eve/config")
  [ "$code" != 404 ] || break
  sleep 0.1
done
[ "$code" = 404 ] || fail "the new user is not known: $code"
answer 401 -u paul:paul-secret "${url}paul/config"

# Beffroi is a client as restic is, and its own prune is refused, too.
remote=rest:$(at eve eve/)
cp -a "$T/srv/anne/pc-1" "$T/srv/eve" # the administrator may
expect 0 "$BEFFROI" vault backup -r "$remote" "$T/tree"
expect 0 "$BEFFROI" vault check --read-data -r "$remote"
expect 0 "$BEFFROI" vault restore -r "$remote" latest --target "$T/back-eve"
same_tree "$T/tree" "$T/back-eve$T/tree"
expect 0 restic -r "$remote" check --read-data
expect 1 "$BEFFROI" vault forget -r "$remote" latest
expect 1 "$BEFFROI" vault forget -r "$remote" --by-arrival --keep-last 1
said 'local folder'
[ "$(find "$T/srv/eve/snapshots" -type f | wc -l)" = 3 ] || fail "beffroi forgot a snapshot over the network"
[ -z "$(find "$T/srv/eve/locks" -type f)" ] || fail "beffroi left a lock"

answer 200 "${url}metrics"
for line in 'beffroi_vault_refused_total{reason="append-only"} [1-9]' 'beffroi_vault_refused_total{reason="not-yours"} 4' \
  'beffroi_vault_requests_total{method="POST",code="200"} ' 'beffroi_vault_repository_objects_added_total{repository="anne/pc-1"} ' \
  'beffroi_vault_sealed 0'; do
  grep -q "^$line" "$T/body" || fail "no \"$line\" in the metrics: $(cat "$T/body")"
done
grep -q '"POST /anne/pc-1/config HTTP/1.1" 200' "$T/requests" || fail "the request log: $(head -n 3 "$T/requests")"
! grep -q secret "$T/requests" "$T/serve.log" || fail "a password is in a log"

journaled object-added
journaled repository-created
journaled remove-refused append-only
journaled read-refused not-yours
journaled login-refused login
journaled users-changed
unserve
journaled stopped
journal_intact
nothing_left
