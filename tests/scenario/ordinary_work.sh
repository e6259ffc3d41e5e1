#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: ordinary work in a guarded folder (copying files in, unpacking a source package, git, office
# programs, zip, make, editing) succeeds and raises no incident.
# timeout: 600
set -uo pipefail
SOURCE=${SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
. "$SOURCE/tests/scenario/lib/watched.sh"
. "$SOURCE/tests/scenario/lib/ordinary.sh"
trap watched_stop EXIT
chmod a+rx "$T"
mkdir "$T/share"
chown "$ordinary_user:$ordinary_user" "$T/share"
ordinary_prepare
watched_start "$T/share" || exit 1
failures=0
for kind in $(ordinary_names); do
  if ! ordinary_do "$kind" "$T/share"; then
    echo "FAILED: the work '$kind' does not succeed under guard:"
    tail -n 5 "$T/ordinary.log"
    failures=$((failures + 1))
  fi
  sleep 1
  count=$(watched_incidents)
  if [ "$count" != 0 ]; then
    echo "FAILED: $count incidents after the work '$kind':"
    "$BEFFROI" incident list --json -c "$T/guard.yaml" | head -n 60
    failures=$((failures + 1))
    break
  fi
done
[ "$failures" -eq 0 ]
