#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a clock that was set back an hour is a warning that names the entry, and no damage; the journal goes on.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

write_journal <<<"note 40" >"$T/out"
write_journal <<<"note 1 -3600" >"$T/out"
expect_intact
python3 - "$T/report" <<"PYTHON" || fail "no warning about entry 40"
import json, sys
findings = json.load(open(sys.argv[1]))["findings"]
print(findings)
sys.exit([(f["kind"], f["entry"], f["warning"]) for f in findings] != [("clock", 40, True)])
PYTHON
write_journal <<<"note 3" >"$T/out"
expect_intact
# What is no entry at all is named too.
write_journal <<<"+no JSON" >"$T/out"
expect_finding content 44
