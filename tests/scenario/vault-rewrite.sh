#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: rewrite makes the same trees as restic rewrite, from its snapshots and from ours; folders without a match
# keep their IDs (see vault-crash-remove for where it is cut off).
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
needs_newest
cd "$T"
make_tree tree
mkdir -p tree/secret/keys tree/cache && echo x >tree/secret/keys/id && echo y >tree/cache/a.TMP && echo z >tree/deep/a/b/old.tmp
newest=${RESTIC_NEW:-restic} # Debian's has no rewrite
expect 0 "$newest" init -r repo
cheap_key repo
expect 0 "$newest" -r repo backup --host mairie --tag a tree
expect 0 "$BEFFROI" vault backup -r repo --host ecole tree
mkdir plain && echo 1 >plain/file
expect 0 "$BEFFROI" vault backup -r repo --host ecole plain

# state REPO: all that its snapshots say, without their own IDs
state() {
  "$newest" -r "$1" --no-lock snapshots --json | python3 -c '
import json, sys
for line in sorted(json.dumps({k: v for k, v in s.items() if k not in ("id", "short_id")}, sort_keys=True) for s in json.load(sys.stdin)):
    print(line)'
}
printf '# patterns\n\n  *.tmp  \n%sHIDDEN/keys\n' '$' >patterns
export HIDDEN=secret
state repo >before
while read -r -a words; do
  [ -n "${RESTIC_NEW:-}" ] || break
  for repo in ours theirs; do rm -rf "$repo" && cp -a repo "$repo"; done
  expect 0 "$BEFFROI" vault rewrite -r ours "${words[@]}"
  expect 0 "$RESTIC_NEW" -r theirs rewrite "${words[@]}"
  diff <(state ours) <(state theirs) || fail "restic makes other snapshots: ${words[*]}"
  [ "$(state ours)" != "$(cat before)" ] || fail "nothing was changed: ${words[*]}"
  while read -r peer; do expect 0 "$peer" -r ours check --read-data; done < <(restics)
done <<'RULES'
--exclude *.tmp --exclude secret
--iexclude *.tmp --forget --host mairie
--exclude-file patterns --new-host archives --forget
--exclude tree/deep/** --exclude /nothing
RULES

# A dry run, and patterns that match nothing, change nothing.
cp -a repo same
expect 0 "$BEFFROI" vault rewrite -r same --exclude secret --forget --dry-run
grep -q 'would be replaced' out || fail "it does not say what would be done: $(cat out)"
expect 0 "$BEFFROI" vault rewrite -r same --exclude nothing-like-this
grep -q '^0 snapshots changed' out || fail "something was changed: $(cat out)"
diff -r repo same || fail "the repository was changed"
expect 1 "$BEFFROI" vault rewrite -r same
said "nothing to take out"
in_use same
expect 11 "$BEFFROI" vault rewrite -r same --exclude secret --forget
said "lock"
not_in_use
expect 0 "$BEFFROI" vault rewrite -r same --new-time '2020-02-02 02:02:02' --new-host other latest --host ecole
expect 0 "$BEFFROI" vault snapshots -r same --host other --json
grep -q '"time":"2020-02-02T02:02:02' out || fail "the time was not changed: $(cat out)"

# What is left comes back as it was; what was taken out is gone from the repository after prune.
cp -a tree left && rm -rf left/secret && touch -r tree left
expect 0 "$BEFFROI" vault rewrite -r same --exclude /tree/secret --forget
expect 0 "$newest" -r same restore latest --host mairie --target restored
same_tree left restored/tree
expect 0 "$BEFFROI" vault prune -r same --max-unused 0
expect 0 restic -r same check --read-data
if restic -r same --no-lock find id --json >found && grep -q secret found; then fail "it is still there: $(cat found)"; fi
