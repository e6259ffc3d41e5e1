#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: wherever a command that removes from the vault is killed, loses its power or meets a full or broken disk,
# no snapshot is lost that was to stay, the repository has no damage, and the same command then succeeds.
# sanitizer: no, the library that interrupts stands before the sanitizers' own
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
at=$BEFFROI
crash() { python3 "$lib/crash.py" "$@" || exit 1; }
mkdir tree && echo one >tree/file && mkdir tree/folder && seq 1000 >tree/folder/numbers
new_repo repo
find repo/data -mindepth 1 -type d -empty -delete
expect 0 "$at" vault backup -r repo tree
rm -r tree/folder
echo two >tree/second
expect 0 "$at" vault backup -r repo tree
first=$(ids repo | sed -n 1p)
cp -a repo full
expect 0 "$at" vault forget -r repo "$first"

# A pack is packed anew, one is removed.
pruned="$at vault prune -r cut --max-unused 0 --dry-run | grep -q ' 0 packed anew, 0 removed'"
crash --done "$pruned" repo -- "$at" vault prune -r cut --max-unused 0
# As with restic, only what removes a snapshot prunes behind it; what was cut off between the two is left to the next prune.
crash --drop "$first" --done "[ \$(ls cut/snapshots | wc -l) = 1 ]" full -- "$at" vault forget -r cut --prune --max-unused 0 --keep-last 1
crash --done "! $at vault find -r cut second | grep -q second" full -- "$at" vault rewrite -r cut --forget --exclude second
