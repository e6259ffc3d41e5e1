#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a REST server that is killed in the middle of a backup and comes back costs nothing but time; one that
# does not come back ends the backup with an error that says so, and the next backup goes on from what was sent.
set -euo pipefail
source "$SOURCE/tests/scenario/lib/vault.sh"
source "$SOURCE/tests/scenario/lib/rest.sh"
needs_rclone
cd "$T"
mkdir served tree
head -c 40000000 /dev/urandom >tree/large
new_repo served
serve served
repo=rest:$url/

packs() { find served/data -type f -size +1M | wc -l; }
begin() {
  # So slow that the server can be killed before it has all.
  "$BEFFROI" vault backup -r "$repo" --pack-size 4 --limit-upload 12000 "$@" tree >backup.log 2>&1 &
  backup=$!
  local had i
  had=$(packs)
  for i in $(seq 300); do [ "$(packs)" -lt $((had + 2)) ] || return 0; sleep 0.02; done
  fail "no pack came: $(cat backup.log)"
}

begin --tag waited-for
stop_serving
sleep 1
kill -0 "$backup" || fail "the backup did not wait: $(cat backup.log)"
serve_again served
wait "$backup" || fail "the backup ended: $(cat backup.log)"
grep -q 'trying again' backup.log || fail "nothing was told: $(cat backup.log)"
[ "$(grep -c 'trying again' backup.log)" = 1 ] || fail "told more than once: $(cat backup.log)"
expect 0 "$BEFFROI" vault check -r "$repo" --read-data
expect 0 restic -r served --no-cache check --read-data
expect 0 "$BEFFROI" vault restore -r "$repo" latest --target back
cmp tree/large back/tree/large || fail "restored something else"

head -c 40000000 /dev/urandom >tree/large
begin -o retry.time=1s
stop_serving
code=0
wait "$backup" || code=$?
[ "$code" = 1 ] || fail "exit code $code without a server: $(cat backup.log)"
grep -q "$url" backup.log || fail "does not say which server: $(cat backup.log)"
serve_again served
expect 0 "$BEFFROI" vault unlock -r "$repo" --remove-all
[ "$(ids "$repo" | wc -l)" = 1 ] || fail "a snapshot of half a backup"
expect 0 "$BEFFROI" vault backup -r "$repo" tree
expect 0 "$BEFFROI" vault check -r "$repo" --read-data
expect 0 restic -r served --no-cache check --read-data
stop_serving
