#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a process tree that keeps forking is frozen whole, stays so against a SIGCONT, and continues where it was
# when the freeze is undone; what was stopped before stays stopped.
set -euo pipefail
hand=$BUILD/tests/tools/hand
mkdir "$T/state"
fail() { echo "FAILED: $*" >&2; exit 1; }
cat >"$T/tree" <<'TREE'
sleep 300 & echo $! >"$1/sleeper"
worker() { while :; do (echo x >>"$1/work") ; done; }
for _ in 1 2 3; do worker "$1" & done
wait
TREE
setsid bash "$T/tree" "$T" &
root=$!
trap '"$hand" thaw "$T/state" $root >/dev/null 2>&1; kill -KILL -- -$root 2>/dev/null || true' EXIT
for _ in $(seq 100); do [ -s "$T/work" ] && [ -s "$T/sleeper" ] && break; sleep 0.05; done
kill -STOP "$(cat "$T/sleeper")"
"$hand" freeze "$T/state" $root || fail "freeze"
one=$(stat -c %s "$T/work")
sleep 0.3
[ "$(stat -c %s "$T/work")" = "$one" ] || fail "something of the tree still works"
for pid in $(pgrep -g $root); do kill -CONT "$pid"; done
sleep 0.3
if grep -q ' - cgroup2 ' /proc/self/mountinfo; then
  [ "$(stat -c %s "$T/work")" = "$one" ] || fail "a SIGCONT woke it up"
fi
"$hand" thaw "$T/state" $root || fail "thaw"
for _ in $(seq 100); do [ "$(stat -c %s "$T/work")" -gt "$one" ] && break; sleep 0.05; done
[ "$(stat -c %s "$T/work")" -gt "$one" ] || fail "it does not continue"
"$hand" freeze "$T/state" 1 && fail "process 1 was frozen"
"$hand" freeze "$T/state" 999999999 || fail "a process that is gone is no failure"
[ ! -d "$(awk '/ - cgroup2 /{print $5}' /proc/self/mountinfo)/beffroi.freeze/1-$root" ] || fail "the control group is left"
