#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: journal verify finds a journal that was set back to an older state, whole and rightly signed, and names the first entry that is gone.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

write_journal <<<"note 300" >"$T/out"
cp -a "$JOURNAL" "$T/older"
write_journal <<<"note 50" >"$T/out"
expect_intact
rm -rf "$JOURNAL" && cp -a "$T/older" "$JOURNAL"
expect_finding rollback 300 349
# It is still found the next time: a journal that fails is not remembered.
expect_finding rollback 300 349
# Without a remembered checkpoint nobody can know; it is said that this was the first time.
rm "$T/remembered"
expect_intact
grep -q "\"compared\": false" "$T/report" || fail "it must say that nothing was compared"
