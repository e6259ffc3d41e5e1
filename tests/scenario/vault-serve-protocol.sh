#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the vault server's answers, one by one: lists, ranges, uploads that are repeated, damaged or cut off, and
# paths that try to lead elsewhere.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/serve.sh"

serve --no-auth
v2='Accept: application/vnd.x.restic.rest.v2'

# Lists: version 1 and 2, empty and not.
answer 404 "${url}a/data/"
answer 200 -X POST "${url}a/?create=true"
answer 200 "${url}a/data/"
[ "$(cat "$T/body")" = '[]' ] || fail "an empty list: $(cat "$T/body")"
grep -qi '^content-type: application/vnd.x.restic.rest.v1' "$T/head" || fail "type of a list: $(cat "$T/head")"
object 100000
answer 200 --data-binary "@$T/object" "${url}a/data/$id"
[ "$(stat -c %a "$T/srv/a/data/${id:0:2}/$id")" = 400 ] || fail "the mode of an object"
cmp "$T/object" "$T/srv/a/data/${id:0:2}/$id"
answer 200 "${url}a/data/"
[ "$(cat "$T/body")" = "[\"$id\"]" ] || fail "version 1: $(cat "$T/body")"
answer 200 -H "$v2" "${url}a/data/"
[ "$(cat "$T/body")" = "[{\"name\":\"$id\",\"size\":100000}]" ] || fail "version 2: $(cat "$T/body")"
grep -qi '^content-type: application/vnd.x.restic.rest.v2' "$T/head" || fail "type of a list: $(cat "$T/head")"

# Reading: all, its size, and parts.
first=$id
answer 200 "${url}a/data/$first"
cmp "$T/object" "$T/body"
answer 200 -I "${url}a/data/$first"
grep -qi '^content-length: 100000' "$T/head" || fail "no length: $(cat "$T/head")"
part() {
  answer 206 -r "$1" "${url}a/data/$first"
  cmp -n "$3" "$T/object" "$T/body" "$2" 0 && [ "$(stat -c %s "$T/body")" = "$3" ] || fail "the bytes of range $1"
  grep -qi "^content-range: bytes $2-$(($2 + $3 - 1))/100000" "$T/head" || fail "range $1: $(cat "$T/head")"
}
part 0-9 0 10
part 50000- 50000 50000
part 99999-200000 99999 1
part -7 99993 7
answer 416 -r 100000- "${url}a/data/$first"
grep -qi '^content-range: bytes \*/100000' "$T/head" || fail "no size with 416: $(cat "$T/head")"
answer 200 -r 5-2 "${url}a/data/$first"
answer 404 "${url}a/data/$(printf '0%.0s' $(seq 64))"

# The same once more, as after an answer that was lost; other bytes under its name; a name that is not theirs.
answer 200 --data-binary "@$T/object" "${url}a/data/$first"
answer 400 --data-binary "another" "${url}a/data/$first"
cmp "$T/object" "$T/srv/a/data/${first:0:2}/$first"
object 5000
answer 400 --data-binary "@$T/object" "${url}a/data/$first"
answer 400 --data-binary "something else" "${url}a/data/$id"
[ ! -e "$T/srv/a/data/${id:0:2}/$id" ] || fail "an upload with a wrong hash stayed"
answer 200 -H 'Transfer-Encoding: chunked' --data-binary "@$T/object" "${url}a/data/$id"
# What is there is damaged: then an upload of the same name is no retry.
chmod 600 "$T/srv/a/data/${id:0:2}/$id"
printf 'X' | dd of="$T/srv/a/data/${id:0:2}/$id" conv=notrunc status=none
answer 403 --data-binary "@$T/object" "${url}a/data/$id"
journaled damage-found

