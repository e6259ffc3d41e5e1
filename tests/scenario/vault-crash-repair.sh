#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: wherever a repair is killed, loses its power or meets a full or broken disk, the same repair can be begun
# anew, and nothing more is lost than before.
# sanitizer: no, the library that interrupts stands before the sanitizers' own
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
at=$BEFFROI
crash() { python3 "$lib/crash.py" "$@" || exit 1; }
mkdir tree && seq 3000 >tree/numbers && echo one >tree/file
new_repo repo
find repo/data -mindepth 1 -type d -empty -delete
expect 0 "$at" vault backup -r repo tree
pack=$(find repo/data -type f -printf '%s %f\n' | sort -rn | sed -n '1s/.* //p')
seq 4000 >tree/more
expect 0 "$at" vault backup -r repo tree
again=("$at" vault repair)

cp -a repo no-index && rm no-index/index/*
crash --repair "$at vault repair index -r cut" no-index -- "${again[@]}" index -r cut

# The last byte of the list of a pack is turned: the contents in it are whole, and the other snapshot needs none of the list.
cp -a repo flipped
chmod u+w "flipped/data/${pack:0:2}/$pack"
python3 - "flipped/data/${pack:0:2}/$pack" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[-9] ^= 1
open(sys.argv[1], "wb").write(data)
PYTHON
crash --again 0,1 --done "[ ! -e cut/data/${pack:0:2}/$pack ]" --repair "$at vault repair packs -r cut $pack" \
  flipped -- "${again[@]}" packs -r cut "$pack"

# A pack is gone; of the snapshots stays what is there.
cp -a repo gone && rm "gone/data/${pack:0:2}/$pack"
expect 0 "$at" vault repair index -r gone
crash --repair "$at vault repair snapshots --forget -r cut" gone -- "${again[@]}" snapshots --forget -r cut
