#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the wall clock is set back an hour while an attack is dealt with, between two attacks, and while the
# guard is away in the middle of one: each is undone as an incident of its own, and the journal tells of the clock.
# sanitizer: no, the library that moves the clock stands before theirs
# timeout: 400
set -u
# shellcheck source=tests/scenario/lib/clock.sh
. "$SOURCE/tests/scenario/lib/clock.sh"
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

show() { proof_ask incident show "$1" >"$T/out" 2>&1 && grep -q python3 "$T/out" || fail "show $1: $(cat "$T/out")"; }
waits() { proof_is 3 open; }

proof_files 200
clock_ahead 3600
proof_start
proof_attack encrypt
proof_until proof_count 1
clock_ahead 0
proof_until proof_is 1 recovered
proof_back 1
kill -KILL "$ATTACKER"
proof_attack delete
proof_until proof_is 2 recovered
proof_back 2
kill -KILL "$ATTACKER"
clock_ahead 3600
proof_kill9
proof_start

# An actor that does not answer, and nobody who starts another: the third incident is told and nothing of it is done.
kill -STOP "$watched_pid" "$(pgrep -P "$watched_pid" -x beffroi-actor)"
proof_attack encrypt
proof_until waits
kill -STOP "$ATTACKER" # nobody attacks while nobody watches: that is another matter
proof_kill9
clock_ahead 0
proof_start
proof_until proof_is 3 recovered
proof_back 3
kill -KILL "$ATTACKER"
proof_count 3 || fail "$(proof_ask incident list)"
for number in 1 2 3; do show $number; done
proof_journal
grep -i clock "$T/verified" || fail "no word of the clock: $(cat "$T/verified")"
exit 0
