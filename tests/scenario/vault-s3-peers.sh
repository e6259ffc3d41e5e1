#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: S3 servers that lie are found out: those that take the headers of Object Lock and hold nothing, in every way
# we know; lists without an end or with entities, parts that are not those that were asked for; one that is busy is asked again.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
export AWS_ACCESS_KEY_ID=one AWS_SECRET_ACCESS_KEY=two
cat >server.py <<'PYTHON'
# A bucket in memory, that keeps versions and locks; argv[1] says how it lies.
import http.server, re, sys, urllib.parse
lie = sys.argv[1]
objects, number, asked = {}, 0, 0 # key: [(version, bytes, headers)], the newest last
class Bucket(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *arguments): pass
    def say(self, status, body=b"", headers={}):
        self.send_response(status)
        length = headers.get("Content-Length", len(body))
        for name, value in {**headers, "Content-Length": length}.items(): self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD": self.wfile.write(body)
    def one(self):
        global number, asked
        path, _, query = self.path.partition("?")
        query = dict(urllib.parse.parse_qsl(query, keep_blank_values=True))
        key = urllib.parse.unquote(path).partition("/bucket/")[2]
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked += 1
        if lie == "busy" and asked > 6 and asked % 3 == 0: return self.say(503, b"<Error><Code>SlowDown</Code></Error>")
        if not key: return self.bucket(query)
        kept = objects.setdefault(key, [])
        if self.command == "PUT":
            number += 1
            locks = {n: v for n, v in self.headers.items() if n.lower().startswith("x-amz-object-lock")}
            if lie == "mute": locks = {}
            kept.append((str(number), sent, locks))
            return self.say(200, b"", {} if lie == "unversioned" else {"x-amz-version-id": number})
        wanted = [o for o in kept if query.get("versionId", o[0]) == o[0]]
        if not wanted: return self.say(404, b"<Error><Code>NoSuchKey</Code></Error>")
        version, body, locks = wanted[-1]
        if self.command == "DELETE":
            if locks and lie == "bypass" and not self.headers.get("x-amz-bypass-governance-retention"): return self.say(403)
            if locks and lie not in ("holds-not", "bypass", "two-faced") and "versionId" in query: return self.say(403)
            kept.remove(wanted[-1])
            return self.say(403 if lie == "two-faced" and locks else 204)
        part = re.match(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or "")
        status, headers = 200, {"x-amz-version-id": version, **locks}
        if part:
            first, last = int(part[1]), int(part[2])
            if lie == "elsewhere": first, last = first + 1, last + 1
            status, headers["Content-Range"] = 206, f"bytes {first}-{last}/{len(body)}"
            body = body[first:last + 1] + (b"more" if lie == "long" else b"")
            if lie == "short": body = body[:-1]
        self.say(status, body, headers)
    def bucket(self, query):
        if self.command == "HEAD" or self.command == "PUT": return self.say(200)
        found = sorted((k, v[-1]) for k, v in objects.items() if v and k.startswith(query.get("prefix", "")))
        text = "".join(f"<Contents><Key>{k}</Key><Size>{len(o[1])}</Size></Contents>" for k, o in found)
        if lie == "foreign": text += "<Contents><Key>../../etc/" + "a" * 64 + "</Key><Size>1</Size></Contents>"
        name = "ListVersionsResult" if "versions" in query else "ListBucketResult"
        if name == "ListVersionsResult":
            text = "".join(f"<Version><Key>{k}</Key><VersionId>{o[0]}</VersionId><Size>1</Size></Version>" for k, o in found)
        if lie == "endless": text += "<IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>"
        head = '<!DOCTYPE a [<!ENTITY b "c">]>' if lie == "entities" else ""
        self.say(200, f"{head}<{name}>{text}</{name}>"[:-9 if lie == "cut" else None].encode())
    do_GET = do_HEAD = do_PUT = do_DELETE = one
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
print(server.server_address[1], flush=True)
server.serve_forever()
PYTHON
lying=
trap '[ -z "$lying" ] || kill $lying; wait' EXIT
vault() { "$BEFFROI" vault "$@" -r "s3:http://127.0.0.1:$(cat port)/bucket/v" -o retry.time=3s --no-cache; }
with() { # LIE: from now on
  [ -z "$lying" ] || kill $lying
  : >port
  python3 server.py "$1" >port &
  lying=$!
  for _ in $(seq 100); do [ -s port ] && return; sleep 0.05; done
  fail "the server does not start"
}
new_repo seed
put() { # a repository with a key that is opened at once
  for file in config keys/"$(ls seed/keys)"; do
    curl -sS -X PUT --data-binary "@seed/$file" -o /dev/null "http://127.0.0.1:$(cat port)/bucket/v/$file"
  done
}
mkdir tree && echo x >tree/file
lock="-o s3.object-lock=30d"

# One that holds passes; every way not to hold is found.
with honest
expect 0 vault init $lock
with honest
put
expect 0 vault backup $lock tree
expect 0 vault check $lock --read-data
expect 0 vault lock-extend $lock
for lie in holds-not bypass two-faced mute unversioned; do
  with $lie
  expect 1 vault init $lock
  said "does not hold Object Lock"
  put
  expect 1 vault check $lock
  said "does not hold Object Lock"
done

for lie in endless entities cut elsewhere long short; do
  with $lie
  put
  expect 1 vault snapshots
  grep -qE 'S3 server|sends more|does not send the part|answer|cut short' err || fail "$lie: $(cat err)"
done
with foreign
put
expect 0 vault snapshots
with busy # now and then, once it has answered
put
expect 0 vault backup tree
said "trying again"
