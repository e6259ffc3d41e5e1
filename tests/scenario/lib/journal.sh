# SPDX-License-Identifier: GPL-3.0-or-later
# A journal in $T/state/journal, made with the program that the guard's own code is in, and ways to harm it.
# shellcheck shell=bash
JOURNAL=$T/state/journal
ORIGIN=mairie.example/journal
mkdir -p "$JOURNAL"

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# write_journal [DIR]: obeys the commands on standard input (see tests/tools/journal_writer.c).
write_journal() {
  "$BUILD/tests/tools/journal-writer" "${1:-$JOURNAL}" "$ORIGIN" || fail "journal-writer"
}

# verify [OPTION...]: what `journal verify --json` says in $T/report, its exit code as the result.
verify() {
  "$BEFFROI" journal verify --state "$T/state" --remember "$T/remembered" --json "$@" >"$T/report"
}

expect_intact() {
  verify "$@" || { cat "$T/report"; fail "the journal should be intact"; }
}

# expect_finding KIND FIRST [LAST]: verification fails and says exactly that, and nothing else that is no warning.
expect_finding() {
  verify && { cat "$T/report"; fail "the damage was not noticed"; }
  python3 - "$T/report" "$1" "$2" "${3:-$2}" <<'PYTHON' || fail "another finding than $* was expected"
import json, sys
report = json.load(open(sys.argv[1]))
found = [f for f in report["findings"] if not f["warning"]]
wanted = (sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
ok = [(f["kind"], f["entry"], f["last_entry"]) for f in found] == [wanted] and not report["intact"]
named = all(str(wanted[1]) in f["text"] for f in found)
if not ok or not named:
    print(json.dumps(report, indent=1), "wanted", wanted)
    sys.exit(1)
PYTHON
}

# flip FILE OFFSET: turns over one bit.
flip() {
  python3 - "$1" "$2" <<'PYTHON'
import sys
path, offset = sys.argv[1], int(sys.argv[2])
data = bytearray(open(path, "rb").read())
data[offset] ^= 1
open(path, "wb").write(data)
PYTHON
}

# edit_bundle FILE PYTHON: runs the statement on the list `entries` of bytes and writes the bundle again.
edit_bundle() {
  python3 - "$1" "$2" <<'PYTHON'
import struct, sys
path, statement = sys.argv[1:]
data, entries = open(path, "rb").read(), []
while data:
    size, = struct.unpack(">H", data[:2])
    entries.append(data[2:2 + size])
    data = data[2 + size:]
exec(statement)
open(path, "wb").write(b"".join(struct.pack(">H", len(e)) + e for e in entries))
PYTHON
}
