# SPDX-License-Identifier: GPL-3.0-or-later
# A wall clock of the test's own, which it may set: source it before anything else. The test starts anew in a mount
# namespace in which every program loads a library that moves the clock; the machine's clock stays. Then:
#   clock_ahead SECONDS   from now on all programs, running ones too, see the wall clock so far ahead of the machine's
# shellcheck shell=bash
[ -n "${CLOCK_MOVES:-}" ] || CLOCK_MOVES=yes exec unshare --mount --propagation private bash "$0"

clock_ahead() {
  /usr/bin/python3 -c 'import struct, sys; sys.stdout.buffer.write(struct.pack("=q", int(sys.argv[1]) * 10**9))' "$1" |
    dd of="$T/clock-shift" conv=notrunc status=none
}

clock_begin() {
  local moved
  mkdir "$T/etc"
  echo "$BUILD/tests/tools/libclock_shift.so" >"$T/etc/ld.so.preload"
  : >"$T/etc/clock-shift"
  clock_ahead 3600
  if ! mount -t overlay -o "ro,lowerdir=$T/etc:/etc" none /etc || ! mount --bind "$T/clock-shift" /etc/clock-shift; then
    echo "skipped: a file system cannot be laid over /etc here"
    exit 77
  fi
  moved=$(date +%s)
  clock_ahead 0
  [ $((moved - $(date +%s))) -gt 3500 ] && return
  echo "the clock cannot be moved"
  exit 1
}
clock_begin
