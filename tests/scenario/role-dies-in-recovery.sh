#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the vault dies while it fetches what only it holds, the actor while it carries a plan out, and both
# at once: started again, they complete it, and every file is back.
# timeout: 500
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

fetched() { [ -n "$(ls -A "$T/state/incidents/$1/staged" 2>/dev/null)" ]; }
planned() { [ -e "$T/state/incidents/$1/plan" ]; }
begun() { [ "$(stat -c %s "$T/state/incidents/$1/done" 2>/dev/null || echo 0)" -gt "$2" ]; }
# On the disk and in the journal: the first is asked often, the second is slow.
promptly() {
  local n
  for n in $(seq 30000); do
    "$@" && return 0
    [ $((n % 500)) != 0 ] || ! proof_is "$number" recovered || return 0
  done
  fail "in vain: $*"
}
late=0
kill_role() {
  local role
  for role; do kill -KILL "$(pgrep -P "$watched_pid" -x "beffroi-$role")"; done
  if proof_is $number recovered; then late=$((late + 1)); fi
}
restarted() { [ "$(proof_json status -- '[r["restarts"] for r in x["guard"]["roles"] if r["name"] == "'"$1"'"][0]')" -ge "$2" ]; }

proof_files 240
# Large ones, which take a moment.
for n in 1 2 3; do head -c 40000000 /dev/urandom >"$SHARE/archives $n.zip"; done
chown 20001:20001 "$SHARE"/*.zip
proof_remember
proof_start
number=0
round() { # kind of attack, condition and its arguments, --, roles
  local condition=()
  number=$((number + 1))
  proof_attack "$1"
  shift
  while [ "$1" != -- ]; do
    condition+=("$1")
    shift
  done
  promptly "${condition[0]}" $number "${condition[@]:1}"
  kill_role "${@:2}"
  proof_until proof_is $number recovered
  proof_back $number
  kill -KILL "$ATTACKER"
}
round delete fetched -- vault
round delete planned -- actor
round delete begun 30 -- actor
round held planned -- vault actor
proof_until restarted vault 2
proof_until restarted actor 3
[ "$late" -lt 4 ] || fail "each recovery was over before a role could be killed"
proof_journal
exit 0
