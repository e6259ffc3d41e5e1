#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: journal verify names the first entry that a cut tail took away.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

write_journal <<<"note 600" >"$T/out"
expect_intact
cp -a "$JOURNAL" "$T/good"
again() {
  rm -rf "$JOURNAL" && cp -a "$T/good" "$JOURNAL"
}
# Cut within an entry, between entries, and the whole bundle gone.
size=$(stat -c %s "$JOURNAL/tile/entries/002.p/88")
truncate -s $((size - 10)) "$JOURNAL/tile/entries/002.p/88"
expect_finding missing 599
again
edit_bundle "$JOURNAL/tile/entries/002.p/88" "del entries[80:]"
expect_finding missing 592 599
again
rm -r "$JOURNAL/tile/entries/002.p"
expect_finding missing 512 599
again
rm "$JOURNAL/tile/entries/001"
expect_finding missing 256 511
again
truncate -s 0 "$JOURNAL/tile/entries/000"
expect_finding missing 0 255
