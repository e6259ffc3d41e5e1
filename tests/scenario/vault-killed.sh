#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a backup that writes several packs at once and is killed at any of its changes leaves a repository without
# damage, the next backup works, and what a writer that was killed leaves half written goes.
# sanitizer: no, the library that interrupts stands before the sanitizers' own
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
mkdir tree
for i in $(seq 10); do head -c 1000000 /dev/urandom >"tree/file$i"; done
new_repo repo
python3 "$lib/crash.py" --way kill --done '[ $(ls cut/snapshots | wc -l) -ge 1 ]' repo -- "$BEFFROI" vault backup -r cut --pack-size 4 tree
# What another host may still be writing stays, for a day.
touch repo/locks/tmp-00000000-1-0 repo/data/00/tmp-00000000-1-1
touch -d '2 days ago' repo/data/00/tmp-00000000-1-1
expect 0 "$BEFFROI" vault backup -r repo --pack-size 4 tree
[ "$(cd repo && find . -name 'tmp-*')" = ./locks/tmp-00000000-1-0 ] || fail "half-written objects are left: $(find repo -name 'tmp-*')"
rm repo/locks/tmp-*
expect 0 restic -r repo check --read-data
expect 0 "$BEFFROI" vault restore latest -r repo --target restored
same_tree tree restored/tree
