#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a guard that cannot start says why, with file and line, and changes nothing: wrong configurations,
# not root, a second guard on the same state folder, a vault whose password file is gone.
set -u
# shellcheck source=tests/scenario/lib/watched.sh
. "$SOURCE/tests/scenario/lib/watched.sh"
trap watched_stop EXIT
fail() {
  echo "$*" >&2
  exit 1
}
# refused WORDS...: guard refuses the configuration $T/c.yaml, in words that hold all of these, and makes nothing
refused() {
  local words
  "$BEFFROI" guard -c "$T/c.yaml" >"$T/out" 2>&1 </dev/null
  [ $? = 1 ] || fail "exit status is not 1: $(cat "$T/out")"
  for words; do
    grep -qF -- "$words" "$T/out" || fail "\"$words\" is not in: $(cat "$T/out")"
  done
  [ ! -e "$T/state" ] || fail "a state folder was made for: $(cat "$T/c.yaml")"
}
with() { printf 'state: %s/state\nsocket: %s/s\n%s\n' "$T" "$T" "$1" >"$T/c.yaml"; }

mkdir -p "$T/share/inner" "$T/other"
ln -s share "$T/link"
echo text >"$T/file"

refused "$T/c.yaml" "No such file"
with "protct:
  - path: $T/share"
refused "$T/c.yaml:3" 'protct'
with "protect:
  - path: $T/share
    decoy: true"
refused "$T/c.yaml:5" 'unknown key "decoy"' 'did you mean "decoys"'
with "protect: $T/share"
refused "$T/c.yaml:3" "wants a list"
with "protect:
  - path: $T/share
    snapshot-every: often"
refused "$T/c.yaml:5" "wants a duration"
with "protect:
  - path: $T/nowhere"
refused "$T/c.yaml:4" "$T/nowhere" "No such file"
with "protect:
  - path: $T/file"
refused "$T/c.yaml:4" "not a folder"
with "protect:
  - path: $T/link"
refused "$T/c.yaml:4" "symbolic link" "$T/share"
with "protect:
  - path: $T/share
  - path: $T/share/"
refused "$T/c.yaml:5" "twice"
with "protect:
  - path: $T/share
  - path: $T/share/inner"
refused "$T/c.yaml:5" "contain each other"
printf 'state: %s/share/state\nprotect:\n  - path: %s/share\n' "$T" "$T" >"$T/c.yaml"
refused "$T/c.yaml:3" "contains the state folder"
printf 'state: %s/share\nprotect:\n  - path: %s/share/inner\n' "$T" "$T" >"$T/c.yaml"
refused "$T/c.yaml:3" "inside the state folder"

with "protect:
  - path: $T/share"
"$BEFFROI" guard --check-config -c "$T/c.yaml" >"$T/out" 2>&1 || fail "a right configuration: $(cat "$T/out")"
[ ! -e "$T/state" ] || fail "--check-config made a state folder"

chmod 711 "$T"
mkdir "$T/bin"
cp "$(dirname "$BEFFROI")"/beffroi "$(dirname "$BEFFROI")"/beffroi-* "$T/bin" 2>/dev/null || true
chmod -R a+rX "$T/bin"
if setpriv --reuid 65534 --regid 65534 --clear-groups "$T/bin/beffroi" guard -c "$T/c.yaml" >"$T/out" 2>&1; then
  fail "the guard started without root"
fi
grep -q "root" "$T/out" || fail "not root: $(cat "$T/out")"
[ ! -e "$T/state" ] || fail "a state folder was made without root"

watched_start "$T/share" || exit 1
cp "$T/guard.yaml" "$T/c.yaml"
"$BEFFROI" guard -c "$T/c.yaml" >"$T/out" 2>&1 </dev/null && fail "a second guard started"
grep -q "process $watched_pid" "$T/out" || fail "the second guard does not name the first: $(cat "$T/out")"
watched_ready || fail "the first guard was disturbed by the second"
watched_stop

mv "$T/vault.pass" "$T/kept.pass"
"$BEFFROI" guard -c "$T/c.yaml" >"$T/out" 2>&1 </dev/null && fail "the guard started without the vault's password"
grep -q "password" "$T/out" || fail "no word of the password: $(cat "$T/out")"
[ ! -e "$T/vault.pass" ] || fail "a new password was made for an old vault"
exit 0
