#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a wrong password, no password and no repository each get an exact answer, and a password never
# has to stand on the command line.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

cd "$T"
expect 0 "$BEFFROI" vault init -r repo
expect 1 "$BEFFROI" vault init -r repo
said "repo already holds a repository"
RESTIC_PASSWORD=wrong expect 12 "$BEFFROI" vault snapshots -r repo
said "wrong password for the repository repo"
printf '%s\r\n' "$RESTIC_PASSWORD" >password
(
  unset RESTIC_PASSWORD
  expect 0 "$BEFFROI" vault snapshots -r repo --password-file password
  RESTIC_REPOSITORY=repo RESTIC_PASSWORD_FILE=password expect 0 "$BEFFROI" vault snapshots
  expect 1 setsid "$BEFFROI" vault snapshots -r repo </dev/null
  said "no password was given"
  expect 1 "$BEFFROI" vault snapshots -r repo --password-file nowhere
  said "cannot open nowhere"
)
expect 10 "$BEFFROI" vault snapshots -r nowhere
said "nowhere is not a repository"
said "beffroi vault init -r nowhere"
expect 1 "$BEFFROI" vault snapshots
said "no repository was named"
expect 2 "$BEFFROI" vault snapshots -r repo --password secret
