# SPDX-License-Identifier: GPL-3.0-or-later
# Mounting repositories, for scenario tests; source it after vault.sh.
#
#   mount_ours REPO DIR [OPTION...]           mounts with beffroi; $mount_pid is its process, mount.out and mount.log its
#                                             output in $T
#   mount_restic PROGRAM REPO DIR [OPTION...] the same with a restic; $restic_pid
#   mount_ends PID DIR                        waits until that process ended well and nothing is mounted at DIR
#   logged TEXT                               the log of mount_ours has that text
# shellcheck shell=bash
mount_pid='' restic_pid='' mount_dirs=()

if [ ! -c /dev/fuse ] || ! fusermount3 --version >/dev/null 2>&1; then
  echo "skipped: this system has no FUSE"
  exit 77
fi

mount_away() {
  local status=$?
  trap - EXIT
  set +e
  # shellcheck disable=SC2086 # numbers, or nothing
  kill $mount_pid $restic_pid 2>/dev/null
  for dir in "${mount_dirs[@]}"; do fusermount3 -u -z "$dir" 2>/dev/null; done
  wait
  exit $status
}
trap mount_away EXIT

mount_shows() {
  for _ in $(seq 300); do
    mountpoint -q "$2" && return
    kill -0 "$1" 2>/dev/null || fail "the mount at $2 ended: $(cat "$T/mount.log")"
    sleep 0.1
  done
  fail "nothing is mounted at $2"
}

mount_ours() {
  local repo=$1 dir=$2
  shift 2
  mkdir -p "$dir"
  mount_dirs+=("$PWD/$dir")
  # A shell lets its background programs ignore SIGINT.
  env --default-signal=INT "$BEFFROI" vault mount -r "$repo" "$dir" "$@" >"$T/mount.out" 2>"$T/mount.log" &
  mount_pid=$!
  mount_shows $mount_pid "$dir"
}

mount_restic() {
  local program=$1 repo=$2 dir=$3
  shift 3
  mkdir -p "$dir"
  mount_dirs+=("$PWD/$dir")
  "$program" -r "$repo" mount "$dir" "$@" >"$T/restic.out" 2>&1 &
  restic_pid=$!
  mount_shows $restic_pid "$dir"
}

mount_ends() {
  local status=0
  for _ in $(seq 600); do kill -0 "$1" 2>/dev/null || break; sleep 0.1; done
  ! kill -0 "$1" 2>/dev/null || fail "the mount at $2 did not end"
  wait "$1" || status=$?
  [ "$status" = 0 ] || fail "the mount ended with $status: $(cat "$T/mount.log")"
  ! mountpoint -q "$2" || fail "$2 is still mounted"
}

logged() {
  grep -qF -- "$1" "$T/mount.log" || fail "expected \"$1\" in: $(cat "$T/mount.log")"
}
