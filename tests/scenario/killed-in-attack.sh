#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the whole guard is killed with -9 when an attack has spoiled two files, too few to tell; started
# again, it stops the attack at the next ones, and the two files come back with them.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 200
proof_start
# It waits after the second: nobody attacks while nobody watches; that is another matter.
proof_attack encrypt 9999 2
proof_until proof_stopped "$ATTACKER"
[ "$(cat "$T/progress")" = 2 ] || fail "not stopped by itself: $(cat "$T/progress") files"
proof_count 0 || fail "it was noticed already"
proof_kill9
proof_start
kill -CONT "$ATTACKER"
proof_until proof_is 1 recovered
proof_stopped "$ATTACKER" || fail "it was not stopped"
proof_back 1
proof_journal
exit 0
