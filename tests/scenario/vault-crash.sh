#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: wherever a command that adds to the vault is killed, loses its power or meets a full or broken disk, no
# snapshot is lost, the repository has no damage, and the same command then succeeds.
# sanitizer: no, the library that interrupts stands before the sanitizers' own
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
mkdir tree && echo one >tree/file && mkdir tree/folder && seq 1000 >tree/folder/numbers
new_repo repo
find repo/data -mindepth 1 -type d -empty -delete # so that folders are made, too
expect 0 "$BEFFROI" vault backup -r repo tree
echo two >tree/second
at=$BEFFROI
crash() { python3 "$lib/crash.py" "$@" || exit 1; }

crash --done "$at vault ls -r cut latest --json | grep -q '/second'" repo -- "$at" vault backup -r cut tree
expect 0 "$at" vault backup -r repo tree
new_repo empty
find empty/data -mindepth 1 -type d -empty -delete
export RESTIC_FROM_PASSWORD=$RESTIC_PASSWORD
crash --done '[ $(ls cut/snapshots | wc -l) = 2 ]' empty -- "$at" vault copy -r cut --from-repo repo
