#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: each role of the running guard holds the user and the capabilities of its row and no more, cannot
# gain any, is under a seccomp list, and its sandbox refuses what it has no need of.
set -u
# shellcheck source=tests/scenario/lib/watched.sh
. "$SOURCE/tests/scenario/lib/watched.sh"
trap watched_stop EXIT
fail() {
  echo "$*" >&2
  exit 1
}

mkdir "$T/share"
echo bonjour >"$T/share/lettre.txt"
watched_start "$T/share" || exit 1

field() { awk -v name="$2:" '$1 == name {print $2}' "/proc/$1/status"; }
# numbers of linux/capability.h: chown 0, dac_override 1, dac_read_search 2, fowner 3, fsetid 4, kill 5, net_admin 12,
# sys_ptrace 19, sys_admin 21, sys_nice 23, setfcap 31
mask() {
  local bit sum=0
  for bit; do sum=$((sum | 1 << bit)); done
  echo $sum
}
declare -A most=(
  [sensor]=$(mask 0 1 2 3 19 21 23 31)
  [judge]=0
  [actor]=$(mask 0 1 2 3 4 5 12 19 21 23 31)
  [vault]=$(mask 0 2 3 21)
  [api]=0
  [scribe]=0
)
for role in "${!most[@]}"; do
  pid=$(pgrep -P "$watched_pid" -x "beffroi-$role") || fail "there is no $role"
  for set in CapEff CapPrm CapBnd CapInh CapAmb; do
    held=$((16#$(field "$pid" $set)))
    [ $((held & ~most[$role])) = 0 ] || fail "$role holds more in $set: $(field "$pid" $set)"
  done
  [ "$(field "$pid" NoNewPrivs)" = 1 ] || fail "$role may gain privileges"
  [ "$(field "$pid" Seccomp)" = 2 ] || fail "$role has no list of system calls"
  case $role in
  judge | api) [ "$(field "$pid" Uid)" != 0 ] || fail "$role is root" ;;
  esac
done

# What the sandbox of each role does with a call: "killed" by the list of calls, "denied" with EPERM or EACCES, "let".
outcome() {
  "$BEFFROI" role-try "$1" "$2" "$T/guard.yaml" >"$T/out" 2>&1
  case $? in
  0) echo "let" ;;
  10) echo "denied" ;;
  159) echo "killed" ;;
  *) echo "failed: $(cat "$T/out")" ;;
  esac
}
refused() {
  local role=$1 call got
  shift
  for call; do
    got=$(outcome "$role" "$call")
    [ "$got" = killed ] || [ "$got" = denied ] || fail "$role, $call: $got"
  done
}
for role in sensor judge actor vault api scribe; do
  [ "$(outcome $role nothing)" = "let" ] || fail "the sandbox of $role cannot be entered: $(outcome $role nothing)"
  refused $role mount ptrace setns
done
refused judge open write socket execve kill setuid
refused api open write socket execve kill setuid
refused scribe open write socket execve kill setuid
refused vault open write socket execve setuid
refused sensor socket execve kill setuid
# The sanitizers need memory that is both written and run, so their builds allow it.
if ! ldd "$BEFFROI" | grep -q libasan; then
  for role in sensor judge vault api scribe; do refused $role code; done
fi
exit 0
