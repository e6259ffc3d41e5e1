#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: locking out one Samba client ends its session at once and keeps it out, the other client works on in
# its open session, and undoing lets the client in again; over IPv4 and IPv6.
set -euo pipefail
source "$(dirname "$0")/lib/samba.sh"
hand=$BUILD/tests/tools/hand
trap 'status=$?; samba_stop; exit $status' EXIT
mkdir "$T/state"
samba_start
fail() { echo "FAILED: $*" >&2; exit 1; }

# A session that stays open: commands are written into a pipe, the answers go to a file.
open_session() { # number
  mkfifo "$T/in$1"
  samba_as "$1" <"$T/in$1" >"$T/out$1" 2>&1 &
  sessions+=($!)
  eval "exec 1$1<>\"$T/in$1\""
}
wait_for() { # path
  for _ in $(seq 100); do [ -e "$1" ] && return 0; sleep 0.05; done
  return 1
}
smbd_of() { # address: the pid that serves it
  smbstatus -s "$SAMBA_CONFIG" -j | python3 -c 'import json,sys
for s in json.load(sys.stdin)["sessions"].values():
    if s["remote_machine"] == sys.argv[1]: print(s["server_id"]["pid"])' "$1"
}

round() { # address of client 1
  sessions=()
  rm -f "$T"/in? "$T"/out?
  open_session 1
  open_session 2
  echo "mkdir one" >&11
  echo "mkdir two" >&12
  wait_for "$SHARE/one" && wait_for "$SHARE/two" || fail "the sessions do not work"
  pid=$(smbd_of "$1")
  [ -n "$pid" ] || fail "no smbd serves $1"
  user=$("$hand" username "$T/state" "$SAMBA_CONFIG" "$1" "$pid")
  [ "$user" = root ] || fail "the user of $1 is “$user”"
  "$hand" lockout "$T/state" "$SAMBA_CONFIG" "$1" "$pid" || fail "lockout"
  [ ! -e "/proc/$pid" ] || fail "its smbd is still there"
  echo "mkdir three" >&11
  echo "mkdir four" >&12
  wait_for "$SHARE/four" || fail "the other client lost its session"
  ! samba_as 1 -c 'mkdir five' >/dev/null 2>&1 || fail "the client got in again"
  [ ! -e "$SHARE/three" ] && [ ! -e "$SHARE/five" ] || fail "the client could still write"
  "$hand" readmit "$T/state" "$SAMBA_CONFIG" "$1" 0 || fail "undo"
  samba_as 1 -c 'mkdir six' >/dev/null || fail "the client is not let in again"
  [ -d "$SHARE/six" ] || fail "its folder is not there"
  kill "${sessions[@]}" 2>/dev/null || true
  exec 11>&- 12>&-
  rm -rf "${SHARE:?}"/*
}
round "$CLIENT1"
SAMBA_ADDRESS=fd77::1
round fd77::11
