#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: without a guard each attack succeeds (so the other tests show the guard's doing, not an attack that
# does nothing), over SMB too; undo gives everything back; two drills run at once without disturbing each other.
# timeout: 400
set -uo pipefail
chmod a+x "$T"
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
figure() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["runs"][0][sys.argv[2]])' "$T/$1" "$2"; }

"$BEFFROI_DRILL" run caen --no-guard --village --json --keep --seed 2 --in "$T" >"$T/a.json" 2>"$T/a.log" &
first=$!
"$BEFFROI_DRILL" run caen --no-guard --village --json --in "$T" >"$T/b.json" 2>"$T/b.log" &
second=$!
wait "$first"
[ $? -eq 3 ] || fail "the first drill: $(cat "$T/a.log")"
wait "$second"
[ $? -eq 3 ] || fail "the second drill: $(cat "$T/b.log")"
for run in a.json b.json; do
  [ "$(figure $run files_spoiled)" -gt 180 ] || fail "$run: only $(figure $run files_spoiled) files were spoiled"
  [ "$(figure $run files_lost)" -gt 180 ] || fail "$run: only $(figure $run files_lost) files were lost"
  [ "$(figure $run notes_dropped)" -gt 0 ] || fail "$run: no note was dropped"
  [ "$(figure $run colleague_done)" -gt 0 ] || fail "$run: the colleague did nothing"
done
share=$(ls -d "$T"/beffroi-drill.*/share)
"$BEFFROI_DRILL" undo "$share" || fail "what was encrypted over SMB cannot be undone"
# Samba itself marks files that it wrote or listed with an attribute of its own; bytes, owners and times are back.
"$BEFFROI_DRILL" compare "$share" | grep -vP '\tattributes$' >"$T/left" && fail "not as it was: $(head -3 "$T/left")"
"$BEFFROI_DRILL" undo --remove "$share"
for name in local-in-place local-write-new-then-delete local-rename-first local-delete; do
  "$BEFFROI_DRILL" run $name --no-guard --village --json --in "$T" >"$T/c.json" 2>"$T/c.log"
  [ $? -eq 3 ] || fail "$name: $(cat "$T/c.log")"
  [ "$(figure c.json files_lost)" -gt 180 ] || fail "$name: only $(figure c.json files_lost) files were lost"
done
[ "$failures" -eq 0 ]
