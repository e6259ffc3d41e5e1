#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: files that were put back a moment ago are attacked again by another program, and are back again.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 120
proof_start
for number in 1 2 3; do
  proof_attack encrypt
  proof_until proof_is $number recovered
  proof_back $number
  kill -KILL "$ATTACKER"
done
proof_journal
exit 0
