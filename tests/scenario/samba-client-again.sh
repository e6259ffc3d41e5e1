#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a PC that was locked out for encrypting the share is let in again by a release, works as before,
# and when it attacks again is stopped again: a new incident, everything back, and another PC notices nothing.
# timeout: 400
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"
# shellcheck source=tests/scenario/lib/samba.sh
. "$SOURCE/tests/scenario/lib/samba.sh"
ended() {
  local status=$?
  samba_stop
  (exit $status)
  proof_end
}
trap ended EXIT

# Writes random bytes over one file after the other, in one session of client 1, until it is thrown out.
attack() {
  local path
  head -c 6000000 /dev/urandom | split -a 3 -b 60000 - "$T/noise."
  local noises=("$T"/noise.*)
  (cd "$SHARE" && find . -name '*.txt' -printf '%P\n' | sort | head -n 100) >"$T/names"
  while IFS= read -r path; do
    printf 'put %s "%s"\n' "${noises[0]}" "${path//\//\\}"
    noises=("${noises[@]:1}")
  done <"$T/names" | samba_as 1 >"$T/attack" 2>&1
}
named() { [ "$(proof_json incident show "$1" -- 'x["actor"]["client"]')" = "$CLIENT1" ]; }
gets_in() { samba_as "$1" -c ls >"$T/out" 2>&1; }

samba_start || fail "no Samba"
proof_files 120
proof_config
echo "  samba: { config: $SAMBA_CONFIG }" >>"$T/guard.yaml"
proof_start
for number in 1 2; do
  attack
  proof_until proof_is $number recovered
  named $number || fail "not named: $(proof_ask incident show $number)"
  proof_back $number
  ! gets_in 1 || fail "the client is not locked out"
  gets_in 2 || fail "another client cannot work: $(cat "$T/out")"
  [ $number = 1 ] || break
  proof_ask incident release 1 >"$T/out" 2>&1 || fail "release: $(cat "$T/out")"
  proof_is 1 closed || fail "the released incident is $(proof_state 1)"
  proof_until gets_in 1
  # A day's work: new letters, one of them changed, and one renamed.
  for n in 1 2 3 4; do echo "lettre $n de la mairie" >"$T/letter $n.txt"; done
  samba_as 1 >"$T/out" 2>&1 <<SMB || fail "honest work: $(cat "$T/out")"
put "$T/letter 1.txt" "lettre 1.txt"
put "$T/letter 2.txt" "lettre 2.txt"
put "$T/letter 3.txt" "lettre 1.txt"
rename "lettre 2.txt" "lettre deux.txt"
put "$T/letter 4.txt" "service 1\dossier 1\lettre.txt"
SMB
  cmp -s "$T/letter 3.txt" "$SHARE/lettre 1.txt" && [ -e "$SHARE/lettre deux.txt" ] || fail "its work is not there"
  proof_remember
  sleep 12 # what it does in the ten seconds before its first harm counts as the attack's beginning
done
proof_count 2 || fail "$(proof_ask incident list)"
proof_journal
exit 0
