#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a repository in a bucket of a real Ceph gateway: ours is read by restic and restic's by us. With Object Lock
# the account's own key cannot take away what was saved: what it deletes or overwrites comes back, whole; a bucket without Object
# Lock is told of, and locks are extended.
# sanitizer: no, the peers test runs the same code with them, against servers that lie
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
ceph=${CEPH_S3:-$SOURCE/../shared/tools/ceph-s3}
if [ ! -x "$ceph" ] || ! command -v radosgw ceph-osd ceph-mon ceph >/dev/null; then
  echo "skipped: no Ceph gateway to test with"
  exit 77
fi
cd "$T"
port=$(python3 -c '
import socket
while True:
    a, b = socket.socket(), socket.socket()
    a.bind(("127.0.0.1", 0))
    try:
        b.bind(("127.0.0.1", a.getsockname()[1] + 1))
    except OSError:
        continue
    print(a.getsockname()[1])
    break')
trap '"$ceph" down "$T/ceph"' EXIT
"$ceph" up "$T/ceph" "$port" >/dev/null
export AWS_ACCESS_KEY_ID=AKTEST AWS_SECRET_ACCESS_KEY=SKTEST
export RESTIC_REPOSITORY=s3:http://127.0.0.1:$port/mairie/a/b
s3() { # METHOD PATH [CURL-OPTION...]: a request with the account's own key; prints the status
  local method=$1 path=$2
  shift 2
  curl -sS -X "$method" -o "$T/body" -w '%{http_code}\n' --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    --aws-sigv4 aws:amz:us-east-1:s3 -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@" "http://127.0.0.1:$port$path"
}
vault() { "$BEFFROI" vault "$@"; }
# seed /BUCKET/PREFIX: a repository there with a key that is opened at once.
new_repo seed
seed() {
  local file
  for file in config keys/"$(ls seed/keys)"; do
    [ "$(s3 PUT "$1/$file" --data-binary "@seed/$file" -H 'Content-Type: application/octet-stream')" = 200 ] || fail "cannot put $1/$file"
  done
}
make_tree tree
rm tree/link-not-utf-8 # restic 0.14 does not keep it
rm tree/{several-chunks,zeros,sparse}

# Both read what the other wrote.
expect 0 vault init -r "s3:http://127.0.0.1:$port/mairie/new"
expect 0 restic snapshots -r "s3:http://127.0.0.1:$port/mairie/new"
seed /mairie/a/b
expect 0 vault backup tree
while read -r restic; do
  expect 0 "$restic" check --read-data
  expect 0 "$restic" backup --tag theirs tree
done < <(restics)
expect 0 vault check --read-data
expect 0 vault restore latest --tag theirs --target restored
same_tree tree restored/tree
expect 0 vault forget --keep-last 1 --group-by '' --prune
expect 0 restic check --read-data
expect 1 vault init
said "already holds a repository"
# Where the keys come from, and what is said without the right ones.
mkdir home && printf '[default]\naws_access_key_id = wrong\n[mairie]\naws_access_key_id=AKTEST\naws_secret_access_key = SKTEST\n' >home/keys
with_file() { env -u AWS_ACCESS_KEY_ID AWS_SHARED_CREDENTIALS_FILE="$T/home/keys" AWS_PROFILE="$1" "$BEFFROI" vault snapshots; }
expect 0 with_file mairie
expect 1 with_file default
said "there are no keys for the S3 account"
AWS_SECRET_ACCESS_KEY=wrong expect 1 vault snapshots
said "the keys of the account are wrong"
expect 10 vault snapshots -r "s3:http://127.0.0.1:$port/nothing"
said "is not a repository"
expect 1 vault snapshots -o s3.object-lok=30d
said "there is no such option"
expect 1 vault snapshots -o s3.object-lock=soon
said "wants a duration"

# More objects than one page of a list has.
python3 - "$port" <<'PYTHON'
import hashlib, hmac, http.client, sys, datetime
port = int(sys.argv[1])
connection = http.client.HTTPConnection("127.0.0.1", port)
def sign(key, text): return hmac.new(key, text.encode(), hashlib.sha256).digest()
for n in range(1100):
    path = "/mairie/many/locks/%064x" % n
    now = datetime.datetime.utcnow().strftime("%Y%m%dT%H%M%SZ")
    headers = {"host": f"127.0.0.1:{port}", "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "x-amz-date": now}
    names = ";".join(sorted(headers))
    request = "\n".join(["PUT", path, ""] + [f"{k}:{headers[k]}" for k in sorted(headers)] + ["", names, "UNSIGNED-PAYLOAD"])
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = sign(sign(sign(sign(b"AWS4SKTEST", now[:8]), "us-east-1"), "s3"), "aws4_request")
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential=AKTEST/{scope}, SignedHeaders={names}, Signature=" + sign(key, text).hex()
    connection.request("PUT", path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
PYTHON
seed /mairie/many
expect 0 vault snapshots -r "s3:http://127.0.0.1:$port/mairie/many"

# A bucket without Object Lock is refused, at init and at every check.
lock="-o s3.object-lock=2d"
expect 1 vault init $lock -r "s3:http://127.0.0.1:$port/mairie/c"
said "does not hold Object Lock"
expect 1 vault check $lock
said "does not hold Object Lock"
expect 1 vault lock-extend
said "does not lock what is written"

# With it: proved, and nothing that was saved can be taken away by the account's own key.
export RESTIC_REPOSITORY=s3:http://127.0.0.1:$port/scelle/v
expect 0 vault init $lock -r "s3:http://127.0.0.1:$port/scelle/new"
seed /scelle/v
expect 0 vault lock-extend $lock
grep -q '^2 objects are locked; of 2 ' out || fail "$(cat out)"
expect 0 vault backup $lock tree
expect 0 vault check $lock --read-data
expect 0 vault check $lock
versions() { # "KEY VERSION" of all versions, markers too
  s3 GET '/scelle?prefix=v%2F&versions=' >/dev/null
  python3 -c '
import sys, xml.etree.ElementTree as tree
for entry in tree.parse(sys.argv[1]).getroot():
    name = entry.tag.split("}")[-1]
    if name in ("Version", "DeleteMarker"):
        print(name, *(entry.find(entry.tag.replace(name, part)).text for part in ("Key", "VersionId")))' "$T/body"
}
versions >saved
! grep -E ' v/locks/' saved || fail "versions of locks stay behind"
[ "$(grep -c canary saved)" -le 4 ] || fail "the canaries stay"
refused=0
while read -r kind key version; do
  status=$(s3 DELETE "/$(printf %s "scelle/$key")?versionId=$version" -H 'x-amz-bypass-governance-retention: true')
  [ "$status" = 403 ] || fail "$kind $key could be deleted: $status"
  refused=$((refused + 1))
done < <(grep '^Version' saved)
[ "$refused" -gt 6 ] || fail "only $refused versions"

# The intruder deletes everything, and puts something else in place of a pack and of the snapshot: we say what happened, and
# bring it back.
sleep 1.1 # times of a server may have seconds
attack=$(date -u +%FT%TZ)
sleep 1.1
while read -r _ key _; do
  case $key in
  v/snapshots/*) [ "$(s3 PUT "/scelle/$key" -d 'nothing to see here')" = 200 ] ;;
  *) [ "$(s3 DELETE "/scelle/$key")" = 204 ] ;;
  esac || fail "the attack on $key failed"
done < <(grep -v canary saved)
pack=$(grep -m 1 ' v/data/' saved | cut -d ' ' -f 2)
[ "$(s3 PUT "/scelle/$pack" -d 'ransom')" = 200 ]
expect 1 vault snapshots
said "beffroi vault undelete"
expect 1 restic check
expect 0 vault undelete --dry-run --json
grep -q '"overwritten":true' out || fail "$(cat out)"
grep -q '"overwritten":false' out || fail "$(cat out)"
expect 1 vault snapshots
expect 0 vault undelete $lock --since "$attack"
grep -q 'objects were brought back' out || fail "$(cat out)"
expect 0 vault check $lock --read-data
expect 0 restic check --read-data
rm -rf restored
expect 0 vault restore latest --target restored
same_tree tree restored/tree
expect 0 vault undelete $lock
grep -q '^0 objects' out || fail "it does not come to rest: $(cat out)"

# Locks are extended when that is due, and only then; what plain restic wrote gets one.
expect 0 restic backup --tag plain tree/short
expect 0 vault lock-extend $lock
[ "$(sed 's/.* of \([0-9]*\) .*/\1/' out)" -ge 3 ] || fail "restic's objects were not locked: $(cat out)"
expect 0 vault lock-extend $lock
grep -q 'of 0 the lock' out || fail "extended again: $(cat out)"
expect 0 vault lock-extend -o s3.object-lock=governance:30d --json
grep -q '"extended":[1-9]' out || fail "$(cat out)"
# What prune removes is hidden, no more, and can be had back.
expect 0 vault forget $lock --keep-last 1 --group-by '' --prune
expect 0 vault undelete $lock --quiet
expect 0 vault check $lock --read-data
[ "$(vault snapshots --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))')" = 2 ] || fail "not both snapshots"
