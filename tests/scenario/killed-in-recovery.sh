#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the guard is killed with -9, all its processes at once, at several moments of a recovery; a restart
# completes it, every file is back with its metadata, and the journal is whole.
# timeout: 400
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 200
# Waits in small steps for so many records of done steps (0: for the plan).
steps_done() { [ -e "$T/state/incidents/$1/plan" ] && [ "$(stat -c %s "$T/state/incidents/$1/done" 2>/dev/null || echo 0)" -ge "$2" ]; }
promptly() {
  for _ in $(seq 20000); do
    "$@" && return 0
  done
  fail "in vain: $*"
}
# So far along, or done already: a short recovery is over before the kill comes, which is a case too.
far_enough() { steps_done "$1" "$2" || proof_is "$1" recovered; }
plan_ready() { proof_ask incident show "$1" --json | grep -q '"would"'; }
number=0
proof_start recover=manual
for bytes in 0 9 60 200; do
  number=$((number + 1))
  if [ $((number % 2)) = 0 ]; then proof_attack delete; else proof_attack replace; fi
  proof_until proof_is $number contained
  proof_until plan_ready $number
  proof_ask incident rollback $number >/dev/null 2>&1 &
  asked=$!
  promptly far_enough $number $bytes
  proof_kill9
  wait $asked
  kill -KILL "$ATTACKER"
  sed -i 's/recover: manual/recover: auto/' "$T/guard.yaml"
  proof_start
  proof_until proof_is $number recovered
  proof_back $number
  watched_stop
  sed -i 's/recover: auto/recover: manual/' "$T/guard.yaml"
  proof_start
done
proof_journal
exit 0
