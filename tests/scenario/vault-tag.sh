#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: tag makes the same snapshots as restic tag; the old one goes only when the new one stands, wherever it is
# cut off; nothing changes while somebody else uses the repository.
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
export TZ=Europe/Paris
mkdir tree other && echo one >tree/file && echo two >other/file
new_repo repo restic
expect 0 restic -r repo backup --host mairie --tag a,b --exclude '*.tmp' tree
TZ=Asia/Tokyo expect 0 restic -r repo backup --host ecole --tag c --time '2026-01-02 03:04:05' tree
expect 0 restic -r repo backup --host mairie other
expect 0 "$BEFFROI" vault backup -r repo --host ecole --tag a other

newest=${RESTIC_NEW:-restic} # Debian's drops what it does not know of a snapshot
# state REPO: all that the snapshots say, without their own IDs
state() {
  "$newest" -r "$1" --no-lock snapshots --json | python3 -c '
import json, sys
for s in sorted(json.load(sys.stdin), key=lambda s: (s["time"], s["tree"])):
    del s["id"], s["short_id"]
    print(json.dumps(s, sort_keys=True))'
}
while read -r -a words; do
  words=("${words[@]/TREE/$T/tree}")
  for repo in ours theirs; do rm -rf "$repo" && cp -a repo "$repo"; done
  expect 0 "$BEFFROI" vault tag -r ours "${words[@]}"
  expect 0 "$newest" -r theirs tag "${words[@]}"
  diff <(state ours) <(state theirs) || fail "restic makes other snapshots: ${words[*]}"
done <<'RULES'
--add x --add y,z --remove c
--remove a,b --add q --path TREE --host mairie --host ecole
--set x,y --tag a,b --tag c
--set only latest --host ecole
RULES
while read -r peer; do expect 0 "$peer" -r ours check --read-data; done < <(restics)
rm -rf ours theirs

# By ID, each once, in JSON; the first original is kept over several changes.
first=$(restic -r repo --no-lock snapshots --json | python3 -c 'import json,sys; print([s["id"] for s in json.load(sys.stdin) if s.get("tags") == ["a", "b"]][0])')
expect 0 "$BEFFROI" vault tag -r repo --json --add new "${first:0:10}" "$first"
python3 - "$first" <<'PYTHON' || fail "$(cat out)"
import json, sys
changed, summary = map(json.loads, open("out"))
assert changed["message_type"] == "changed" and changed["old_snapshot_id"] == sys.argv[1]
assert summary == {"message_type": "summary", "changed_snapshots": 1}
PYTHON
second=$(python3 -c 'import json; print(json.loads(open("out").readline())["new_snapshot_id"])')
expect 0 "$BEFFROI" vault tag -r repo --set '' "$second"
state repo >now
grep -qF "\"original\": \"$first\"" now || fail "the original is not the first one: $(cat now)"
if grep -qF '"new"' now; then fail "the tags are still there: $(cat now)"; fi

# Refused, and nothing is changed.
state repo >before
expect 1 "$BEFFROI" vault tag -r repo
said "no tag"
expect 1 "$BEFFROI" vault tag -r repo --set a --add b
said "alone"
expect 1 "$BEFFROI" vault tag -r repo --add b latest "$first"
said "no snapshot"
in_use repo
expect 11 "$BEFFROI" vault tag -r repo --add b
said "lock"
not_in_use
state repo | diff before - || fail "something was changed in spite of an error"

# Cut off at each renaming and each removal: every snapshot is there, at most one of them twice.
trees() { restic -r "$1" --no-lock snapshots --json | python3 -c 'import json,sys; print(*sorted(s["tree"] for s in json.load(sys.stdin)))' | tr ' ' '\n'; }
trees repo | uniq >wanted
for call in renameat2 unlinkat; do
  for nth in $(seq 40); do
    rm -rf cut
    cp -a repo cut
    if strace -f -o strace.out -e trace=$call -e inject=$call:signal=KILL:when="$nth" "$BEFFROI" vault tag -r cut --add cut --host mairie >out 2>err; then
      break
    fi
    trees cut >left
    uniq left | diff wanted - || fail "a snapshot is lost after $call $nth"
    [ "$(wc -l <left)" -le 5 ] || fail "more than one is there twice"
    expect 0 "$BEFFROI" vault tag -r cut --add again latest
    [ -z "$(find cut -name 'tmp-*')$(ls cut/locks)" ] || fail "something was left: $(find cut -name 'tmp-*') $(ls cut/locks)"
    [ $((nth % 3)) != 1 ] || expect 0 restic -r cut check --read-data
  done
  [ "$nth" -gt 2 ] || fail "it was cut off only $nth times at $call"
done
