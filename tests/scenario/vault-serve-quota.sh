#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: quotas hold to the byte, also when many uploads race for the last room, are given back by what fails, and
# counted anew when the administrator made room; a full disk is told as what it is and leaves nothing half written.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/serve.sh"

mkdir "$T/srv"
mount -t tmpfs -o size=8m tmpfs "$T/srv"
state=$T/state
user anne
user paul
user full
serve --state "$state" --htpasswd-file "$T/users" --private-repos --max-size 1M --quota paul=2000 --quota full=1G --prometheus
for name in anne paul full; do answer 200 -u "$name:$name-secret" -X POST "$url$name/?create=true"; done

# 40 uploads of 100 000 bytes race for 1 MiB: exactly ten fit, and the rest of it takes 48 576 more bytes.
python3 - "$url" "$T/taken" <<'PYTHON'
import base64, hashlib, http.client, os, sys, threading
host = sys.argv[1].split("/")[2]
auth = {"Authorization": "Basic " + base64.b64encode(b"anne:anne-secret").decode()}
def post(size, codes, chunked=False):
    body = os.urandom(size)
    c = http.client.HTTPConnection(host, timeout=60)
    data = iter([body[i:i + 7000] for i in range(0, size, 7000)]) if chunked else body
    c.request("POST", "/anne/data/" + hashlib.sha256(body).hexdigest(), data, auth, encode_chunked=chunked)
    codes.append(c.getresponse().status)
    c.close()
codes = []
threads = [threading.Thread(target=post, args=(100000, codes, i % 2 == 1)) for i in range(40)]
for t in threads: t.start()
for t in threads: t.join()
assert set(codes) <= {200, 507}, codes
# An upload whose length is not told takes its room in steps, and may be refused while others hold what they then give back.
while codes.count(200) < 10:
    post(100000, codes)
    assert codes[-1] == 200, codes
assert codes.count(200) == 10, codes
for size, wanted in ((100000, 507), (48577, 507), (48576, 200), (1, 507)):
    codes = []
    post(size, codes)
    assert codes == [wanted], (size, codes)
PYTHON
held=$(find "$T/srv/anne" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
[ "$held" = 1048576 ] || fail "anne holds $held bytes"
nothing_left

# Before the first byte, where the client waits to be told to go on; what is there already needs no room.
object 50000
answer 507 -u anne:anne-secret -H 'Expect: 100-continue' --data-binary "@$T/object" "${url}anne/data/$id"
grep -q 'quota' "$T/body" || fail "not told why: $(cat "$T/body")"
! grep -q '100 Continue' "$T/head" || fail "the body was asked for"
there=$(find "$T/srv/anne/data" -type f | head -n 1)
answer 200 -u anne:anne-secret --data-binary "@$there" "${url}anne/data/$(basename "$there")"
answer 200 -u anne:anne-secret -o /dev/null "${url}anne/data/"

# One quota is of one user. What fails gives its room back.
object 1500
for _ in 1 2 3; do answer 400 -u paul:paul-secret --data-binary "@$T/object" "${url}paul/data/$(printf 'a%.0s' $(seq 64))"; done
answer 200 -u paul:paul-secret --data-binary "@$T/object" "${url}paul/data/$id"
object 501
answer 507 -u paul:paul-secret --data-binary "@$T/object" "${url}paul/data/$id"

# The administrator makes room, and soon it is there.
rm "$there"
for _ in $(seq 50); do
  object 1000
  code=$(curl -s -o /dev/null -w '%{http_code}' -u anne:anne-secret --data-binary "@$T/object" "${url}anne/data/$id")
  [ "$code" = 507 ] || break
  sleep 0.1
done
[ "$code" = 200 ] || fail "the room was not found: $code"

# The disk is full before the quota is.
head -c 20000000 /dev/zero >"$T/large"
id=$(sha256sum "$T/large" | cut -d ' ' -f 1)
answer 507 -u full:full-secret --data-binary "@$T/large" "${url}full/data/$id"
grep -q 'disk' "$T/body" || fail "not told why: $(cat "$T/body")"
answer 507 -u full:full-secret -H 'Transfer-Encoding: chunked' --data-binary "@$T/large" "${url}full/data/$id"
nothing_left
object 1000
answer 200 -u full:full-secret --data-binary "@$T/object" "${url}full/data/$id"

user metrics
for _ in $(seq 50); do
  code=$(curl -s -o "$T/body" -w '%{http_code}' -u metrics:metrics-secret "${url}metrics")
  [ "$code" = 401 ] || break
  sleep 0.1
done
grep -q '^beffroi_vault_quota_bytes{what="limit",account="paul"} 2000' "$T/body" || fail "the metrics: $(cat "$T/body")"
grep -q '^beffroi_vault_quota_bytes{what="held",account="paul"} 1500' "$T/body" || fail "the metrics: $(cat "$T/body")"
grep -q '^beffroi_vault_quota_bytes{what="reserved",account="anne"} 0' "$T/body" || fail "the metrics: $(cat "$T/body")"
answer 403 -u anne:anne-secret "${url}metrics"
journaled add-refused quota
journaled add-refused disk-full
unserve
journal_intact