# An upload that is cut off, with its length told and without, and one by a client that stops in the middle.
object 300000
python3 - "$url" "$id" "$T/object" <<'PYTHON'
import socket, sys
host, port = sys.argv[1].split("/")[2].split(":")
data = open(sys.argv[3], "rb").read()
head = f"POST /a/data/{sys.argv[2]} HTTP/1.1\r\nHost: x\r\n"
for headers, body in ((f"Content-Length: {len(data)}\r\n\r\n", data[:200000]),
                      ("Transfer-Encoding: chunked\r\n\r\n", b"20000\r\n" + data[:0x20000] + b"\r\n8000\r\n" + data[:100])):
    s = socket.create_connection((host, int(port)))
    s.sendall((head + headers).encode() + body)
    s.shutdown(socket.SHUT_WR)
    s.settimeout(20)
    answer = s.recv(1000)
    assert b" 200 " not in answer, answer
    s.close()
PYTHON
[ ! -e "$T/srv/a/data/${id:0:2}/$id" ] || fail "half an upload stayed"
nothing_left

# No object is that large, and nobody need send it to be told.
answer 413 -H 'Expect: 100-continue' -H 'Content-Length: 99999999999' -X POST "${url}a/locks/$id"

# Paths that try something. curl must not tidy them up.
mkdir "$T/srv/.hidden"
printf 'secret' >"$T/srv/.hidden/config"
printf 'secret' >"$T/outside"
for path in /../outside /a/../../outside /a/%2e%2e/%2e%2e/outside //a/config /a//config /a/./config /.beffroi/journal/key \
  /.hidden/config "/a/data/../config" "/a/data/$first/" "/a/data/${first^^}" /a/data/abc /a/data/${first:0:2}/$first \
  "/a/data/$first%00" "/a%2fconfig" /a/config/ /data/data/ /metrics/config /a/b/c/d/e/config '/a\config' \
  "/$(printf 'x%.0s' $(seq 70))/config" "/$(printf 'x/%.0s' $(seq 300))config"; do
  for method in GET POST DELETE; do
    answer 400 --path-as-is -X $method --data-binary x "${url%/}$path"
    ! grep -q secret "$T/body" || fail "$path leads out"
  done
done
answer 400 --path-as-is "${url}a/data/%00"
answer 404 "${url}metrics"
for method in PUT PATCH OPTIONS TRACE; do answer 405 -X $method "${url}a/data/$first"; done
answer 405 -X DELETE "${url}a/"
answer 405 "${url}a/"
answer 400 -X POST "${url}a/"
python3 - "$url" <<'PYTHON'
import socket, sys
host, port = sys.argv[1].split("/")[2].split(":")
# Headers that do not end, or no HTTP at all: refused, and the server goes on.
for text in (b"GET /a/config HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 200000, b"GET " + b"/x" * 50000, b"\x16\x03\x01\x00\xff" * 100, b"\r\n" * 50000):
    s = socket.create_connection((host, int(port)))
    s.settimeout(20)
    try:
        s.sendall(text)
        s.shutdown(socket.SHUT_WR)
        while s.recv(10000):
            pass
    except OSError:
        pass
PYTHON
answer 200 "${url}a/data/"

# Killed in the middle of an upload: the next one sweeps.
object 3000000
curl -s --limit-rate 500k --data-binary "@$T/object" -H 'Expect:' "${url}a/data/$id" &
for _ in $(seq 50); do [ -z "$(find "$T/srv" -name 'tmp-*')" ] || break; sleep 0.1; done
kill -9 "$server"
wait "$server" 2>/dev/null || true
wait %% 2>/dev/null || true
[ -n "$(find "$T/srv" -name 'tmp-*')" ] || fail "nothing was half written"
serve --no-auth
nothing_left
answer 200 --data-binary "@$T/object" "${url}a/data/$id"
unserve
journal_intact

# Not as root either, and without a place to write it says so.
chown -R 65534:65534 "$T/srv"
chmod 755 "$T"
cat >"$T/as-nobody" <<'SCRIPT'
#!/bin/sh
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$REAL" "$@"
SCRIPT
chmod 755 "$T/as-nobody"
export REAL=$BEFFROI
BEFFROI=$T/as-nobody
serve --no-auth
answer 200 "${url}a/data/"
unserve
chmod 500 "$T/srv"
expect 1 "$BEFFROI" vault serve --no-auth --path "$T/srv" --listen 127.0.0.1:0
said chown
BEFFROI=$REAL
journal_intact
