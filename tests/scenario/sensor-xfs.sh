#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: on xfs, every way of losing bytes leaves the earlier version readable in the shadow store.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mount_image xfs 320M "$T/disk"
mkdir "$T/disk/tree"
prepare_workout "$T/disk/tree" "$T/disk/outside"
start_sensor "$T/disk/tree"
workout "$T/disk/tree" "$T/disk/outside"
[ "$(state_of unkept)" = 0 ] || fail "something was not kept"
