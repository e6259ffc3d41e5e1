#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: what `ninja install` puts in place works as the systemd unit starts it: with the unit's capabilities and
# nothing more, telling systemd that it is ready, that it lives and that it ends; an attack is stopped and undone.
set -u
# The installed files are seen at their real place by this test alone.
[ -n "${INSTALLED:-}" ] || exec env INSTALLED=yes unshare --mount "$BASH" "$0"
# shellcheck source=tests/scenario/lib/proof.sh
. "$SOURCE/tests/scenario/lib/proof.sh"
UNIT=/usr/local/lib/systemd/system/beffroi.service

meson install -C "$BUILD" --no-rebuild --destdir "$T/root" >"$T/install.log" 2>&1 || fail "$(cat "$T/install.log")"
mount --bind "$T/root/usr/local" /usr/local
BEFFROI=/usr/local/bin/beffroi

systemd-analyze verify "$UNIT" >"$T/verify" 2>&1 || fail "the unit: $(cat "$T/verify")"
! grep -F beffroi.service "$T/verify" || fail "the unit is not as systemd wants it"
program=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' $UNIT)
[ "$program" = "$BEFFROI" ] || fail "the unit starts $program"
man -w beffroi >/dev/null || fail "there is no manual page"
LC_ALL=C.UTF-8 LANGUAGE=fr "$BEFFROI" --help | grep -q Commandes || fail "there is no French"

# What systemd does with Type=notify and WatchdogSec=10.
cat >"$T/notified.py" <<'PYTHON'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
with open(sys.argv[2], "w") as out:
    while True:
        print(s.recv(4096).decode(), file=out, flush=True)
PYTHON
/usr/bin/python3 "$T/notified.py" "$T/notify" "$T/told" &
proof_pids+=($!)
proof_until test -S "$T/notify"
bounds=$(sed -n 's/^CapabilityBoundingSet=//p' $UNIT | tr ' ' '\n' | sed 's/^CAP_/+/' | tr 'A-Z\n' 'a-z,')
export NOTIFY_SOCKET=$T/notify WATCHDOG_USEC=10000000
PROOF_WRAP="setpriv --no-new-privs --bounding-set -all,${bounds%,}"
proof_files 80
proof_start
grep -q '^READY=1' "$T/told" || fail "systemd is not told that it is ready: $(cat "$T/told")"
proof_until grep -q '^WATCHDOG=1' "$T/told"
proof_attack encrypt
proof_until proof_is 1 recovered
proof_back 1
proof_journal
grep -q '^STOPPING=1' "$T/told" || fail "systemd is not told that it ends: $(cat "$T/told")"
exit 0
