#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a drill that is interrupted, or killed at once, leaves no process, no namespace and no mount behind;
# what it leaves on the disk when it is killed, the next one removes.
set -uo pipefail
chmod a+x "$T"
mkdir "$T/yards"
mine() { grep -l "$T/[y]ards" /proc/[0-9]*/cmdline 2>/dev/null | wc -l; }
begun() { # waits until the Samba server of the drill runs
  for _ in $(seq 600); do
    ls "$T"/yards/beffroi-drill.*/samba/pid/smbd*.pid >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "the stage was never raised"
  exit 1
}
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

"$BEFFROI_DRILL" run caen --no-guard --village --in "$T/yards" >"$T/said" 2>&1 &
drill=$!
begun
kill -INT "$drill"
wait "$drill"
[ $? -eq 1 ] || fail "an interrupted drill does not say so by its exit status"
[ -z "$(ls "$T/yards")" ] || fail "an interrupted drill leaves files: $(ls "$T/yards")"
[ "$(mine)" -eq 0 ] || fail "an interrupted drill leaves processes"

"$BEFFROI_DRILL" run caen --no-guard --village --in "$T/yards" >"$T/said" 2>&1 &
drill=$!
begun
kill -KILL "$drill"
wait "$drill" 2>/dev/null
for _ in $(seq 100); do [ "$(mine)" -eq 0 ] && break || sleep 0.1; done
[ "$(mine)" -eq 0 ] || fail "a killed drill leaves processes"
grep -q "$T/yards" /proc/self/mountinfo && fail "a killed drill leaves mounts"
[ -n "$(ls "$T/yards")" ] || fail "the killed drill had no files: this test is wrong"
kept=$("$BEFFROI_DRILL" build --village --in "$T/yards")
"$BEFFROI_DRILL" run local-delete --no-guard --village --in "$T/yards" >"$T/said" 2>&1
[ "$(ls "$T/yards")" = "$(basename "$(dirname "$kept")")" ] || fail "the next drill did not clean up: $(ls "$T/yards")"
[ "$failures" -eq 0 ]
