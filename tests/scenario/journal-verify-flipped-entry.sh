#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: journal verify names the entry in which one bit was turned over, in a full bundle and in the last one.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

write_journal <<<"note 700" >"$T/out"
expect_intact
cp -a "$JOURNAL" "$T/good"
# In the middle of an entry of the bundle 256..511; which one is counted from the lengths.
edit_bundle "$JOURNAL/tile/entries/001" "entries[300 - 256] = entries[300 - 256].replace(b\"number 300\", b\"number 301\")"
expect_finding changed 300
rm -rf "$JOURNAL" && cp -a "$T/good" "$JOURNAL"
flip "$JOURNAL/tile/entries/002.p/188" 40
expect_finding changed 512
rm -rf "$JOURNAL" && cp -a "$T/good" "$JOURNAL"
expect_intact
