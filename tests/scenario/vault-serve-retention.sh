#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: on the server, rules count from when snapshots arrived, so that an intruder who dates snapshots as he
# likes cannot make them forget the real ones.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/serve.sh"

user anne
serve --htpasswd-file "$T/users"
remote=rest:$(at anne)
expect 0 restic -r "$remote" init
cheap_key "$T/srv"
mkdir "$T/tree"

# save ARRIVED [OPTION...]: a snapshot that arrived then; $last is its ID.
save() {
  local arrived=$1
  shift
  ls "$T/srv/snapshots" >"$T/before"
  date +%N >"$T/tree/file"
  expect 0 restic -r "$remote" backup --host town "$@" "$T/tree"
  # shellcheck disable=SC2012 # names of objects
  last=$(ls "$T/srv/snapshots" | comm -13 "$T/before" -)
  touch -d "$arrived" "$T/srv/snapshots/$last"
}
real=()
for days in 4 3; do
  save "$days days ago 12:00"
  real+=("$last")
done
false=()
for day in 1 2 3 4 5 6; do
  save "2 days ago 12:0$day" --time "2035-01-0$day 12:00:00"
  false+=("$last")
done
for days in 1 0; do
  save "$days days ago 00:01"
  real+=("$last")
done

kept() {
  expect 0 "$BEFFROI" vault forget -r "$T/srv" --keep-daily 5 --json "$@"
  python3 -c 'import json, sys; print(*sorted(s["id"] for g in json.load(sys.stdin) for s in g["keep"] or []), sep="\n")' <"$T/out"
}
# What restic, and beffroi without the option, would do.
[ "$(kept --dry-run)" = "$(printf '%s\n' "${false[@]:1}" | sort)" ] || fail "this is no attack: $(cat "$T/out")"
# With it, each real day stays, and one of the six that came on one day.
wanted=$(printf '%s\n' "${real[@]}" "${false[5]}" | sort)
[ "$(kept --dry-run --by-arrival)" = "$wanted" ] || fail "not what should be kept: $(cat "$T/out")"
[ "$(find "$T/srv/snapshots" -type f | wc -l)" = 10 ] || fail "a dry run removed something"
[ "$(kept --by-arrival)" = "$wanted" ] || fail "not what should be kept: $(cat "$T/out")"
[ "$(find "$T/srv/snapshots" -type f -printf '%f\n' | sort)" = "$wanted" ] || fail "not what was kept"
expect 0 "$BEFFROI" vault prune -r "$T/srv"
while read -r restic; do
  expect 0 "$restic" -r "$remote" check --read-data
  expect 0 "$restic" -r "$remote" restore "${real[0]}" --target "$T/back-$(basename "$restic")"
done < <(restics)
unserve
journal_intact
