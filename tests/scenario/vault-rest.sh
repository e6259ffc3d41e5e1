#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: behind a REST server (rclone's) a repository is as in a folder: what Beffroi writes restic reads, and the
# other way; copies go both ways; who is not known is refused, what only adds stays, and both programs share one cache.
set -euo pipefail
source "$SOURCE/tests/scenario/lib/vault.sh"
source "$SOURCE/tests/scenario/lib/rest.sh"
needs_rclone
needs_newest
cd "$T"
mkdir served tree
make_tree tree

# The folder is made through the server, which wants a name and a password, and lets nobody remove.
export RESTIC_REST_USERNAME=anne RESTIC_REST_PASSWORD=s3cret
serve served --append-only --user anne --pass s3cret
repo=rest:$url/
expect 0 "$BEFFROI" vault init -r "$repo"
cheap_key served
expect 1 "$BEFFROI" vault init -r "$repo"
said "already holds a repository"

# Ours through the server, read by restic: through the server, and in the folder.
expect 0 "$BEFFROI" vault backup -r "$repo" tree
expect 0 "$RESTIC_NEW" -r "$repo" check --read-data
expect 0 "$RESTIC_NEW" -r "$repo" restore latest --target by-restic
same_tree tree by-restic/tree
expect 0 restic -r served --no-cache check

# Theirs through the server, read by us.
echo more >tree/more
expect 0 "$RESTIC_NEW" -r "$repo" backup tree
expect 0 "$BEFFROI" vault check -r "$repo" --read-data
expect 0 "$BEFFROI" vault restore -r "$repo" latest --target by-us
same_tree tree by-us/tree
expect 0 "$BEFFROI" vault backup -r "$repo" tree
grep -q '1 unmodified\|0 new, 0 changed' out || fail "restic's snapshot was not the parent: $(cat out)"
[ -z "$(ls served/locks)" ] || fail "locks were left"

# Nothing can be removed.
expect 1 "$BEFFROI" vault forget -r "$repo" latest
said "status 403"
said "only lets add"
[ "$(ids "$repo" | wc -l)" = 3 ] || fail "a snapshot is gone"

# Both share the cache; what is damaged in it, or gone from the repository, does no harm.
cached=$(find cache -path '*/data/*' -type f | head -n 1)
[ -n "$cached" ] || fail "no folders in the cache"
find cache -type f -size +200c -exec chmod u+w {} + -exec dd if=/dev/urandom of={} bs=1 seek=100 count=20 conv=notrunc status=none \;
mkdir -p "$(dirname "$(dirname "$cached")")/00"
stray=$(dirname "$(dirname "$cached")")/00/$(printf '0%.0s' $(seq 64))
echo stray >"$stray"
expect 0 "$BEFFROI" vault ls -r "$repo" latest
expect 0 "$RESTIC_NEW" -r "$repo" ls latest
[ ! -e "$stray" ] || fail "a pack that is gone stays in the cache"
expect 0 "$BEFFROI" vault snapshots -r "$repo" --cache-dir other-cache
[ -e other-cache/CACHEDIR.TAG ] || fail "--cache-dir was not used"
expect 0 "$BEFFROI" vault snapshots -r "$repo" --cache-dir third-cache --no-cache
[ ! -e third-cache ] || fail "--no-cache has a cache"

# Copies in both directions, and a mount.
expect 0 "$BEFFROI" vault init -r here --from-repo "$repo" --from-password-file <(echo "$RESTIC_PASSWORD") --copy-chunker-params
cheap_key here
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
expect 0 "$BEFFROI" vault copy -r here --from-repo "$repo" latest
expect 0 restic -r here --no-cache check --read-data
mkdir empty
expect 0 "$BEFFROI" vault backup -r here empty
expect 0 "$BEFFROI" vault copy -r "$repo" --from-repo here --limit-upload 100000 --limit-download 100000
[ "$(ids "$repo" | wc -l)" = 4 ] || fail "the copy did not arrive"
mkdir seen
"$BEFFROI" vault mount -r "$repo" seen >mount.log 2>&1 &
mounted=$!
for _ in $(seq 100); do mountpoint -q seen && break; sleep 0.1; done
cmp "seen/ids/$(ids "$repo" | sed -n '3p' | cut -c1-8)/tree/several-chunks" tree/several-chunks || fail "mounted: $(cat mount.log)"
fusermount3 -u seen
wait "$mounted"

# Wrong words: said, and no password in them.
RESTIC_REST_PASSWORD=wr0ng expect 1 "$BEFFROI" vault snapshots -r "$repo"
said "does not know this user"
expect 1 "$BEFFROI" vault snapshots -r "rest:${url/:\/\//:\/\/anne:wr0ng@}/"
! grep -q wr0ng err || fail "the password is shown: $(cat err)"
RESTIC_REST_USERNAME='' RESTIC_REST_PASSWORD='' expect 0 "$BEFFROI" vault snapshots -r "rest:${url/:\/\//:\/\/anne:s3cret@}/"
expect 10 "$BEFFROI" vault snapshots -r "rest:$url/nowhere/"
said "is not a repository"
expect 1 "$BEFFROI" vault snapshots -r "$repo" -o rest.conections=3
said "there is no such option"
expect 1 "$BEFFROI" vault snapshots -r rest:ftp://host/
said "begins neither with"
stop_serving

# Nobody there: said at once. A socket of this machine instead of a port.
expect 1 "$BEFFROI" vault snapshots -r "$repo"
said "HEAD $url/config"
address=unix://$T/rest.sock "$RCLONE_NEW" --config rclone.conf serve restic --addr "unix://$T/rest.sock" served >rclone.out 2>&1 &
served=$!
for _ in $(seq 100); do [ -S rest.sock ] && break; sleep 0.1; done
expect 0 "$BEFFROI" vault snapshots -r "rest:http+unix://$T/rest.sock:/"
expect 0 "$BEFFROI" vault forget -r "rest:http+unix://$T/rest.sock:/" --keep-last 1 --prune
expect 0 "$RESTIC_NEW" -r "rest:http+unix://$T/rest.sock:/" check
stop_serving
