#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: entries beyond the checkpoint are a warning that names them, and the next opening takes them in.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

write_journal <<<"note 10" >"$T/out"
cp "$JOURNAL/checkpoint" "$T/older"
write_journal <<<"note 4 20" >"$T/out"
cp "$T/older" "$JOURNAL/checkpoint"
expect_intact
python3 - "$T/report" <<'PYTHON' || fail "no warning about entries 10 to 13"
import json, sys
findings = json.load(open(sys.argv[1]))["findings"]
print(findings)
sys.exit([(f["kind"], f["entry"], f["last_entry"], f["warning"]) for f in findings] != [("beyond", 10, 13, True)])
PYTHON
write_journal <<<"flush" >"$T/out"
grep -qx "ok 14" "$T/out" || fail "they were not taken in: $(cat "$T/out")"
expect_intact
grep -q '"findings": \[\]' "$T/report" || fail "something is left: $(cat "$T/report")"
