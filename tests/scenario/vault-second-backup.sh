#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the second backup reads only what changed, stores only what is new, and both snapshots restore.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

make_tree "$T/tree"
cp -a "$T/tree" "$T/first"
cd "$T"
field() { python3 -c 'import json,sys; print([json.loads(l) for l in open("out")][-1][sys.argv[1]])' "$1"; }
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo --json tree
first=$(field snapshot_id)
files=$(field files_new)

# Nothing changed: no file is read. strace shows the opens; folders are opened as folders.
expect 0 strace -f -e trace=openat -o trace "$BEFFROI" vault backup -r repo --json tree
[ "$(field files_unmodified)" = "$files" ] || fail "only $(field files_unmodified) of $files files were taken over"
[ "$(field data_blobs)$(field tree_blobs)" = 00 ] || fail "something was stored again"
grep -q '"tree", O_RDONLY' trace || fail "the folder was not looked at"
grep -q '"several-chunks"' trace && fail "an unchanged file was opened"

printf 'more' >>tree/several-chunks
printf 'new' >tree/new
rm tree/compressible
# Same size, same modification time: only the change time tells.
printf 'SHORT\n' >tree/short
touch -r first/short tree/short
expect 0 "$BEFFROI" vault backup -r repo --json tree
[ "$(field files_new)" = 1 ] || fail "$(field files_new) new files instead of 1"
second=$(field snapshot_id)
expect 0 "$BEFFROI" vault restore "$second" -r repo --target restored2
same_tree tree restored2/tree
grep -q SHORT restored2/tree/short || fail "the quiet change was missed"
expect 0 "$BEFFROI" vault restore "${first:0:10}" -r repo --target restored1
same_tree first restored1/tree
expect 0 restic -r repo check --read-data
expect 0 "$BEFFROI" vault snapshots -r repo --json
python3 -c 'import json; s=json.load(open("out")); assert len(s)==3 and s[2]["parent"]==s[1]["id"]' || fail "the parents are wrong"
