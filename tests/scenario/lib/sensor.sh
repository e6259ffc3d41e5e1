# SPDX-License-Identifier: GPL-3.0-or-later
# The sensor alone on folders of $T, through tests/tools/sensor_trace.c: start it, do things, look at its events, and
# prove that each lost version is readable from the shadow store.
# shellcheck shell=bash
STATE=$T/state
OUT=$T/events
SENSOR_PID=
MOUNTED=()

fail() {
  echo "FAILED: $*" >&2
  [ ! -f "$OUT" ] || tail -n 40 "$OUT" >&2
  exit 1
}

cleanup() {
  stop_sensor
  for ((i = ${#MOUNTED[@]} - 1; i >= 0; i--)); do umount "${MOUNTED[i]}" 2>/dev/null || umount -l "${MOUNTED[i]}"; done
}
trap cleanup EXIT

# mount_image TYPE SIZE DIR [MKFS-OPTION...]: a fresh file system of its own.
mount_image() {
  local type=$1 size=$2 dir=$3 image
  shift 3
  image=$T/$(basename "$dir").img
  mkdir -p "$dir"
  truncate -s "$size" "$image"
  "mkfs.$type" -q "$@" "$image" >"$T/mkfs.log" 2>&1 || { cat "$T/mkfs.log"; fail "mkfs.$type"; }
  mount -o loop "$image" "$dir" || fail "cannot mount $type"
  MOUNTED+=("$dir")
}

# start_sensor [OPTION...] TREE...; WRAP may hold a command to run it under.
start_sensor() {
  mkdir -p "$STATE"
  [ -p "$T/commands" ] || mkfifo "$T/commands"
  exec 8<>"$T/commands"
  local options=()
  while [[ $1 == --* ]]; do
    options+=("$1")
    case $1 in --decoys | --enforce | --watch-all | --small-queue) ;; *) options+=("$2") && shift ;; esac
    shift
  done
  ${WRAP:-} "$BUILD/tests/tools/sensor_trace" "${options[@]}" "$STATE" "$@" <"$T/commands" >"$OUT" 2>"$T/errors" &
  SENSOR_PID=$!
  await '^ready$'
}

stop_sensor() {
  [ -n "$SENSOR_PID" ] || return 0
  echo stop >&8 || true
  wait "$SENSOR_PID" || fail "the sensor ended with $?: $(cat "$T/errors")"
  SENSOR_PID=
}

# await REGEX [TIMES]: until the output has a line (that many lines) like this; a minute is a hang.
await() {
  local found
  for _ in $(seq 3600); do
    # Before the sensor's output is there grep counts nothing, not even to 0.
    found=$(grep -cP -- "$1" "$OUT" 2>/dev/null || true)
    [ "${found:-0}" -lt "${2:-1}" ] || return 0
    kill -0 "$SENSOR_PID" 2>/dev/null || { cat "$T/errors" >&2; fail "the sensor ended"; }
    sleep 0.05
  done
  fail "no line like: $1"
}

# ask COMMAND: the line that answers it.
ask() {
  local word=${1%% *} count
  count=$(grep -c "^$word" "$OUT" || true)
  echo "$1" >&8
  await "^$word" $((count + 1))
  grep "^$word" "$OUT" | tail -n 1
}

# state_of KEY
state_of() {
  ask state | tr '\t' '\n' | sed -n "s/^$1=//p"
}

# until_state KEY MINIMUM
until_state() {
  for _ in $(seq 2400); do
    [ "$(state_of "$1")" -lt "$2" ] || return 0
    sleep 0.05
  done
  fail "$1 stays below $2"
}

# until_copied PATH [FILE]: the store has a copy of it (with the bytes of FILE, when given: the opening of a new
# file is in the index too).
until_copied() {
  local copy
  for _ in $(seq 2400); do
    if grep -aqF -- "$1" "$STATE/shadow/index"; then
      [ $# = 2 ] || return 0
      for copy in "$STATE"/shadow/*; do
        ! cmp -s "$copy" "$2" || return 0
      done
    fi
    sleep 0.05
  done
  fail "$1 is not copied"
}

# event KIND PATH: the newest such event (fields as in the head of sensor_trace.c), once it has come.
event() {
  await "^\\d+\\t$1\\t[^\\t]*\\t\\d+\\t[^\\t]*\\t[^\\t]*\\t[^\\t]*\\t\\d+\\t\\Q$2\\E\\t"
  grep -P "^\\d+\\t$1\\t[^\\t]*\\t\\d+\\t[^\\t]*\\t[^\\t]*\\t[^\\t]*\\t\\d+\\t\\Q$2\\E\\t" "$OUT" | tail -n 1
}

# saved VERSION ORIGINAL: a version as printed ("shadow:NUMBER:SIZE") holds the bytes of the file ORIGINAL.
saved() {
  local kind=${1%%:*} number=${1#*:}
  number=${number%%:*}
  [ "$kind" = shadow ] || fail "not kept: $1 (should be $2)"
  local answer
  answer=$(ask "cat $number $T/copy")
  [[ $answer == $'cat\t0\t'* ]] || fail "cannot read shadow copy $number: $answer"
  cmp "$T/copy" "$2" || fail "shadow copy $number is not $2"
}

# lost KIND PATH ORIGINAL: the event's version of before is readable.
lost() {
  saved "$(event "$1" "$2" | cut -f 11)" "$3"
}

# workout TREE OUTSIDE: everything that can lose bytes, each checked. OUTSIDE is on the same file system.
# Call prepare_workout before the sensor starts.
prepare_workout() {
  mkdir -p "$1/dossier/été" "$2" "$T/was"
  for name in place append read-delete read-replace mapped linked; do
    head -c $((RANDOM + 5000)) /dev/urandom >"$1/dossier/$name"
    cp "$1/dossier/$name" "$T/was/"
  done
  ln "$1/dossier/linked" "$2/other-name"
}

workout() {
  local d=$1/dossier was=$T/was r=dossier
  echo spoiled >"$d/place"
  lost written $r/place "$was/place"
  echo more >>"$d/append"
  lost written $r/append "$was/append"
  cat "$d/read-delete" >/dev/null && rm "$d/read-delete"
  lost deleted $r/read-delete "$was/read-delete"
  cat "$d/read-replace" >/dev/null && echo x >"$d/fresh" && mv "$d/fresh" "$d/read-replace"
  saved "$(event renamed $r/fresh | cut -f 12)" "$was/read-replace"
  python3 - "$d/mapped" <<'PYTHON'
import mmap, os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
m = mmap.mmap(fd, 0)
os.close(fd)
m[0:4] = b"ruin"
m.close()
PYTHON
  lost written $r/mapped "$was/mapped"
  workout_created "$1"
  echo through >"$2/other-name"
  event written $r/linked >/dev/null
}

# What was created a moment ago, in a folder created a moment ago, is copied by itself.
workout_created() {
  local d=$1/dossier r=dossier
  mkdir -p "$d/neuf/plus profond"
  seq 5000 >"$d/neuf/plus profond/cut"
  seq 6000 >"$d/neuf/removed"
  cp "$d/neuf/plus profond/cut" "$d/neuf/removed" "$T/was/"
  ln -s cible "$d/neuf/link"
  until_copied "$r/neuf/plus profond/cut" "$T/was/cut"
  until_copied $r/neuf/removed "$T/was/removed"
  until_copied $r/neuf/link
  python3 -c 'import os, sys; os.truncate(sys.argv[1], 7)' "$d/neuf/plus profond/cut"
  lost truncated "$r/neuf/plus profond/cut" "$T/was/cut"
  rm "$d/neuf/removed" "$d/neuf/link"
  lost deleted $r/neuf/removed "$T/was/removed"
  printf cible >"$T/was/target"
  lost deleted $r/neuf/link "$T/was/target"
  mv "$d/neuf" "$d/vieux"
  event renamed $r/neuf >/dev/null
  echo again >"$d/vieux/plus profond/cut"
  event written "$r/vieux/plus profond/cut" >/dev/null
}
