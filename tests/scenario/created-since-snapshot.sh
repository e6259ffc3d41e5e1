#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: files that no snapshot holds yet, because they were made after it, come back when an attacker
# encrypts, deletes or truncates them.
set -u
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"

number=0
for kind in encrypt replace delete truncate; do
  number=$((number + 1))
  rm -rf "$SHARE" "$T/state" "$T/vault" "$T/seen"
  mkdir -p "$SHARE"
  chmod 755 "$T" "$SHARE"
  proof_start
  proof_files 80
  # Copied aside within about a second of their closing; the store's index names each.
  copied() { [ "$(grep -aoF '.txt' "$T/state/shadow/index" | wc -l)" -ge 80 ]; }
  proof_until copied
  proof_settled # their owners, too
  proof_attack $kind
  proof_until proof_is 1 recovered
  proof_back 1
  kill -KILL "$ATTACKER"
  proof_journal
done
exit 0
