# SPDX-License-Identifier: GPL-3.0-or-later
# Helpers for the scenario tests of the vault server; sourced by them after vault.sh.
# restic tries again for minutes what is refused: where a refusal is wanted, curl asks for it.

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

# serve OPTION...: a vault server on the folder $T/srv; $url is where it answers. Its users stand in $T/users.
serve() {
  : >"$T/serve.out"
  "$BEFFROI" vault serve --path "$T/srv" --listen 127.0.0.1:0 "$@" >"$T/serve.out" 2>>"$T/serve.log" &
  server=$!
  for _ in $(seq 200); do
    url=$(grep -oE 'https?://[^ ]*' "$T/serve.out") && return
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  fail "the server does not start: $(cat "$T/serve.log")"
}

# unserve: ends it; it must end well.
unserve() {
  local code=0
  kill "$server"
  wait "$server" || code=$?
  server=
  [ "$code" = 0 ] || fail "the server ended with $code: $(tail -n 5 "$T/serve.log")"
}

# user NAME: may log in with the password NAME-secret.
user() {
  printf '%s' "$1-secret" >"$T/pw"
  expect 0 "$BEFFROI" vault serve --add-user "$1" --htpasswd-file "$T/users" --new-password-file "$T/pw"
}

# at NAME [PATH]: the URL with the user's name and password, and a path.
at() { echo "${url%%//*}//$1:$1-secret@${url#*//}${2:-}"; }

# answer CODE CURL-ARGUMENT...: curl gets that status; what the server says is in $T/body, the headers in $T/head.
answer() {
  local wanted=$1 got
  shift
  got=$(curl -s --max-time 60 -o "$T/body" -D "$T/head" -w '%{http_code}' "$@") || true
  [ "$got" = "$wanted" ] || fail "status $got instead of $wanted: curl $* : $(head -c 300 "$T/body")"
}

# object SIZE: a file $T/object of random bytes, whose name is $id.
object() {
  head -c "$1" /dev/urandom >"$T/object"
  id=$(sha256sum "$T/object" | cut -d ' ' -f 1)
}

# nothing_left: no upload left anything behind.
nothing_left() {
  local left
  left=$(find "$T/srv" -name 'tmp-*')
  [ -z "$left" ] || fail "left behind: $left"
}

# journaled ACTION [REASON]: the journal tells of it, within a few seconds.
journaled() {
  for _ in $(seq 50); do
    "$BEFFROI" journal show --json --state "${state:-$T/srv/.beffroi}" >"$T/journal.json" 2>/dev/null &&
      python3 - "$T/journal.json" "$@" <<'PYTHON' && return
import json, sys
entries = json.load(open(sys.argv[1]))
wanted = sys.argv[3] if len(sys.argv) > 3 else ""
sys.exit(not any(e["event"]["action"] == sys.argv[2] and e["beffroi"].get("reason", "") == wanted for e in entries))
PYTHON
    sleep 0.1
  done
  fail "the journal does not tell of $*"
}

# journal_intact: the journal is as it was signed.
journal_intact() {
  expect 0 "$BEFFROI" journal verify --state "${state:-$T/srv/.beffroi}" --remember "$T/remembered"
}
