#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: wherever the making of a repository or a change of its keys is killed, loses its power or meets a full or
# broken disk, one of the passwords opens it, and the same command then succeeds.
# sanitizer: no, the library that interrupts stands before the sanitizers' own
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
at=$BEFFROI
crash() { LD_PRELOAD=$BUILD/tests/tools/libcheap_scrypt.so python3 "$lib/crash.py" "$@" || exit 1; }
mkdir tree && echo one >tree/file
new_repo repo
expect 0 "$at" vault backup -r repo tree
echo 'le deuxième' >second
opens="RESTIC_PASSWORD_FILE=second $at vault snapshots -r cut"

crash --done "$opens" repo -- "$at" vault key add -r cut --new-password-file second
# restic cannot open keys that are cheaper than they say (vault-key.sh has real ones).
# Whoever has changed the password cannot change it with the old one once more: the next run says that it is wrong.
crash --done "$opens && ! $at vault snapshots -r cut" --no-restic --again 0,12 --password "$(cat second)" repo -- "$at" vault key passwd -r cut --new-password-file second
expect 0 "$at" vault key list -r repo --json
current=$(python3 -c 'import json; print(json.load(open("out"))[0]["id"])')
cp -a repo two
LD_PRELOAD=$BUILD/tests/tools/libcheap_scrypt.so expect 0 "$at" vault key add -r two --new-password-file second
second=$(find two/keys -type f ! -name "$current" -printf '%f')
crash --least 5 --done "[ \$(ls cut/keys) = $current ]" --again 0,1 two -- "$at" vault key remove -r cut "$second"
