#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a role that is killed comes back, one after the other, and each loss is in the journal, which stays
# whole; killed at once, all come back too.
# timeout: 300
set -u
# shellcheck source=tests/scenario/lib/watched.sh
. "$SOURCE/tests/scenario/lib/watched.sh"
trap watched_stop EXIT
fail() {
  echo "$*" >&2
  tail -n 20 "$T/guard.log" >&2
  exit 1
}
pid_of() { pgrep -P "$watched_pid" -x "beffroi-$1"; }
# Waits for a process of that role that is not the old one.
comes_back() {
  local now
  for _ in $(seq 300); do
    now=$(pid_of "$1")
    [ -n "$now" ] && [ "$now" != "$2" ] && return 0
    sleep 0.1
  done
  fail "$1 did not come back"
}
answers() {
  for _ in $(seq 300); do
    watched_ready && return 0
    sleep 0.1
  done
  fail "the guard does not answer"
}

mkdir "$T/share"
echo bonjour >"$T/share/lettre.txt"
watched_start "$T/share" || exit 1

for role in scribe judge actor vault api sensor; do
  old=$(pid_of $role)
  kill -KILL "$old"
  comes_back $role "$old"
  answers
done
lost() { "$BEFFROI" journal show --json --state "$T/state" 2>/dev/null; }
for role in scribe judge actor vault api sensor; do
  for i in $(seq 100); do
    lost | grep -F '"role"' | grep -q "\"$role\"" && break
    [ "$i" != 100 ] || fail "the loss of $role is not in the journal: $(lost)"
    sleep 0.1
  done
done

# shellcheck disable=SC2046  # a list of numbers
kill -KILL $(pgrep -P "$watched_pid")
answers
for role in scribe judge actor vault api sensor; do
  pid_of $role >/dev/null || fail "$role did not come back after all were killed"
done
watched_stop
"$BEFFROI" journal verify --remember "$T/remembered" --state "$T/state" >"$T/out" 2>&1 || fail "the journal: $(cat "$T/out")"
exit 0
