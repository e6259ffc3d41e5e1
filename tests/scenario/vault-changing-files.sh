#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: files that change, grow or vanish while they are read are named, the exit code is 3, everything
# else is saved, and the repository is sound. A file that cannot be read is named too.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

cd "$T"
mkdir tree
printf 'still' >tree/still
# A file that never stands still: it grows as fast as it can while it is read.
head -c 60000000 /dev/urandom >tree/growing
new_repo repo
(while printf 'more' >>tree/growing; do :; done) &
writer=$!
trap 'kill "$writer" 2>/dev/null || true' EXIT
expect 3 "$BEFFROI" vault backup -r repo tree
kill "$writer"
wait "$writer" 2>/dev/null || true
said "tree/growing changed while it was read"
expect 0 restic -r repo check --read-data
expect 0 "$BEFFROI" vault restore latest -r repo --target restored
cmp tree/still restored/tree/still || fail "the quiet file was not saved"
# The next backup reads it again.
expect 0 "$BEFFROI" vault backup -r repo tree
rm -rf restored
expect 0 "$BEFFROI" vault restore latest -r repo --target restored
same_tree tree restored/tree

# Of several paths one is not there.
expect 3 "$BEFFROI" vault backup -r repo tree missing
said "missing: No such file"
expect 1 "$BEFFROI" vault backup -r repo missing
said "none of the paths to save exists"
# A reader who may not read one file.
chmod 711 "$T"
cp -r tree open
chmod -R a+rX open
chmod 600 open/growing
cp -a repo theirs && chown -R nobody: theirs
expect 3 setpriv --reuid nobody --regid nogroup --clear-groups "$BEFFROI" vault backup -r theirs open
said "open/growing: Permission denied"
