#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: progress is shown as often as one wants, with rate and remaining time, on a terminal or in lines; never when
# nobody asked, never with --quiet; and the name of a file cannot write to the terminal.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
mkdir tree
for n in $(seq 12); do head -c 1500000 /dev/urandom >"tree/$n"; done
head -c 9000000 /dev/urandom >"tree/"$'red \e[31m'
new_repo repo
fps() { RESTIC_PROGRESS_FPS=60 expect 0 "$BEFFROI" vault "$@"; }
shows() { grep -qE -- "$1" err || fail "expected \"$1\" in: $(head -c 1000 err)"; }
shows_nothing() { [ ! -s err ] || fail "shown without being asked for: $(head -c 1000 err)"; }

fps backup -r repo --pack-size 4 tree
shows '^\[0:0[0-9]\]  [0-9]+ files, [0-9.]+ [KM]?i?B, [0-9.]+ [KMG]iB/s  .*/tree/'
if grep -q $'\e' err out; then fail "a name writes to the terminal: $(cat -v err)"; fi
fps check -r repo --read-data
shows '^\[0:0[0-9]\] [0-9.]+%  [0-9]+ of [0-9]+ packs read, [0-9]+:[0-9]{2} left$'
fps restore latest -r repo --target restored
shows '^\[0:[0-9]{2}\]  [0-9]+ files, '
expect 0 "$BEFFROI" vault backup -r repo --force tree
shows_nothing
expect 0 "$BEFFROI" vault check -r repo --read-data
shows_nothing
fps check -r repo --read-data --quiet
shows_nothing
RESTIC_PROGRESS_FPS=0.01 expect 0 "$BEFFROI" vault check -r repo --read-data
[ "$(wc -l <err)" -le 1 ] || fail "shown too often: $(cat err)"
RESTIC_PROGRESS_FPS=often expect 0 "$BEFFROI" vault check -r repo --read-data
shows_nothing

# JSON, every line of it.
fps backup -r repo --force --json tree
python3 - <<'PYTHON' || fail "$(head -c 1000 out)"
import json
kinds = [json.loads(line) for line in open("out")]
status = [m for m in kinds if m["message_type"] == "status"]
assert status and kinds[-1]["message_type"] == "summary", kinds[-1]
assert {"seconds_elapsed", "percent_done", "files_done", "bytes_done", "current_files"} <= set(status[-1]), status[-1]
PYTHON

# What is to be packed anew.
mkdir other && cp tree/1 tree/2 other/
expect 0 "$BEFFROI" vault backup -r repo other
expect 0 "$BEFFROI" vault forget -r repo --keep-last 1 --path "$T/tree" --group-by ''
for id in $("$BEFFROI" vault snapshots -r repo --path "$T/tree" --json | grep -o '"short_id":"[0-9a-f]*"' | cut -d '"' -f 4); do
  expect 0 "$BEFFROI" vault forget -r repo "$id"
done
fps prune -r repo --max-unused 0
shows 'packs packed anew'

# On a terminal, one line that is taken away behind it; no byte of a name is an order to it.
TERM=xterm expect 0 script -qec "stty cols 60; RESTIC_PROGRESS_FPS=60 '$BEFFROI' vault backup -r repo --force tree" typescript
python3 - <<'PYTHON' || fail "the terminal got $(cat -v typescript | head -c 2000)"
import re
text = open("typescript", "rb").read()
shown = re.findall(rb"\r\x1b\[K(\[[^\r]*)", text)
assert shown, "no line of progress"
assert all(len(line.decode()) < 60 for line in shown), max(shown, key=len)
assert b"\x1b[31m" not in text
PYTHON
