#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: journal verify refuses a checkpoint that the journal'\''s key did not sign.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

write_journal <<<"note 20" >"$T/out"
expect_intact
cp -a "$JOURNAL" "$T/good"
again() {
  rm -rf "$JOURNAL" && cp -a "$T/good" "$JOURNAL"
}
# Another size under the old signature.
sed -i "2s/.*/19/" "$JOURNAL/checkpoint"
verify && fail "a checkpoint with another size was taken"
python3 -c "import json,sys; f=json.load(open(sys.argv[1]))[\"findings\"]; assert any(x[\"kind\"]==\"checkpoint\" and x[\"entry\"]==0 for x in f), f" "$T/report"
again
# A whole journal signed with another key that was put in the place of ours.
mkdir "$T/other"
write_journal "$T/other" <<<"note 30" >"$T/out"
rm -rf "$JOURNAL" && cp -a "$T/other" "$JOURNAL"
verify && fail "a journal with another key was taken for the one seen before"
grep -q "\"kind\": \"key\"" "$T/report" || fail "the change of key was not named"
# With the key from elsewhere it fails even where nothing is remembered.
rm "$T/remembered"
verify --key "$T/good/key.pub" && fail "the signature of another key was taken"
grep -q "\"kind\": \"checkpoint\"" "$T/report" || fail "the wrong signature was not named"
again
rm "$JOURNAL/checkpoint"
verify && fail "a journal without a checkpoint was taken"
grep -q "\"kind\": \"checkpoint\"" "$T/report" || fail "the missing checkpoint was not named"
