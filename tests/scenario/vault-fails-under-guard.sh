#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: with a repository that is cut short, bit-flipped or
# read-only, the running guard says so in its status, guards on, and what was copied aside still gives everything back.
# timeout: 500
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

# Says something about the vault or a snapshot that is not all well.
says_so() {
  [ "$(proof_json status -- 'bool(x["vault"]["text"] or x["vault"]["state"] != "open" or any(p["snapshot_failure"] for p in x["protected"]))')" = True ]
}
running() { [ "$(proof_json status -- 'x["guard"]["running"]')" = True ]; }
# shellcheck disable=SC2044 # the names are hexadecimal
damage() {
  local file
  case $1 in
  cut) for file in $(find "$T/vault/data" "$T/vault/index" -type f); do truncate -s -20 "$file"; done ;;
  flipped)
    for file in $(find "$T/vault/data" "$T/vault/index" -type f); do
      chmod u+w "$file"
      printf '\xff\x00\xff' | dd of="$file" bs=1 seek=40 conv=notrunc status=none
    done
    ;;
  read-only) mount --bind "$T/vault" "$T/vault" && mount -o remount,bind,ro "$T/vault" ;;
  esac
}
for kind in cut flipped read-only; do
  rm -rf "$SHARE" "$T/state" "$T/vault" "$T/seen"
  mkdir -p "$SHARE"
  proof_start every=1m
  proof_files 80
  proof_settled
  damage $kind
  proof_attack encrypt
  proof_until proof_is 1 recovered
  proof_back 1
  proof_until says_so
  running || fail "the guard does not run ($kind)"
  kill -KILL "$ATTACKER"
  proof_journal
  if [ $kind = read-only ]; then umount "$T/vault"; fi
done
exit 0
