#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: somebody lets a frozen attacker go by hand, and it cuts or removes files by path, which asks nobody:
# each time it is stopped again, as an incident of its own, and the files are back.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

# The snapshot after a recovery holds what was put back.
snapshot_id() { proof_json status -- 'x["protected"][0]["snapshot"]["id"]'; }
snapshot_is_newer() { [ "$(snapshot_id)" != "$1" ]; }
let_go() {
  echo 0 >"$(proof_cgroup "$1")/cgroup.freeze" || fail "it is not frozen"
  kill -CONT "$1"
}

proof_files 400
proof_start
number=0
for kind in truncate delete; do
  before=$(snapshot_id)
  proof_attack $kind
  proof_until proof_is $((++number)) recovered
  for _ in 1 2; do
    proof_back $number
    proof_until snapshot_is_newer "$before"
    before=$(snapshot_id)
    let_go "$ATTACKER"
    proof_until proof_is $((++number)) recovered
    proof_until proof_stopped "$ATTACKER"
  done
  proof_back $number
  proof_ask incident show $number | grep -q "was let go without a word" || fail "the reason is not told"
  kill -KILL "$ATTACKER"
done
# Let go by the guard in one incident is let go in all: what he does then is weighed like anybody's.
proof_attack truncate
proof_until proof_is $((++number)) recovered
proof_until snapshot_is_newer "$before"
let_go "$ATTACKER"
proof_until proof_is $((++number)) recovered
proof_ask incident release $number >/dev/null || fail "cannot release"
proof_until proof_is $((++number)) recovered
! proof_ask incident show $number | grep "was let go without a word" || fail "it counts as never let go"
proof_journal
exit 0
