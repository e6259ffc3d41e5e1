#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a role that is killed during an attack comes back, the attack is stopped, and every file is back:
# the judge, the actor and the vault, one after the other.
# timeout: 400
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 200
proof_start
spoiled() { [ -s "$T/progress" ]; }
number=0
for role in actor vault judge; do
  number=$((number + 1))
  rm -f "$T/progress"
  proof_attack encrypt
  for _ in $(seq 10000); do
    spoiled && break
    sleep 0.001
  done
  kill -KILL "$(pgrep -P "$watched_pid" -x "beffroi-$role")"
  proof_until proof_is $number recovered
  proof_finished && fail "the attack was not stopped when the $role died"
  proof_back $number
  kill -KILL "$ATTACKER"
done
proof_journal
exit 0
