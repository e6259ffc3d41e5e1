#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: unlock removes the same locks as restic unlock: of dead processes, not of those at work nor of another
# machine; all of them with --remove-all.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
mkdir tree && echo x >tree/file
new_repo repo restic
expect 0 restic -r repo backup tree
locks() { find "$1/locks" -type f -printf '%f\n' | sort; }

expect 0 "$BEFFROI" vault unlock -r repo
grep -q 'no lock' out || fail "there was none: $(cat out)"

# One of a process that was killed here, one of a program that is at work, one of another machine that fell silent just now.
in_use repo
kill -9 "$user"
wait "$user" || true
exec 9>&-
rm input
dead=$(locks repo)
[ -n "$dead" ] || fail "no lock was left behind"
export -f in_use fail
mv "repo/locks/$dead" kept-aside # so that in_use sees the next one
unshare --uts bash -c 'hostname elsewhere; in_use repo; kill -9 $user; wait $user' 2>/dev/null || true
rm -f input
elsewhere=$(locks repo)
[ -n "$elsewhere" ] || fail "no lock of another machine"
mv "repo/locks/$elsewhere" kept-elsewhere
in_use repo
alive=$(locks repo)
cp -a kept-aside "repo/locks/$dead"
cp -a kept-elsewhere "repo/locks/$elsewhere"
[ "$(locks repo | wc -l)" = 3 ] || fail "three locks were wanted: $(locks repo)"
: >"repo/locks/$(printf 'a%.0s' $(seq 64))" # what a full disk leaves

while read -r peer; do
  rm -rf other
  cp -a repo other
  expect 0 "$peer" -r other unlock
  locks other >"left-by-$(basename "$peer")"
done < <(restics)
expect 0 "$BEFFROI" vault unlock -r repo
grep -q 'removed the lock of root on' out || fail "it does not say whose: $(cat out)"
grep -q 'kept the lock of root on elsewhere' out || fail "it does not say what stays: $(cat out)"
for left in left-by-*; do locks repo | diff - "$left" || fail "restic leaves other locks"; done
[ -e "repo/locks/$elsewhere" ] && [ -e "repo/locks/$alive" ] && [ ! -e "repo/locks/$dead" ] || fail "left: $(locks repo)"

# One that cannot be read is named and stays; --remove-all takes it too.
head -c 200 /dev/urandom >"repo/locks/$(printf 'b%.0s' $(seq 64))"
expect 3 "$BEFFROI" vault unlock -r repo
said "damaged"
code=0
"$BEFFROI" vault prune -r repo >out 2>err || code=$?
[ "$code" = 1 ] || [ "$code" = 11 ] || fail "prune ends with $code" # it cannot tell, or it meets the other lock first
expect 0 "$BEFFROI" vault unlock -r repo --remove-all
[ -z "$(locks repo)" ] || fail "left: $(locks repo)"
not_in_use
while read -r peer; do expect 0 "$peer" -r repo check --read-data; done < <(restics)
expect 0 "$BEFFROI" vault prune -r repo

# Half-written objects of writers that are gone go too; a wrong password removes nothing.
touch repo/locks/tmp-00000000-1-0 && touch -d '2 days ago' repo/locks/tmp-00000000-1-0
cp -a kept-aside "repo/locks/$dead"
RESTIC_PASSWORD=wrong expect 12 "$BEFFROI" vault unlock -r repo
[ "$(ls repo/locks | wc -l)" = 2 ] || fail "something was removed without the password"
expect 0 "$BEFFROI" vault unlock -r repo
[ -z "$(ls repo/locks)" ] || fail "left: $(ls repo/locks)"
expect 2 "$BEFFROI" vault unlock -r repo now
