#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the same data saved again by the other program stores no data blob, in both directions: chunk
# boundaries are restic's. Between beffroi and a current restic not even a folder is stored twice.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

make_tree "$T/tree"
cd "$T"
field() { python3 -c 'import json,sys; print([json.loads(l) for l in open("out")][-1][sys.argv[1]])' "$1"; }
while read -r restic; do
  rm -rf theirs ours
  expect 0 "$restic" -r theirs init --repository-version 2
  expect 0 "$restic" -r theirs backup tree
  expect 0 "$BEFFROI" vault backup -r theirs --force --json tree
  [ "$(field data_blobs)" = 0 ] || fail "$(field data_blobs) data blobs were stored again after $restic"
  [ "$(field files_new)" -gt 10 ] || fail "nothing was read"

  new_repo ours
  expect 0 "$BEFFROI" vault backup -r ours tree
  expect 0 "$restic" -r ours backup --force --json tree
  [ "$(field data_blobs)" = 0 ] || fail "$restic stored $(field data_blobs) data blobs again"
  if ! "$restic" version | grep -q 'restic 0\.1[0-5]\.'; then
    [ "$(field tree_blobs)" = 0 ] || fail "$restic stored $(field tree_blobs) folders again"
  fi
  for repo in ours theirs; do
    expect 0 "$restic" -r $repo check --read-data
    expect 0 "$BEFFROI" vault check --read-data -r $repo
  done
done < <(restics)
