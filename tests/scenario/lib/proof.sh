# SPDX-License-Identifier: GPL-3.0-or-later
# A folder under guard, an attacker, and the proof that everything is back. Source it with $T, $SOURCE and $BEFFROI set:
#
#   proof_files N               makes $SHARE with N text files in folders, and $T/before, a copy with all metadata
#   proof_start [KEY=VALUE...]  starts the guard on $SHARE; keys: mode, recover, decoys, state, vault, quota; it uses
#                               what was written by an earlier call when there are none
#   proof_attack KIND [N [P]]   an unprivileged program that spoils up to N files in the background: encrypt, held (the
#                               same, but opens all of them before it writes to the first), replace, delete, truncate;
#                               it stops by itself after P of them, until SIGCONT; $ATTACKER is its pid
#   proof_until WORDS...        waits (two minutes at most) until the command succeeds
#   proof_stopped PID           every thread of it is stopped or frozen
#   proof_state N               the state of incident N ("" there is none)
#   proof_back                  $SHARE is $T/before in bytes and metadata (but the times of folders)
#   proof_settled               waits until the sensor has kept all that was changed so far
#   proof_kill9                 ends the guard's whole tree at once, without a word
# shellcheck shell=bash
# shellcheck source=tests/scenario/lib/watched.sh
. "$SOURCE/tests/scenario/lib/watched.sh"
SHARE=$T/share
ATTACKER=
proof_pids=()
trap proof_end EXIT

fail() {
  echo "FAILED: $*" >&2
  tail -n 30 "$T/guard.log" >&2
  exit 1
}

