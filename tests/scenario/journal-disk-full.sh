#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: when the disk is full an append says so, the journal stays right, and once there is room again
# what waited is written and nothing is lost.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

mkdir "$T/disk"
mount -t tmpfs -o size=512k tmpfs "$T/disk"
trap 'umount -l "$T/disk"' EXIT
rm -rf "$T/state"
mkdir -p "$T/disk/state/journal"
ln -s "$T/disk/state" "$T/state"

coproc WRITER { "$BUILD/tests/tools/journal-writer" "$JOURNAL" "$ORIGIN"; }
say() {
  printf '%s\n' "$1" >&"${WRITER[1]}"
  IFS= read -r answer <&"${WRITER[0]}"
}
entry() {
  printf '+{"@timestamp":"2026-11-22T16:00:%02dZ","number":%d}' $((number % 60)) "$number"
}

number=0
for number in 0 1 2; do
  say "$(entry)"
  [ "$answer" = "ok $number" ] || fail "$answer"
done
dd if=/dev/zero of="$T/disk/ballast" bs=4k 2>/dev/null || true
number=3
say "$(entry)"
case $answer in
"no-space 3 "*) ;;
*) fail "a full disk gave: $answer" ;;
esac
expect_intact
grep -q '"entries": 3' "$T/report" || fail "the journal on the full disk is not the old one"
number=4
say "$(entry)"
[ "${answer%% *}" = no-space ] || fail "a full disk gave: $answer"
expect_intact

rm "$T/disk/ballast"
number=5
say "$(entry)"
[ "$answer" = "ok 5" ] || fail "with room again: $answer"
expect_intact
grep -q '"entries": 6' "$T/report" || { cat "$T/report"; fail "what waited was not written"; }
"$BEFFROI" journal show --state "$T/state" --json >"$T/entries"
python3 -c 'import json,sys; assert [e["number"] for e in json.load(open(sys.argv[1]))] == list(range(6))' "$T/entries"

# Nothing half-written stays behind.
[ -z "$(find "$T/disk" -name '.tmp-*')" ] || fail "temporary files are left"
input=${WRITER[1]} writer=$WRITER_PID # bash forgets the number when it ends
exec {input}>&-
wait "$writer"
