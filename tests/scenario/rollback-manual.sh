#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: with `recover: manual` the attack is stopped and the files stay as they are until a person asks for
# the rollback; then all are back, also when the guard was restarted in between.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 120
proof_start recover=manual
rolls_back() { # the incident's number, and a command to do while it waits
  proof_until proof_is "$1" contained
  proof_until proof_stopped "$ATTACKER"
  proof_same && fail "nothing is spoiled"
  $2
  proof_is "$1" contained || fail "the incident is $(proof_state "$1") without anybody's doing"
  proof_same && fail "the files were put back without anybody's doing"
  proof_ask incident rollback "$1" >"$T/out" 2>&1 || fail "rollback: $(cat "$T/out")"
  proof_until proof_is "$1" recovered
  proof_back "$1"
}
restart() {
  watched_stop
  proof_start
}
proof_attack encrypt
rolls_back 1 true
kill -KILL "$ATTACKER"
proof_attack replace
rolls_back 2 restart
kill -KILL "$ATTACKER"
proof_attack delete
rolls_back 3 restart
proof_journal
exit 0
