#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a writer killed with -9 at any moment leaves a journal that verifies, opens again, and holds
# every entry whose urgent append had returned.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

acknowledged=0
for round in $(seq 25); do
  : >"$T/answers"
  (
    number=$acknowledged
    while printf '+{"@timestamp":"2026-11-22T16:00:00Z","number":%d,"filling":"%0200d"}\n' "$number" 0; do
      number=$((number + 1))
    done
  ) 2>/dev/null | "$BUILD/tests/tools/journal-writer" "$JOURNAL" "$ORIGIN" >"$T/answers" 2>"$T/errors" &
  pid=$!
  # It is killed in the middle of its work, after some answers, wherever it then is.
  until [ "$(wc -l <"$T/answers")" -ge $((round * 7 % 23 + 1)) ]; do
    kill -0 "$pid" || { cat "$T/errors"; fail "the writer ended by itself"; }
  done
  kill -9 "$pid" || { cat "$T/errors"; fail "the writer had ended by itself"; }
  wait "$pid" 2>/dev/null || true
  expect_intact
  last=$(awk '$1 == "ok" { last = $2 } END { print last == "" ? -1 : last }' "$T/answers")
  entries=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["entries"])' "$T/report")
  [ "$entries" -gt "$last" ] || fail "entry $last was acknowledged, but the journal has only $entries"
  # The next opening may take in one more; it counts from there.
  write_journal <<<"flush" >"$T/out"
  acknowledged=$(awk '{ print $2 }' "$T/out")
  [ "$acknowledged" -ge "$entries" ] || fail "opening lost entries: $acknowledged of $entries"
  expect_intact
done
[ "$acknowledged" -gt 256 ] || fail "only $acknowledged entries: no full bundle was written"
echo "$acknowledged entries over 25 kills"
