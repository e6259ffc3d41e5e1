#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: decoys are put where they are missing, touching one is told as such, and a user's file of the same name
# stays what it is.
set -euo pipefail
. "$(dirname "$0")/lib/sensor.sh"
mkdir -p "$T/tree"
echo mine >"$T/tree/00_Paie_agents.csv"
start_sensor --decoys "$T/tree"
[ "$(cat "$T/tree/00_Paie_agents.csv")" = mine ] || fail "a user's file was replaced"
[ -s "$T/tree/zz_Paie_archives.csv" ] || fail "no decoy"
echo spoiled >"$T/tree/zz_Paie_archives.csv"
event written zz_Paie_archives.csv | cut -f 3 | grep -q y || fail "the decoy is not marked"
