#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: journal verify names the entry that was taken out of the middle.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

write_journal <<<"note 600" >"$T/out"
expect_intact
cp -a "$JOURNAL" "$T/good"
edit_bundle "$JOURNAL/tile/entries/000" "del entries[123]"
expect_finding removed 123
rm -rf "$JOURNAL" && cp -a "$T/good" "$JOURNAL"
edit_bundle "$JOURNAL/tile/entries/002.p/88" "del entries[0]"
expect_finding removed 512
