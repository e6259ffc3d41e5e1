#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: prune gives back as much room as restic's, from our repositories and from restic's (see vault-crash-remove
# for where it is cut off).
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"

# make_repository REPO TOOL...: five snapshots of a changing folder, of which the second to fourth are forgotten again.
make_repository() {
  local repo=$1 ids
  shift
  rm -rf tree
  mkdir -p tree/kept tree/going
  head -c 9000000 /dev/urandom >tree/kept/large
  for n in $(seq 60); do head -c 30000 /dev/urandom >"tree/kept/$n"; done
  expect 0 "$@" init -r "$repo"
  cheap_key "$repo"
  for round in 1 2 3 4 5; do
    for n in $(seq 60); do head -c 40000 /dev/urandom >"tree/going/$n"; done
    head -c 3000000 /dev/urandom >tree/going/large
    expect 0 "$@" backup -r "$repo" tree
    [ $round != 1 ] || { rm -rf first && cp -a tree first; }
  done
  ids=$(restic -r "$repo" snapshots --json | python3 -c 'import json,sys; print(*[s["id"] for s in json.load(sys.stdin)][1:4])')
  # shellcheck disable=SC2086  # three words
  expect 0 restic -r "$repo" forget $ids
}
size_of() { du -sk "$1/data" | cut -f 1; }
# whole REPO: both snapshots come back, and restic finds nothing to complain about.
whole() {
  local first
  expect 0 restic -r "$1" check --read-data
  first=$("$BEFFROI" vault snapshots -r "$1" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["id"])')
  rm -rf restored
  expect 0 "$BEFFROI" vault restore "$first" -r "$1" --target restored
  same_tree first restored/tree
  rm -rf restored
  expect 0 restic -r "$1" restore latest --target restored
  same_tree tree restored/tree
}
prune() { "$BEFFROI" vault prune -r "$@"; }

for tool in "$BEFFROI vault" restic; do
  rm -rf repo copy
  # shellcheck disable=SC2086  # two words
  make_repository repo $tool
  cp -a repo copy
  before=$(size_of repo)

  expect 0 prune repo --dry-run
  grep -q 'nothing was changed' out || fail "a dry run does not say so: $(cat out)"
  diff -r repo copy || fail "a dry run changed the repository"
  expect 0 prune repo --max-unused unlimited
  whole repo
  expect 0 prune repo
  whole repo
  ours=$(size_of repo)
  [ "$ours" -lt $((before * 9 / 10)) ] || fail "$ours of $before KB are left"
  expect 0 restic -r copy prune
  [ "$ours" -lt $(($(size_of copy) * 106 / 100)) ] || fail "$ours KB are left, restic leaves $(size_of copy)"
  expect 0 prune repo --max-unused 0
  whole repo
  cp -a repo again
  expect 0 prune repo
  diff -r again repo || fail "there was nothing to do, and something was changed"
  rm -rf again
done

# What is needed and missing: nothing is removed.
make_repository wasteful restic
cp -a wasteful hurt
rm "$(find hurt/data -type f -printf '%s %p\n' | sort -rn | sed -n '1s/^[0-9]* //p')" # what is kept lies in the largest
find hurt/data hurt/index -type f | sort >files
expect 1 prune hurt
said "nothing was removed"
find hurt/data hurt/index -type f | sort | diff files - || fail "a hurt repository was pruned"
# Somebody else uses it.
in_use wasteful
expect 11 prune wasteful
said "lock"
not_in_use
expect 1 prune wasteful --max-unused 100%
expect 1 prune wasteful --max-unused many
said "not a size"
