#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a btrfs subvolume that is mounted by itself, with another subvolume in it, is guarded like any
# other folder.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mount_image btrfs 128M "$T/disk"
btrfs -q subvolume create "$T/disk/data"
btrfs -q subvolume create "$T/disk/data/inner"
mkdir "$T/sub"
mount -o subvol=data "$(findmnt -no SOURCE "$T/disk" | sed 's/\[.*//')" "$T/sub"
MOUNTED+=("$T/sub")
mkdir "$T/sub/tree"
prepare_workout "$T/sub/tree" "$T/sub/outside"
prepare_workout "$T/sub/inner" "$T/sub/inner/elsewhere"
seq 7000 >"$T/sub/inner/dossier/place"
start_sensor "$T/sub"
seq 7000 >"$T/was/inner"
echo spoiled >"$T/sub/inner/dossier/place"
lost written inner/dossier/place "$T/was/inner"
echo spoiled >"$T/sub/tree/dossier/place"
event written tree/dossier/place >/dev/null
cat "$T/sub/inner/dossier/read-delete" >/dev/null && rm "$T/sub/inner/dossier/read-delete"
lost deleted inner/dossier/read-delete "$T/was/read-delete"
stop_sensor
# The same from above: the whole file system is one tree, and the subvolumes are folders in it.
start_sensor "$T/disk"
python3 -c 'import os, sys; os.truncate(sys.argv[1], 7)' "$T/disk/data/inner/dossier/append"
event truncated data/inner/dossier/append >/dev/null
echo spoiled >"$T/disk/data/inner/dossier/mapped"
lost written data/inner/dossier/mapped "$T/was/mapped"
