#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a file that somebody has open for writing and another program cuts by path is told at once and as
# that program's doing; what the writer then does is told at his closing.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mount_image ext4 64M "$T/disk"
TREE=$T/disk/tree
mkdir "$TREE" "$T/was"
start_sensor "$TREE"
for name in held appended; do
  seq 5000 >"$TREE/$name"
  cp "$TREE/$name" "$T/was/"
  until_copied $name "$T/was/$name"
done
exec 7>>"$TREE/held" 6>>"$TREE/appended"
python3 -c 'import os, sys; os.truncate(sys.argv[1], 100); print(os.getpid())' "$TREE/held" >"$T/cutter" 6>&- 7>&-
lost truncated held "$T/was/held"
[ "$(event truncated held | cut -f 5)" = "$(cat "$T/cutter")" ] || fail "somebody else is named: $(event truncated held)"
echo "more" >&6
echo "more" >&7
exec 6>&- 7>&-
lost written appended "$T/was/appended"
event written held >/dev/null
! grep -qP '\ttruncated\t.*\tappended\t' "$OUT" || fail "an append was taken for a cut"
[ "$(grep -cP '\ttruncated\t' "$OUT")" = 1 ] || fail "told twice: $(cat "$OUT")"
