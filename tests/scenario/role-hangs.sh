#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: an actor that hangs when an attack begins is replaced, the attack is stopped and undone, and the
# loss of a role that still had orders to read takes no other role along.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

proof_files 80
for language in C.UTF-8 fr_FR.UTF-8; do
  export LC_ALL=$language
  rm -rf "$T/state" "$T/vault" "$T/seen"
  proof_start
  kill -STOP "$(pgrep -P "$watched_pid" -x beffroi-actor)"
  proof_attack encrypt
  proof_until proof_is 1 recovered
  proof_back 1
  restarts=$(proof_json status -- '{r["name"]: r["restarts"] for r in x["guard"]["roles"] if r["restarts"]}')
  [ "$restarts" = "{'actor': 1}" ] || fail "died: $restarts"
  kill -KILL "$ATTACKER"
  proof_journal
done
exit 0
