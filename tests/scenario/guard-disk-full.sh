#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: while the disk of the state folder is full the guard goes on, says that its journal waits, and once
# there is room again writes everything: the losses that happened meanwhile are in a journal that is whole.
set -u
# shellcheck source=tests/scenario/lib/watched.sh
. "$SOURCE/tests/scenario/lib/watched.sh"
fail() {
  echo "$*" >&2
  tail -n 20 "$T/guard.log" >&2
  exit 1
}
trap watched_stop EXIT

mkdir "$T/share" "$T/state"
echo bonjour >"$T/share/lettre.txt"
mount -t tmpfs -o size=16m,mode=0700 none "$T/state" || exit 1
watched_start "$T/share" || exit 1
entries() { "$BEFFROI" journal show --json --state "$T/state" 2>/dev/null; }
waiting() {
  "$BEFFROI" status --json -c "$T/guard.yaml" 2>/dev/null |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["journal"]["waiting"])' 2>/dev/null
}

dd if=/dev/zero of="$T/state/ballast" bs=64k status=none 2>/dev/null
dd if=/dev/zero of="$T/state/ballast2" bs=1k status=none 2>/dev/null
old=$(pgrep -P "$watched_pid" -x beffroi-vault)
kill -KILL "$old"
for i in $(seq 100); do
  [ "$(waiting)" -gt 0 ] 2>/dev/null && break
  [ "$i" != 100 ] || fail "nothing waits for the journal although its disk is full"
  sleep 0.1
done
kill -0 "$(pgrep -P "$watched_pid" -x beffroi-scribe)" || fail "the scribe has ended"
grep -q "entries wait in memory" "$T/guard.log" || fail "the log does not tell that entries wait"

rm "$T/state/ballast" "$T/state/ballast2"
for i in $(seq 150); do
  [ "$(waiting)" = 0 ] && break
  [ "$i" != 150 ] || fail "entries still wait after there was room again"
  sleep 0.1
done
entries | grep -q '"vault"' || fail "the loss of the vault is not in the journal: $(entries)"
watched_stop
"$BEFFROI" journal verify --remember "$T/remembered" --state "$T/state" >"$T/out" 2>&1 || fail "$(cat "$T/out")"
exit 0