# Kills them with all that they started, which a frozen parent does not take along.
proof_slay() {
  local all=("$@") at pid
  for ((at = 0; at < ${#all[@]}; at++)); do
    # shellcheck disable=SC2207  # a list of numbers
    all+=($(cat /proc/"${all[at]}"/task/*/children 2>/dev/null))
  done
  for pid in "${all[@]}"; do kill -KILL "$pid" 2>/dev/null; done
}

proof_end() {
  local status=$? pid
  trap - EXIT
  proof_slay "${proof_pids[@]}"
  watched_stop
  # What a freeze left is thawed by the kill; a control group goes when its last process does.
  for pid in "${proof_pids[@]}"; do wait "$pid" 2>/dev/null; done
  exit $status
}

proof_files() {
  chmod 755 "$T"
  mkdir -p "$SHARE"
  python3 - "$SHARE" "$1" <<'PYTHON'
import os, random, sys
root, count, r = sys.argv[1], int(sys.argv[2]), random.Random(7)
words = "mairie conseil budget école voirie séance délibération courrier permis état civil".split()
for n in range(count):
    folder = f"{root}/service {n % 8}/dossier {n % 3}"
    os.makedirs(folder, exist_ok=True)
    path = f"{folder}/pièce n° {n:04}.txt"
    with open(path, "w") as f:
        f.write(" ".join(r.choice(words) for _ in range(r.randint(500, 3000))))
    os.utime(path, ns=(1_600_000_000_000_000_000 + n, 1_600_000_000_123_456_789 + n))
PYTHON
  chown -R 20001:20001 "$SHARE"
  proof_remember
}

proof_remember() {
  rm -rf "$T/before"
  cp -a "$SHARE" "$T/before"
}

proof_config() {
  local mode=enforce recover=auto decoys=false state=$T/state vault=$T/vault quota=10G every=15m pair
  for pair; do printf -v "${pair%%=*}" %s "${pair#*=}"; done
  [ -e "$T/vault.pass" ] || printf 'une phrase secrete\n' >"$T/vault.pass"
  chmod 400 "$T/vault.pass"
  cat >"$T/guard.yaml" <<YAML
name: essai
state: $state
socket: $T/api.sock
protect:
  - path: $SHARE
    kind: files
    snapshot-every: $every
    decoys: $decoys
vault:
  repository: $vault
  password-file: $T/vault.pass
shadow:
  quota: $quota
respond:
  mode: $mode
  recover: $recover
YAML
}

proof_start() {
  [ $# = 0 ] && [ -e "$T/guard.yaml" ] || proof_config "$@"
  # shellcheck disable=SC2086  # PROOF_WRAP is a command with its words
  ${PROOF_WRAP:-} "$BEFFROI" guard -c "$T/guard.yaml" >>"$T/guard.log" 2>&1 &
  watched_pid=$!
  proof_until proof_ready
}

# Watching, with the snapshots made that are not put off by an open incident.
proof_ready() {
  [ "$(proof_json status -- 'x["guard"]["running"] and (x["incidents_open"] > 0 or all(p.get("snapshot") for p in x["protected"]))')" = True ]
}

proof_until() {
  for _ in $(seq 600); do
    "$@" && return 0
    sleep 0.1
  done
  fail "in vain: $*"
}

# As the owner of the files; the words are a command.
proof_as() { setpriv --reuid 20001 --regid 20001 --clear-groups "$@"; }
# The same in place of the (background) shell, so that $! is the program itself.
exec_as() { exec setpriv --reuid 20001 --regid 20001 --clear-groups "$@"; }

proof_attack() {
  cat >"$T/attacker.py" <<'PYTHON'
import os, signal, sys, time
root, kind, most, pause, progress = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
def note(n):
    with open(progress, "r+") as f: # never empty once it is not: numbers only grow longer
        f.write(str(n))
files = sorted(os.path.join(d, n) for d, _, names in os.walk(root) for n in names)
done = 0
def spoil(path):
    if kind == "encrypt":
        with open(path, "r+b") as f:
            size = len(f.read())
            f.seek(0)
            f.write(os.urandom(size))
    elif kind == "held":
        with held.pop(path) as f:
            f.write(os.urandom(os.fstat(f.fileno()).st_size))
    elif kind == "replace":
        with open(path + ".crypt", "wb") as f:
            f.write(os.urandom(os.path.getsize(path) + 64))
        os.unlink(path)
    elif kind == "delete":
        os.unlink(path)
    elif kind == "truncate":
        os.truncate(path, 0)
held = {path: open(path, "r+b") for path in files[:most]} if kind == "held" else {}
for path in files[:most]:
    try:
        spoil(path)
    except (PermissionError, FileNotFoundError):
        continue # the guard refuses it, or another attacker has it; it tries all others
    done += 1
    note(done)
    if done == pause:
        os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(0.005)
note("finished")
PYTHON
  touch "$T/progress"
  chmod 666 "$T/progress"
  exec_as /usr/bin/python3 "$T/attacker.py" "$SHARE" "$1" "${2:-9999}" "${3:-0}" "$T/progress" &
  ATTACKER=$!
  proof_pids+=("$ATTACKER")
}

proof_stopped() {
  local state
  state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)
  [ "$state" = T ] || [ "$state" = t ] || [ "$state" = D ] || grep -q '^1$' "$(proof_cgroup "$1")/cgroup.freeze" 2>/dev/null
}

proof_cgroup() {
  local at
  at=$(awk '/ - cgroup2 /{print $5; exit}' /proc/self/mountinfo)
  echo "$at$(sed -n 's/^0:://p' "/proc/$1/cgroup")"
}

proof_ask() {
  "$BEFFROI" "$@" -c "$T/guard.yaml"
}

# proof_json COMMAND... -- EXPRESSION: what the Python expression says of its JSON, which is `x`.
proof_json() {
  local words=() expression
  while [ "$1" != -- ]; do
    words+=("$1")
    shift
  done
  expression=$2
  proof_ask "${words[@]}" --json 2>/dev/null | /usr/bin/python3 -c '
import json, sys
try:
    x = json.load(sys.stdin)
except ValueError:
    sys.exit(1)
print(eval(sys.argv[1]))' "$expression"
}

proof_state() { proof_json incident show "$1" -- 'x["state"]'; }
proof_is() { [ "$(proof_state "$1")" = "$2" ]; }
proof_count() { [ "$(watched_incidents)" = "$1" ]; }
proof_finished() { [ "$(cat "$T/progress")" = finished ]; }

# The sensor has a fresh view once the snapshot after a recovery is over; the share may be read at any time.
proof_same() { /usr/bin/python3 "$SOURCE/tests/scenario/lib/treediff.py" --folder-times-free "$T/before" "$SHARE" >"$T/diff" 2>&1; }
proof_back() {
  proof_same || fail "not as before: $(head -n 20 "$T/diff") $(proof_ask incident show "${1:-1}" 2>&1 | head -n 60)"
}

# It keeps a change within a second.
proof_settled() {
  local last=
  until [ "$last" = "$(stat -c %s "$T/state/shadow/index")" ]; do
    last=$(stat -c %s "$T/state/shadow/index")
    sleep 2
  done
}

proof_kill9() {
  # shellcheck disable=SC2046  # a list of numbers
  kill -KILL $(watched_tree) 2>/dev/null
  wait "$watched_pid" 2>/dev/null
  watched_pid=
}

proof_journal() {
  watched_stop
  "$BEFFROI" journal verify --state "${1:-$T/state}" --remember "$T/seen" >"$T/verified" 2>&1 || fail "the journal: $(cat "$T/verified")"
}
