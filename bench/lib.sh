# SPDX-License-Identifier: GPL-3.0-or-later
# For the benchmarks: reads their common options, finds the programs, and makes $T, a folder that is removed at the end.
#   --beffroi PATH   the guard's program (default: the one of build/)

SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BEFFROI=${BEFFROI:-$SOURCE/build/src/cmd/beffroi}
rest=()
while [ $# -gt 0 ]; do
  case $1 in
  --beffroi)
    BEFFROI=$2
    shift
    ;;
  --beffroi=*) BEFFROI=${1#*=} ;;
  *) rest+=("$1") ;;
  esac
  shift
done
set -- "${rest[@]}"
build=$(cd "$(dirname "$BEFFROI")/../.." 2>/dev/null && pwd) || build=$SOURCE/build
BEFFROI_DRILL=${BEFFROI_DRILL:-$build/drill/beffroi-drill}
export BEFFROI BEFFROI_DRILL
if [ "$(id -u)" != 0 ]; then
  echo "this benchmark needs root; run: sudo $0" >&2
  exit 1
fi
for program in "$BEFFROI" "$BEFFROI_DRILL"; do
  if [ ! -x "$program" ]; then
    echo "there is no $program; build it first: ninja -C build" >&2
    exit 1
  fi
done
T=$(mktemp -d /var/tmp/beffroi-bench.XXXXXX)
chmod 755 "$T"
. "$SOURCE/tests/scenario/lib/watched.sh"
bench_end() {
  watched_stop
  rm -rf "$T"
}
trap bench_end EXIT
trap 'exit 130' INT TERM
