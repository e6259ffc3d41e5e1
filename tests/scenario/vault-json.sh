#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: with --json every line on standard output is JSON with the members that restic's has.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
needs_newest

make_tree "$T/tree"
cd "$T"
restic=$(restics | tail -1)
compare() { # the last lines of two outputs: every member of restic's message is in ours
  python3 - "$1" "$2" <<'PY' || fail "$(head -c 600 "$1")"
import json, sys
ours = [json.loads(line) for line in open(sys.argv[1])]
theirs = [json.loads(line) for line in open(sys.argv[2])]
ours, theirs = ours[-1], theirs[-1]
if isinstance(theirs, list):
    ours, theirs = ours[-1], theirs[-1]
missing = set(theirs) - set(ours)
# Restic's own extras that say nothing about the data.
missing -= {'time_elapsed', 'seconds_elapsed', 'files_skipped', 'bytes_skipped', 'suggest_legacy_fix', 'program_version',
            'uid', 'gid', 'parent', 'summary'}
assert not missing, missing
PY
}
expect 0 "$BEFFROI" vault init -r repo --json && cp out ours
expect 0 "$restic" -r other init --json && compare ours out
cheap_key repo
cheap_key other
expect 0 "$BEFFROI" vault backup -r repo --json tree && cp out ours
expect 0 "$restic" -r other backup --json tree && compare ours out
expect 0 "$BEFFROI" vault snapshots -r repo --json && cp out ours
expect 0 "$restic" -r other snapshots --json && compare ours out
expect 0 "$BEFFROI" vault ls -r repo latest --json && cp out ours
expect 0 "$restic" -r other ls latest --json && compare ours out
expect 0 "$BEFFROI" vault restore latest -r repo --target r1 --json && cp out ours
expect 0 "$restic" -r other restore latest --target r2 --json && compare ours out
expect 0 "$BEFFROI" vault check -r repo --json && cp out ours
expect 0 "$restic" -r other check --json && compare ours out
