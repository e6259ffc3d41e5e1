#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: for every kind of rule, forget keeps and removes the same snapshots as restic; it removes nothing in a
# dry run, when a rule would take all of a group, or when somebody else uses the repository.
# timeout: 400
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
export TZ=UTC
mkdir tree
echo one >tree/file
new_repo repo restic

# Over three years, ever denser: some of one hour, day, week; two hosts, two paths, tags; and one with a wrong clock.
n=0
while read -r day hour host tags; do
  n=$((n + 1))
  mkdir -p "tree/part$((n % 2))"
  expect 0 restic -r repo backup --host "$host" --tag "$tags" --time "$day $hour" "tree/part$((n % 2))"
done <<'LIST'
2023-02-03 04:05:06 mairie alt
2023-12-31 23:59:59 mairie alt
2024-01-01 00:00:01 mairie alt
2024-02-29 12:00:00 mairie alt,jahr
2024-11-05 08:00:00 ecole x
2025-03-30 01:30:00 mairie x
2025-03-30 03:30:00 mairie x
2025-06-15 10:00:00 mairie x
2025-06-16 10:00:00 ecole x
2025-12-28 10:00:00 mairie x
2025-12-29 10:00:00 mairie x
2026-01-01 10:00:00 mairie jahr
2026-09-01 10:00:00 mairie x
2026-10-01 10:00:00 ecole x
2026-10-20 10:00:00 mairie x
2026-11-01 10:00:00 mairie x
2026-11-02 10:00:00 mairie x
2026-11-02 10:20:00 mairie x
2026-11-02 10:40:00 mairie x
2026-11-02 12:00:00 mairie x
2026-11-03 12:00:00 mairie x,y
2026-11-03 12:00:30 ecole y
LIST

# decided FILE: what is kept and removed, in any order of groups
decided() {
  python3 - "$1" <<'PYTHON'
import json, sys
for group in json.load(open(sys.argv[1])):
    print(sorted(group["tags"] or []), group["host"], sorted(group["paths"] or []))
    for what in "keep", "remove":
        print(what, sorted(s["id"] for s in group[what] or []))
PYTHON
}
while read -r -a rules; do
  expect 0 "$BEFFROI" vault forget -r repo --dry-run --json "${rules[@]}"
  cp out ours.json
  decided out | sort >ours
  # Debian's does not yet keep the oldest while a rule has some left: what we remove it removes too.
  expect 0 restic -r repo forget --dry-run --json "${rules[@]}"
  python3 - ours.json out <<'PYTHON' || fail "restic would keep one of what we remove: ${rules[*]}"
import json, sys
ours, theirs = ({s["id"] for group in json.load(open(f)) for s in group["remove"] or []} for f in sys.argv[1:])
sys.exit(not ours <= theirs)
PYTHON
  [ -n "${RESTIC_NEW:-}" ] || continue
  expect 0 "$RESTIC_NEW" -r repo forget --dry-run --json "${rules[@]}"
  decided out | sort | diff - ours || fail "the newest restic decides differently: ${rules[*]}"
done <<'RULES'
--keep-last 1
--keep-last 3 --keep-daily 2
--keep-hourly 4
--keep-daily 3
--keep-weekly 4
--keep-monthly 5
--keep-yearly 2
--keep-yearly 10
--keep-daily 7 --keep-weekly 5 --keep-monthly 12 --keep-yearly 75
--keep-within 1d
--keep-within 2m3d
--keep-within 1y1m
--keep-within-daily 10d --keep-within-weekly 2m --keep-within-monthly 1y --keep-within-yearly 5y
--keep-tag jahr --keep-last 1
--keep-tag x,y --keep-last 1
--keep-daily 2 --group-by host
--keep-daily 2 --group-by host,tags
--keep-monthly 3 --group-by paths
--keep-last 2 --host ecole
--keep-last 1 --tag x --group-by host
RULES

count() { "$BEFFROI" vault snapshots -r repo --json | python3 -c 'import json,sys; print(len(json.load(sys.stdin)))'; }
[ "$(count)" = $n ] || fail "a dry run removed something"
expect 1 "$BEFFROI" vault forget -r repo
said "neither snapshots nor rules"
expect 1 "$BEFFROI" vault forget -r repo --keep-tag nobody
said "would remove all"
expect 1 "$BEFFROI" vault forget -r repo --keep-last many
said "not a number"
expect 1 "$BEFFROI" vault forget -r repo --keep-within 3x
said "not a length of time"
expect 1 "$BEFFROI" vault forget -r repo --keep-last 1 --group-by moon
said "group-by"
expect 1 "$BEFFROI" vault forget -r repo 00000000000
in_use repo
expect 11 "$BEFFROI" vault forget -r repo --keep-last 1
said "lock"
not_in_use
expect 0 restic -r repo unlock --remove-all
[ "$(count)" = $n ] || fail "something was removed in spite of an error"

# A clock that is years ahead does not push the others out of the time that is kept.
expect 0 restic -r repo backup --host mairie --time '2031-01-01 00:00:00' tree/part1
future=$("$BEFFROI" vault snapshots -r repo --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[-1]["id"])')
expect 0 "$BEFFROI" vault forget -r repo --dry-run --json --keep-within 1m --host mairie
said "${future:0:8}"
python3 -c 'import json; assert sum(len(g["keep"] or []) for g in json.load(open("out"))) >= 7' || fail "$(cat out)"
expect 0 "$BEFFROI" vault forget -r repo "${future:0:12}"
[ "$(count)" = $n ] || fail "not just that one was removed"

expect 0 "$BEFFROI" vault forget -r repo --keep-last 1 --keep-yearly 2 --prune
grep -q 'packs:' out || fail "it was not pruned: $(cat out)"
left=$(count)
[ "$left" -lt $n ] && [ "$left" -ge 4 ] || fail "$left snapshots are left"
while read -r peer; do expect 0 "$peer" -r repo check --read-data; done < <(restics)
expect 0 "$BEFFROI" vault forget -r repo --host ecole --unsafe-allow-remove-all
"$BEFFROI" vault snapshots -r repo --json | python3 -c 'import json,sys; assert all(s["hostname"] != "ecole" for s in json.load(sys.stdin))'
