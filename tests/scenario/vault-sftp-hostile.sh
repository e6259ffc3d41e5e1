#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a server that lies in every answer of SFTP (lengths, ids, types, counts, cut short, silent, endless) makes
# a command fail with an error that says so: it neither crashes nor hangs nor believes it.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
new_repo repo
mkdir tree && echo x >tree/file
expect 0 "$BEFFROI" vault backup -r repo tree

# The real server, whose Nth answer a lie replaces.
cat >liar.py <<'PYTHON'
import os, struct, subprocess, sys, time
lie, nth = sys.argv[1], int(sys.argv[2])
server = subprocess.Popen(["/usr/lib/openssh/sftp-server"], stdout=subprocess.PIPE)
def u32(n): return struct.pack(">I", n)
def packet(body): return u32(len(body)) + body
def changed(body):
    kind, rest = body[:1], body[5:]
    ident = body[1:5]
    return {
        "giant": u32(0xffffffff), "large": u32(256 * 1024 + 1) + bytes(1000), "empty": u32(0),
        "id": packet(kind + u32(0x7fffffff) + rest), "text": b"Welcome to this server!\n",
        "type": packet(bytes([102]) + ident + u32(4) + b"hand"), "unknown": packet(bytes([77]) + ident),
        "twice": packet(body) * 2, "short": packet(body[:-1]) if len(body) > 6 else u32(0),
        "inner": packet(bytes([103]) + ident + u32(0xfffffff0)), "data": packet(bytes([103]) + ident + u32(40000) + bytes(40000)),
        "nodata": packet(bytes([103]) + ident + u32(0)), "names": packet(bytes([104]) + ident + u32(0xffffffff) + bytes(64)),
        "noname": packet(bytes([104]) + ident + u32(0)), "size": packet(bytes([105]) + ident + u32(1) + b"\x7f" + b"\xff" * 7),
        "more": packet(bytes([105]) + ident + u32(0x80000000) + u32(0xffffffff)), "ok": packet(bytes([101]) + ident + u32(0)),
        "status": packet(bytes([101]) + ident + u32(99) + u32(7) + b"\x1b[2Jbad" + u32(0)), "end": None, "cut": packet(body)[:-3],
        "silent": b"",
    }[lie]
for n in range(1, 1 << 30):
    head = server.stdout.read(4)
    if len(head) < 4:
        break
    body = server.stdout.read(struct.unpack(">I", head)[0])
    out = changed(body) if n >= nth else head + body
    if out is not None:
        os.write(1, out)
    if out is None or (lie == "cut" and n >= nth):
        break
server.kill()
PYTHON
# told LIE NTH: a check of that repository fails, in time, and says something that is of use.
told() {
  local code=0 said=$T/said.$1.$2
  timeout 60 "$BEFFROI" vault check --no-lock -r "sftp:host:$T/repo" -o "sftp.command=python3 $T/liar.py $1 $2" \
    -o sftp.timeout=1s >"$said" 2>&1 || code=$?
  [ $code = 1 ] || fail "$1 from answer $2 on: exit code $code: $(cat "$said")"
  grep -qE 'sftp:host|SFTP|damage|no key|cannot be read' "$said" || fail "$1 from answer $2 on: $(cat "$said")"
  ! grep -q $'\033' "$said" || fail "$1 from answer $2 on: control characters reach the terminal"
}
for lie in giant large empty id text type unknown twice short inner data nodata names noname size more ok status; do
  told $lie 3 &
  told $lie 6
  wait $!
done
for lie in giant text twice short cut silent; do told $lie 1; done # the greeting
for lie in end cut silent; do told $lie 2; done
# A name that leads elsewhere is no object.
cat >names.py <<'PYTHON'
import os, struct, sys
def u32(n): return struct.pack(">I", n)
def s(b): return u32(len(b)) + b
def send(body): os.write(1, u32(len(body)) + body)
attrs = u32(5) + struct.pack(">Q", 5) + u32(0o100400)
asked = 0
while head := sys.stdin.buffer.read(4):
    body = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
    kind, ident, path = body[0], body[1:5], body[9:]
    if kind == 1: send(bytes([2]) + u32(3))
    elif kind == 17: send(bytes([105]) + ident + u32(5) + struct.pack(">Q", 5) + u32(0o040700 if path.endswith(b"repo") else 0o100400))
    elif kind in (3, 11): send(bytes([102]) + ident + s(b"h"))
    elif kind == 12 and asked < 3:
        asked += 1
        names = [b"../" + b"a" * 61, b".." , b"a" * 63 + b"\0", b"/" * 64, b"\xff" * 64, b"a" * 300, b"A" * 64]
        send(bytes([104]) + ident + u32(len(names)) + b"".join(s(n) + s(n) + attrs for n in names))
    elif kind == 12: send(bytes([101]) + ident + u32(1) + s(b"") + s(b""))
    elif kind == 5: send(bytes([103]) + ident + s(b"x" * 5))
    else: send(bytes([101]) + ident + u32(0) + s(b"") + s(b""))
PYTHON
expect 1 timeout 20 "$BEFFROI" vault snapshots -r "sftp:host:repo" -o "sftp.command=python3 $T/names.py"
said "has no key"
