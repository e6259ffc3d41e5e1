#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: what any restic saves, beffroi lists, checks and restores with all its metadata, in both formats.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

make_tree "$T/tree"
rm "$T/tree/link-not-utf-8" # restic before 0.16 cannot save its target
cd "$T"
while read -r restic; do
  for version in 1 2; do
    rm -rf repo restored
    expect 0 "$restic" -r repo init --repository-version "$version"
    cheap_key repo
    expect 0 "$restic" -r repo backup tree
    expect 0 "$BEFFROI" vault check --read-data -r repo
    expect 0 "$BEFFROI" vault restore latest -r repo --target restored --verify
    same_tree tree restored/tree
    expect 0 "$BEFFROI" vault ls -r repo latest --json
    [ "$(wc -l <out)" = "$(($(find tree ! -type s -printf x | wc -c) + 1))" ] || fail "ls does not show everything"
    "$BEFFROI" vault snapshots -r repo --json >ours
    "$restic" -r repo snapshots --json >theirs
    python3 - <<'PY' || fail "the lists of snapshots differ"
import json
ours, theirs = json.load(open('ours')), json.load(open('theirs'))
assert len(ours) == 1 and len(theirs) == 1
for key in ('id', 'short_id', 'time', 'tree', 'paths', 'hostname', 'username'):
    assert ours[0][key] == theirs[0][key], key
PY
  done
done < <(restics)
