#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the vault server goes on serving, over TLS and as a user of its own, while thousands of connections stand
# open, some send a byte now and then, somebody guesses passwords, and its journal cannot be written.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/serve.sh"

mkdir "$T/state"
mount -t tmpfs -o size=2m,mode=0700,uid=65534,gid=65534 tmpfs "$T/state"
state=$T/state
chmod 755 "$T"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/key" -out "$T/cert" -days 2 -subj /CN=localhost \
  -addext 'subjectAltName=IP:127.0.0.1' 2>/dev/null
chmod 600 "$T/key"
user anne
chmod 644 "$T/users"
serve --state "$state" --htpasswd-file "$T/users" --tls-cert "$T/cert" --tls-key "$T/key" --user nobody --timeout 5 \
  --max-connections 6000 --max-per-address 100 --prometheus-no-auth
export CURL_CA_BUNDLE=$T/cert

# The least rights: another user, no capability, no new rights, confined system calls and files.
status=$(cat "/proc/$server/status")
for line in 'Uid:.65534' 'CapEff:.0*$' 'CapBnd:.0*$' 'NoNewPrivs:.1' 'Seccomp:.2'; do
  echo "$status" | grep -qE "^$line" || fail "no $line in: $status"
done
remote=rest:$(at anne)
mkdir "$T/tree"
head -c 300000 /dev/urandom >"$T/tree/data"
expect 0 restic --cacert "$T/cert" -r "$remote" init
cheap_key "$T/srv"
chown -R 65534:65534 "$T/srv"
curl -s --tls-max 1.1 "${url}metrics" && fail "TLS 1.1 is spoken"

cat >"$T/crowd.py" <<'PYTHON'
import resource, select, socket, ssl, sys, threading, time
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
host, port = sys.argv[1].split("/")[2].split(":")
context = ssl.create_default_context(cafile=sys.argv[2])
def connect(source):
    s = socket.socket()
    s.bind((source, 0))
    s.connect((host, int(port)))
    return s
# 3 000 that say nothing, of many addresses.
crowd = [connect(f"127.0.{1 + i // 80}.1") for i in range(3000)]
# A hundred and twenty of one address: so many as are allowed stay.
many = [connect("127.9.9.9") for i in range(120)]
waiting, gone, began = select.poll(), 0, time.monotonic()
for s in many: waiting.register(s, select.POLLIN)
while gone < 20 and time.monotonic() - began < 4:
    for fd, _ in waiting.poll(200): # it says nothing before it was spoken to: then it has ended it
        waiting.unregister(fd)
        gone += 1
assert gone == 20, gone
print("ready", flush=True)
# Three that send, or take, a byte now and then: a body, headers, an answer.
def slow(number, text):
    s = context.wrap_socket(connect(f"127.8.8.{number}"), server_hostname=host)
    began = time.monotonic()
    try:
        s.sendall(text)
        while time.monotonic() - began < 60:
            time.sleep(0.1)
            s.sendall(b"x")
    except OSError:
        ended.append(time.monotonic() - began)
ended = []
auth = b"Authorization: Basic YW5uZTphbm5lLXNlY3JldA==\r\n"
texts = [b"POST /data/" + b"a" * 64 + b" HTTP/1.1\r\nHost: x\r\n" + auth + b"Content-Length: 100000\r\n\r\n",
         b"GET /config HTTP/1.1\r\nHost: x\r\n" + auth + b"X-More: ", b"POST /data/" + b"b" * 64 + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"]
threads = [threading.Thread(target=slow, args=(i + 1, t)) for i, t in enumerate(texts)]
for t in threads: t.start()
for t in threads: t.join()
assert len(ended) == 3, ended
print("ended", *(f"{e:.1f} s" for e in ended))
sys.stdin.read()
PYTHON
mkfifo "$T/go"
python3 "$T/crowd.py" "$url" "$T/cert" <"$T/go" >"$T/crowd.out" 2>"$T/crowd.err" &
crowd=$!
exec 8>"$T/go"
for _ in $(seq 300); do
  grep -q ready "$T/crowd.out" && break
  kill -0 $crowd 2>/dev/null || fail "the crowd: $(cat "$T/crowd.err")"
  sleep 0.1
done
answer 200 "${url}metrics"
open=$(sed -n 's/^beffroi_vault_connections //p' "$T/body")
[ "$open" -ge 3000 ] || fail "only $open connections stand open"
expect 0 restic --cacert "$T/cert" -r "$remote" backup "$T/tree"
expect 0 restic --cacert "$T/cert" -r "$remote" check --read-data
for _ in $(seq 300); do
  grep -q ended "$T/crowd.out" && break
  kill -0 $crowd 2>/dev/null || fail "the crowd: $(cat "$T/crowd.err")"
  sleep 0.1
done
exec 8>&-
wait $crowd || fail "the crowd: $(cat "$T/crowd.err")"
nothing_left

# Whoever guesses is put off; whoever is known is not, from the same address.
answer 200 -u anne:anne-secret "${url}config"
for i in $(seq 10); do answer 401 -u "anne:guess-$i" "${url}config"; done
answer 429 -u anne:guess-11 "${url}config"
grep -qi '^retry-after:' "$T/head" || fail "not told when to come again"
answer 200 -u anne:anne-secret "${url}config"
answer 401 --interface 127.7.7.7 -u anne:guess-12 "${url}config"
journaled login-refused login

# The journal's disk is full: everything else goes on, and once there is room the journal has it all.
dd if=/dev/zero of="$state/filler" bs=64k 2>/dev/null || true
object 30000
answer 200 -u anne:anne-secret --data-binary "@$T/object" "${url}data/$id"
for i in $(seq 20); do answer 200 -u anne:anne-secret "${url}config"; done
sleep 1
answer 200 -u anne:anne-secret "${url}data/$id"
grep -q 'the journal cannot be written' "$T/serve.log" || fail "nobody is told of the journal: $(cat "$T/serve.log")"
rm "$state/filler"
for _ in $(seq 50); do
  "$BEFFROI" journal show --state "$state" | grep -q "data/$id" && break
  sleep 0.1
done
"$BEFFROI" journal show --state "$state" | grep -q "object-added .*data/$id" || fail "what happened meanwhile is lost"

answer 200 "${url}metrics"
grep -q '^beffroi_vault_slow_connections_total [1-9]' "$T/body" || fail "slow connections are not counted: $(cat "$T/body")"
grep -q '^beffroi_vault_refused_total{reason="too-many-logins"} 1$' "$T/body" || fail "the metrics: $(cat "$T/body")"
unserve
journal_intact
