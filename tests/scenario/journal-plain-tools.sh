#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the recipe in docs/journal.md verifies a checkpoint and entries with openssl, sha256sum and
# python3 alone, and it fails for an entry that was changed.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$SOURCE/docs/journal.md" >"$T/recipe"
[ "$(wc -l <"$T/recipe")" -gt 40 ] || fail "there is no recipe in docs/journal.md"

# recipe ENTRY: runs it as a reader would.
recipe() {
  rm -rf "$T/work"
  mkdir "$T/work"
  journal=$JOURNAL entry=$1 work=$T/work bash -eu "$T/recipe" >"$T/said" 2>&1
}

for size in 1 2 255 256 257 300 513 66000 1000; do
  rm -rf "$JOURNAL"
  mkdir "$JOURNAL"
  write_journal <<<"note $size" >"$T/out"
  for entry in 0 $((size / 2)) $((size - 1)); do
    recipe "$entry" || { cat "$T/said"; fail "entry $entry of $size was not found to be in the journal"; }
    grep -q "entry $entry is in the signed journal" "$T/said" || { cat "$T/said"; fail "entry $entry of $size"; }
    grep -q "note number $entry" "$T/work/entry" || fail "another entry than $entry was taken out"
  done
done

cp -a "$JOURNAL" "$T/good"
edit_bundle "$JOURNAL/tile/entries/001" "entries[300 - 256] = entries[300 - 256].replace(b'number 300', b'number 301')"
recipe 300 && fail "a changed entry was taken"
recipe 299 || fail "its neighbor is still right"
rm -rf "$JOURNAL" && cp -a "$T/good" "$JOURNAL"
sed -i '2s/.*/999/' "$JOURNAL/checkpoint"
recipe 0 && fail "a checkpoint that was not signed like this was taken"
recipe 0 || grep -q "Verification Failure\|Signature Verification" "$T/said" || { cat "$T/said"; fail "openssl did not complain"; }
