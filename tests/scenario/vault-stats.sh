#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: stats counts what restic counts, in all ways of counting, for chosen snapshots of repositories of both
# formats.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"

make_tree tree
mkdir -p tree/copies
cp tree/just-under-a-chunk tree/copies/again
cat tree/several-chunks tree/several-chunks >tree/copies/twice
expect 0 restic -r old init --repository-version 1
cheap_key old
new_repo new
for repo in old new; do
  expect 0 "$BEFFROI" vault backup -r $repo --tag a tree
  echo more >>tree/short
  cp tree/short tree/shorter
  expect 0 restic -r $repo backup --host elsewhere --tag b tree
done

# as_restic REPO WORD...: as the newest.
as_restic() {
  expect 0 "$BEFFROI" vault stats -r "$1" --json "${@:2}"
  mv out ours
  [ -n "${RESTIC_NEW:-}" ] || return 0
  expect 0 "$RESTIC_NEW" -r "$1" stats --json "${@:2}"
  same_json ours out
}
for mode in restore-size files-by-contents blobs-per-file raw-data; do
  as_restic old --mode $mode --host elsewhere
  as_restic new --mode $mode
  # Debian's does not yet tell what compression brings, and counts no files with raw-data.
  expect 0 restic -r new stats --json --mode $mode
  same_json ours out total_uncompressed_size compression_ratio compression_progress compression_space_saving total_file_count
done
first=$(ids new | sed -n 1p)
as_restic new latest "$first" latest
as_restic new --tag a --mode raw-data
as_restic new latest --tag a
as_restic new --tag nobody

expect 0 "$BEFFROI" vault stats -r new --mode raw-data
grep -q 'saved: .*%' out || fail "$(cat out)"
expect 1 "$BEFFROI" vault stats -r new --mode moon
said "restore-size"
expect 1 "$BEFFROI" vault stats -r new 00000000000
expect 1 "$BEFFROI" vault stats -r new "$first" --tag a
find new/data -type f -size -60k -delete # the packs of trees are among them
expect 1 "$BEFFROI" vault stats -r new --mode raw-data
said "beffroi vault check"
expect 1 "$BEFFROI" vault stats -r new
