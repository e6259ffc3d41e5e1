#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the command line explains itself, mistakes are named and exit with 2, commands that need the guard
# and find none say so and how to start it, in English and in French.
set -u
fail() {
  echo "$*" >&2
  exit 1
}
# expect CODE WORDS COMMAND...: the exit code, and words that the output (both streams) must hold
expect() {
  local code=$1 words=$2 got
  shift 2
  "$@" >"$T/out" 2>&1 </dev/null
  got=$?
  [ $got = "$code" ] || fail "exit $got instead of $code: $*
$(cat "$T/out")"
  grep -qF -- "$words" "$T/out" || fail "\"$words\" is not in what this says: $*
$(cat "$T/out")"
}

expect 0 "beffroi " "$BEFFROI" --version
expect 0 "Usage: beffroi COMMAND" "$BEFFROI" --help
expect 2 "a command is missing" "$BEFFROI"
expect 2 "Did you mean: beffroi status" "$BEFFROI" statsu
expect 2 "there is no command" "$BEFFROI" $'evil\033[2J'
grep -q $'\033' "$T/out" && fail "an escape sequence reached the terminal"
expect 2 'unknown option "--jsn"' "$BEFFROI" status --jsn
expect 2 "wants a value" "$BEFFROI" status --socket
expect 2 "too many words" "$BEFFROI" status extra
expect 2 "a command is missing" "$BEFFROI" incident
expect 2 "something is missing" "$BEFFROI" incident show
expect 2 "no incident number" "$BEFFROI" incident show -- -1
expect 2 "no incident number" "$BEFFROI" incident show 1x
expect 2 "no incident number" "$BEFFROI" incident show 99999999999999999999

for words in status "incident list" "incident show 1" "incident rollback 1" "incident dismiss 1" "incident close 1" \
  "incident release 1"; do
  # shellcheck disable=SC2086  # several words on purpose
  expect 1 "sudo systemctl start beffroi" "$BEFFROI" $words --socket "$T/none.sock"
  # shellcheck disable=SC2086
  expect 0 "Usage: beffroi ${words% 1}" "$BEFFROI" ${words% 1} --help
done
expect 1 "$T/from-config.sock" "$BEFFROI" status -c <(echo "socket: $T/from-config.sock")
expect 1 "No such file" "$BEFFROI" status -c "$T/no-such.yaml"

mkdir "$T/closed"
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$T/closed/s"
expect 1 "not running" "$BEFFROI" status --socket "$T/closed/s"
chmod 700 "$T/closed"
expect 1 "use sudo" setpriv --reuid=nobody --regid=nogroup --clear-groups "$BEFFROI" status --socket "$T/closed/s"

expect 1 "le guetteur ne tourne pas" env LC_ALL=fr_FR.UTF-8 "$BEFFROI" status --socket "$T/none.sock"
expect 1 "cannot write the output" sh -c '"$BEFFROI" --help >/dev/full'

# The completion knows the program's commands and options.
# shellcheck source=/dev/null
. "$SOURCE/packaging/beffroi.bash-completion"
complete_words() {
  COMP_WORDS=("$BEFFROI" "$@") COMP_CWORD=$# COMPREPLY=()
  _beffroi
  echo "${COMPREPLY[*]}"
}
[ "$(complete_words sta)" = status ] || fail "completion of sta: $(complete_words sta)"
[ "$(complete_words incident ro)" = rollback ] || fail "completion of incident ro: $(complete_words incident ro)"
[ "$(complete_words incident show --s)" = --socket ] || fail "completion of --s: $(complete_words incident show --s)"
