# SPDX-License-Identifier: GPL-3.0-or-later
# A folder under guard, for scenario tests and benchmarks. Source it with $BEFFROI and $T set, then:
#
#   watched_start FOLDER...     starts the guard on the folders (they exist) and waits for their first snapshots
#   watched_incidents           prints the number of incidents
#   watched_tree                prints the pids of the guard's processes
#   watched_stop                ends the guard; call it from a trap

watched_pid=

watched_start() {
  local folder
  printf 'une phrase secrete\n' >"$T/vault.pass"
  chmod 400 "$T/vault.pass"
  {
    printf 'name: essai\nstate: %s/state\nsocket: %s/api.sock\nprotect:\n' "$T" "$T"
    for folder; do printf '  - path: %s\n    kind: files\n    snapshot-every: 15m\n' "$folder"; done
    printf 'vault:\n  repository: %s/vault\n  password-file: %s/vault.pass\n' "$T" "$T"
    printf 'respond:\n  mode: enforce\n  recover: auto\n'
  } >"$T/guard.yaml"
  "$BEFFROI" guard -c "$T/guard.yaml" >"$T/guard.log" 2>&1 &
  watched_pid=$!
  for _ in $(seq 1800); do
    if ! kill -0 "$watched_pid" 2>/dev/null; then
      echo "the guard has ended at its start:"
      tail -n 20 "$T/guard.log"
      return 1
    fi
    watched_ready && return 0
    sleep 0.1
  done
  echo "the guard is not ready after three minutes:"
  tail -n 20 "$T/guard.log"
  return 1
}

watched_ready() {
  "$BEFFROI" status --json -c "$T/guard.yaml" 2>/dev/null | python3 -c '
import json, sys
s = json.load(sys.stdin)
sys.exit(0 if s["guard"]["running"] and s["protected"] and all(p.get("snapshot") for p in s["protected"]) else 1)
' 2>/dev/null
}

watched_incidents() {
  "$BEFFROI" incident list --json -c "$T/guard.yaml" | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'
}

watched_tree() {
  local todo=("$watched_pid") pid
  while [ ${#todo[@]} -gt 0 ]; do
    pid=${todo[0]}
    todo=("${todo[@]:1}")
    echo "$pid"
    # shellcheck disable=SC2207
    todo+=($(cat /proc/"$pid"/task/*/children 2>/dev/null))
  done
}

watched_stop() {
  [ -n "$watched_pid" ] || return 0
  kill "$watched_pid" 2>/dev/null
  wait "$watched_pid" 2>/dev/null
  watched_pid=
}
