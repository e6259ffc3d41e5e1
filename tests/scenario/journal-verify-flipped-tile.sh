#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: journal verify tells a damaged hash from a damaged entry, and names the entry it stands for, on every level.
set -euo pipefail
. "$(dirname "$0")/lib/journal.sh"

write_journal <<<"note 700" >"$T/out"
expect_intact
cp -a "$JOURNAL" "$T/good"
again() {
  rm -rf "$JOURNAL" && cp -a "$T/good" "$JOURNAL"
}
flip "$JOURNAL/tile/0/001" $(((400 - 256) * 32 + 5))
expect_finding hash 400
again
flip "$JOURNAL/tile/0/002.p/188" $((100 * 32))
expect_finding hash 612
again
flip "$JOURNAL/tile/1/000.p/2" 32
expect_finding hash 256 511
again
rm "$JOURNAL/tile/0/000"
expect_finding hash 0 255
again
truncate -s 100 "$JOURNAL/tile/0/002.p/188"
expect_finding hash 512 699
again
# An entry rewritten together with its hash: the level above gives it away, to the bundle.
python3 - "$JOURNAL" <<"PYTHON"
import hashlib, struct, sys
path = sys.argv[1] + "/tile/entries/001"
data = open(path, "rb").read().replace(b"number 300", b"number 999")
open(path, "wb").write(data)
hashes = b""
while data:
    size, = struct.unpack(">H", data[:2])
    hashes += hashlib.sha256(b"\0" + data[2:2 + size]).digest()
    data = data[2 + size:]
open(sys.argv[1] + "/tile/0/001", "wb").write(hashes)
PYTHON
expect_finding tree 256 511
