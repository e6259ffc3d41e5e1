#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: commands end with the exit codes of the newest restic, which scripts tell from each other: no repository, a
# locked one, a wrong password, interrupted.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
needs_newest
cd "$T"
mkdir tree && echo one >tree/file
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo tree

# as_restic CODE ARGUMENT...: both end so.
as_restic() {
  local code=$1
  shift
  expect "$code" "$RESTIC_NEW" "$@"
  expect "$code" "$BEFFROI" vault "$@"
}
for command in snapshots "ls latest" "backup tree" check prune "cat config" unlock "restore latest --target out" "key list" \
  "forget --keep-last 1" "stats" "find file" "tag --add a"; do
  # shellcheck disable=SC2086 # several words
  as_restic 10 -r nowhere $command
  # shellcheck disable=SC2086
  RESTIC_PASSWORD=wrong as_restic 12 -r repo $command
done
RESTIC_FROM_PASSWORD=wrong as_restic 12 -r repo copy --from-repo repo
RESTIC_FROM_PASSWORD=wrong as_restic 10 -r repo copy --from-repo nowhere
as_restic 1 -r repo snapshots --password-file nowhere
as_restic 1 -r repo ls 00000000
in_use repo
for command in prune "forget --keep-last 1 --prune" "tag --add a" "rewrite --exclude file --forget" \
  "key passwd --new-password-file tree/file"; do
  # shellcheck disable=SC2086
  as_restic 11 -r repo $command
done
not_in_use
expect 0 "$BEFFROI" vault unlock -r repo

# Ctrl-C.
mkfifo pipe
for program in "$RESTIC_NEW" "$BEFFROI vault"; do
  # shellcheck disable=SC2086 # A shell lets its background programs ignore SIGINT.
  env --default-signal=INT $program -r repo backup --stdin <pipe >/dev/null 2>&1 &
  pid=$!
  exec 9>pipe
  for _ in $(seq 100); do [ -z "$(find repo/locks -type f ! -name 'tmp*')" ] || break; sleep 0.1; done
  kill -INT "$pid"
  code=0
  wait "$pid" || code=$?
  exec 9>&-
  [ "$code" = 130 ] || fail "$program ends with $code"
  expect 0 "$BEFFROI" vault unlock -r repo
done
[ "$(ls repo/snapshots | wc -l)" = 1 ] || fail "what was interrupted made a snapshot"
