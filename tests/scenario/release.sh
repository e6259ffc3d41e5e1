#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: closing an incident leaves the culprit stopped; releasing it lets it go on, with the files as they
# were put back and nothing approved: the same program is stopped again when it harms again.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 360
proof_start
# Many files: until it stands still it skips those that are refused to it.
proof_attack encrypt 300
proof_until proof_is 1 recovered
proof_back 1
proof_ask incident close 1 >"$T/out" 2>&1 || fail "close: $(cat "$T/out")"
proof_is 1 closed || fail "the incident is $(proof_state 1)"
proof_stopped "$ATTACKER" || fail "closing let the culprit go"
proof_ask incident close 1 >"$T/out" 2>&1 && fail "it can be closed twice"
proof_ask incident close 7 >"$T/out" 2>&1 && fail "an incident that is none can be closed"
proof_ask incident release 1 >"$T/out" 2>&1 || fail "release: $(cat "$T/out")"
# It goes on spoiling files, which is a new incident.
proof_until proof_is 2 recovered
proof_stopped "$ATTACKER" || fail "it was not stopped again"
proof_back 2
proof_ask incident release 2 >"$T/out" 2>&1 || fail "release: $(cat "$T/out")"
proof_is 2 closed || fail "the released incident is $(proof_state 2)"
proof_until proof_is 3 recovered
proof_back 3
proof_journal
exit 0
