# SPDX-License-Identifier: GPL-3.0-or-later
# Helpers for the scenario tests of repositories behind a REST server; sourced after vault.sh.

needs_rclone() {
  [ -n "${RCLONE_NEW:-}" ] && return
  echo "skipped: no rclone (RCLONE_NEW)"
  exit 77
}

# serve FOLDER [OPTION...]: rclone serves the folder. $served is its process, $url its address (http://...), and serve_again
# starts one at the same address.
serve() {
  local folder=$1 i
  shift
  : >"$T/rclone.out"
  "$RCLONE_NEW" --config "$T/rclone.conf" serve restic --addr "${address:-127.0.0.1:0}" "$@" "$folder" >"$T/rclone.out" 2>&1 &
  served=$!
  for i in $(seq 100); do
    url=$(sed -n 's/.*Serving restic REST API on \[\(.*\)\/\].*/\1/p' "$T/rclone.out")
    [ -z "$url" ] || return 0
    sleep 0.1
  done
  fail "rclone does not serve: $(cat "$T/rclone.out")"
}
serve_again() { address=${url#http://} serve "$@"; }

stop_serving() {
  kill -9 "$served"
  wait "$served" 2>/dev/null || true
  served=
}

# lie FOLDER: a server of our own, which misbehaves as the file $T/mode says (see lying-rest-server.py). $served, $url.
lie() {
  local i
  echo honest >"$T/mode"
  python3 "$lib/lying-rest-server.py" "$1" "$T/mode" >"$T/liar.out" 2>"$T/liar.err" &
  served=$!
  for i in $(seq 100); do
    url=$(cat "$T/liar.out")
    [ -z "$url" ] || return 0
    sleep 0.1
  done
  fail "the lying server does not start: $(cat "$T/liar.err")"
}

trap '[ -z "${served:-}" ] || kill -9 "$served" 2>/dev/null || true' EXIT
