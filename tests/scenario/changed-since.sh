#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a file that somebody else has worked on between the attack and the rollback keeps his version, and
# the original lies beside it; nothing of either is lost.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 120
proof_start recover=manual
victim=$(cd "$SHARE" && find . -type f | sort | head -n 1)
victim=${victim#./}
proof_attack encrypt
proof_until proof_is 1 contained
cmp -s "$SHARE/$victim" "$T/before/$victim" && fail "the first file is not spoiled"
# A colleague writes the letter anew.
echo "la lettre, refaite à la main" >"$SHARE/$victim"
proof_ask incident rollback 1 >"$T/out" 2>&1
proof_until proof_is 1 recovered
beside=$(find "$(dirname "$SHARE/$victim")" -name "$(basename "$victim" .txt) (*.txt")
found=0
for path in "$SHARE/$victim" "$beside"; do
  if grep -qx "la lettre, refaite à la main" "$path"; then found=$((found + 1)); fi
  if cmp -s "$path" "$T/before/$victim"; then found=$((found + 10)); fi
done
[ $found = 11 ] || fail "not both are there: $(ls -l "$(dirname "$SHARE/$victim")") $(proof_ask incident show 1)"
grep -qx "la lettre, refaite à la main" "$SHARE/$victim" || fail "his version has not its place"
rm "$beside"
cp -a "$T/before/$victim" "$SHARE/$victim"
proof_back 1
proof_journal
exit 0
