#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a script that was written for restic works when its program is beffroi vault: options before the
# command, passwords from commands, repositories named in files, and waiting for locks.
# timeout: 300
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
needs_newest
cd "$T"

cat >script <<'SCRIPT'
set -e
$PROGRAM -r "$1" --verbose=2 init >>log
$PROGRAM --repo="$1" -v --no-cache backup --tag nightly --host server --exclude '*.tmp' tree >>log
$PROGRAM --repository-file where --cache-dir cache --cleanup-cache backup -q --retry-lock 1m tree/a >>log
$PROGRAM -r "$1" forget --keep-last 1 --group-by host --prune -q
$PROGRAM -r "$1" -q check --read-data
$PROGRAM -r "$1" restore latest --target "$1-back" -vv >>log
$PROGRAM -r "$1" snapshots --json
SCRIPT
mkdir -p tree/a
printf 'x' >tree/a/x && printf 'y' >tree/y.tmp
unset RESTIC_PASSWORD
export RESTIC_PASSWORD_COMMAND="printf ' un mot de passe\n\n'"
read -r newest < <(restics | tail -n 1)
for program in "$newest" "$BEFFROI vault"; do
  name=of-${program##* }
  name=${name//\//-}
  echo "$T/$name" >where
  PROGRAM=$program expect 0 bash script "$T/$name"
  python3 -c 'import json; print([(s["paths"], s["hostname"] == "server", s.get("tags")) for s in json.load(open("out"))])' >"$name.list"
  (cd "$name-back" && find . -type f | sort) >>"$name.list"
done
# shellcheck disable=SC2012 # two names of ours
[ "$(ls ./*.list | wc -l)" = 2 ] && cmp ./*.list || fail "the script did something else: $(cat ./*.list)"

repo=$T/of-vault
cd "$T"
expect 0 "$BEFFROI" vault -r "$repo" --password-command 'echo un mot de passe' snapshots
expect 12 "$BEFFROI" vault -r "$repo" --password-command 'echo another' snapshots
said password
expect 1 "$BEFFROI" vault -r "$repo" --password-command 'echo secret; exit 4' snapshots
said 'the command sh failed with exit code 4'
! grep -q secret err || fail "the password was told"

# A lock is waited for as long as one wants.
in_use "$repo"
expect 11 "$BEFFROI" vault -r "$repo" prune
said 'locked'
(sleep 4 && kill "$user") &
expect 0 "$BEFFROI" vault -r "$repo" --retry-lock 2m prune
wait
exec 9>&-
expect 1 "$BEFFROI" vault -r "$repo" --retry-lock soon prune
said '--retry-lock wants a duration'
expect 2 "$BEFFROI" vault -r "$repo" --no-such backup tree
said 'unknown option "--no-such"'
expect 2 "$BEFFROI" vault -r "$repo" -qz check
said 'unknown option "-qz"'

# A repository for copies cuts files where the first one does.
expect 0 "$BEFFROI" vault init -r second --copy-chunker-params --from-repo "$repo" --from-password-command "$RESTIC_PASSWORD_COMMAND"
config() { restic -r "$1" cat config | python3 -c 'import json,sys; c = json.load(sys.stdin); print(c[sys.argv[1]])' "$2"; }
[ "$(config second chunker_polynomial)" = "$(config "$repo" chunker_polynomial)" ] || fail "another polynomial"
[ "$(config second id)" != "$(config "$repo" id)" ] || fail "the same ID"
expect 0 "$BEFFROI" vault init -r old --repository-version 1
[ "$(config old version)" = 1 ] || fail "not version 1"
expect 0 "$BEFFROI" vault backup -r old tree
expect 0 restic -r old check --read-data
expect 2 "$BEFFROI" vault init -r none --repository-version 3
expect 2 "$BEFFROI" vault init -r none --from-repo "$repo"
[ ! -e none ] || fail "a repository was made"
