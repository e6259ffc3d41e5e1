#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: what beffroi saves, every restic checks without complaint and restores with all its metadata.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

make_tree "$T/tree"
new_repo "$T/repo"
expect 0 "$BEFFROI" vault backup -r "$T/repo" --tag week --host mairie "$T/tree"
while read -r restic; do
  expect 0 "$restic" -r "$T/repo" check --read-data
  expect 0 "$restic" -r "$T/repo" restore latest --host mairie --tag week --target "$T/restored"
  # restic before 0.16 keeps no link target that is not UTF-8, whoever saved it.
  if "$restic" version | grep -q 'restic 0\.1[0-5]\.'; then
    rm "$T/restored$T/tree/link-not-utf-8"
    cp -a "$T/tree/link-not-utf-8" "$T/restored$T/tree/"
    touch -r "$T/tree" "$T/restored$T/tree"
  fi
  same_tree "$T/tree" "$T/restored$T/tree"
  rm -rf "$T/restored"
done < <(restics)
