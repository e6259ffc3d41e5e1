#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a culprit that was let go writes to the files it had open since before it was stopped, which no
# opening tells: it is stopped again, and those files come back too.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 120
proof_start
proof_attack held 120
for incident in 1 2 3; do
  proof_until proof_is $incident recovered
  proof_until proof_stopped "$ATTACKER"
  proof_back $incident
  # The snapshot after the recovery is what may make the guard forget what the open files were.
  proof_until proof_ready
  sleep 1
  proof_ask incident release $incident >"$T/out" 2>&1 || fail "release: $(cat "$T/out")"
done
proof_until proof_is 4 recovered
proof_back 4
proof_journal
exit 0
