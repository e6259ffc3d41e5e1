#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: journal verify finds a journal that went another way than the one seen before.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

write_journal <<<"note 300" >"$T/out"
cp -a "$JOURNAL" "$T/older"
write_journal <<<"note 50" >"$T/out"
expect_intact
# From the older state on, other entries, more of them, signed with the stolen key.
rm -rf "$JOURNAL" && cp -a "$T/older" "$JOURNAL"
write_journal <<<"note 80 3" >"$T/out"
expect_finding fork 0 349
