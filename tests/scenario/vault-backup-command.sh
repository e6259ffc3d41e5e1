#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: what a command writes, or what comes in a pipe, becomes a file in a snapshot as with restic; a
# command that fails makes no snapshot, however much it wrote.
# timeout: 300
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"

new_repo repo
count() { find repo/snapshots -type f | wc -l; }
# The tree of the newest snapshot of a host, without times.
shape() {
  restic -r repo ls latest --host "$1" --json | python3 -c 'import json,sys
for line in sys.stdin:
    n = json.loads(line)
    print([n.get(k) for k in ("path", "type", "mode", "uid", "gid", "size", "paths")])'
}
read -r newest < <(restics | tail -n 1)
head -c 20000000 /dev/urandom >dump
for name in stdin bases/mairie.sql; do
  expect 0 "$BEFFROI" vault backup -r repo --host ours --stdin --stdin-filename "$name" <dump
  expect 0 "$newest" -r repo backup --host theirs --stdin --stdin-filename "$name" <dump
  [ "$(shape ours)" = "$(shape theirs)" ] || fail "$name: $(diff <(shape ours) <(shape theirs))"
done
restic -r repo dump latest --host ours /bases/mairie.sql | cmp - dump

expect 0 "$BEFFROI" vault backup -r repo --host ours --stdin-from-command --stdin-filename q.sql --json -- cat dump
python3 -c 'import json; s = [json.loads(l) for l in open("out")][-1]; assert s["total_bytes_processed"] == 20000000 and s["data_blobs"] == 0, s'
restic -r repo dump latest --host ours /q.sql | cmp - dump
expect 0 "$BEFFROI" vault backup -r repo --host ours --stdin-from-command -- true
restic -r repo dump latest --host ours /stdin | cmp - /dev/null

before=$(count)
expect 1 "$BEFFROI" vault backup -r repo --stdin-from-command -- sh -c 'cat dump; exit 3'
said 'no snapshot was made: the command sh failed with exit code 3'
expect 1 "$BEFFROI" vault backup -r repo --stdin-from-command -- sh -c 'cat dump; kill -9 $$'
said 'no snapshot was made: the command sh was ended by signal 9'
expect 1 "$BEFFROI" vault backup -r repo --stdin-from-command -- "$T/no-such-command"
said 'cannot start the command'
expect 2 "$BEFFROI" vault backup -r repo --stdin-from-command
said 'wants a command'
expect 2 "$BEFFROI" vault backup -r repo --stdin dump </dev/null
said 'cannot be saved in one snapshot'
expect 1 "$BEFFROI" vault backup -r repo --stdin --stdin-filename / </dev/null
said 'is not the name of a file'
[ "$(count)" = "$before" ] || fail "a failed command left a snapshot"
expect 0 restic -r repo check --read-data
