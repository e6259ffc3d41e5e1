#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: in observe mode nobody is stopped and no file is touched; the incident tells what would have been done.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 60
proof_start mode=observe
proof_attack encrypt
wait "$ATTACKER" || fail "the program did not come to its end: $?"
proof_finished || fail "the program did not come to its end"
proof_until proof_count 1
would() { [ "$(proof_json incident show 1 -- 'sorted({a["result"] for a in x["actions"]})')" = "['would']" ]; }
proof_until would
[ "$(proof_json status -- 'x["guard"]["mode"]')" = observe ] || fail "status does not say observe"
changed=$(diff -rq "$T/before" "$SHARE" | wc -l)
[ "$changed" = 60 ] || fail "$changed of 60 files are spoiled"
proof_ask incident show 1 | grep -q "python3" || fail "the incident does not name the program"
! proof_ask incident rollback 1 >"$T/out" 2>&1 || fail "a rollback was promised"
proof_ask incident close 1 >/dev/null || fail "it cannot be closed"
proof_journal
exit 0
