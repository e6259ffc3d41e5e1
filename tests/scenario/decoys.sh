#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: with `decoys: true` the decoys stand in the folders, and a program that writes into one and then
# into a single real file is stopped; both are back.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 40
find "$T/before" -printf '%P\n' | sort >"$T/names"
proof_start decoys=true
find "$SHARE" -printf '%P\n' | sort >"$T/with"
comm -13 "$T/names" "$T/with" >"$T/decoys"
[ -s "$T/decoys" ] || fail "there are no decoys"
decoy=$SHARE/$(head -n 1 "$T/decoys")
real=$(find "$SHARE" -name 'pièce*' | sort | head -n 1)
proof_remember
exec_as /usr/bin/python3 -c '
import os, sys, time
for path in sys.argv[1:]:
    with open(path, "r+b") as f:
        f.write(os.urandom(os.path.getsize(path)))
time.sleep(600)' "$decoy" "$real" &
ATTACKER=$!
proof_pids+=("$ATTACKER")
proof_until proof_is 1 recovered
proof_until proof_stopped "$ATTACKER"
proof_back 1
proof_journal
exit 0
