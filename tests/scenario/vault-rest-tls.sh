#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: over TLS no REST server is believed whose authority is not known, and clients show a certificate where
# they have to.
# sanitizer: no, TLS is curl's; the same code of ours runs in vault-rest
set -euo pipefail
source "$SOURCE/tests/scenario/lib/vault.sh"
source "$SOURCE/tests/scenario/lib/rest.sh"
needs_rclone
cd "$T"
new_repo served

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=authority -keyout ca.key -out ca.pem 2>ssl.log
for who in server client; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$who" -keyout "$who.key" -out "$who.csr" 2>ssl.log
  openssl x509 -req -in "$who.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$who.pem" -extfile <(echo subjectAltName=IP:127.0.0.1) 2>ssl.log
done
cat client.key >>client.pem
serve served --cert server.pem --key server.key
expect 1 "$BEFFROI" vault snapshots -r "rest:$url/"
said "--cacert"
expect 0 "$BEFFROI" vault snapshots -r "rest:$url/" --cacert ca.pem
RESTIC_CACERT=ca.pem expect 0 "$BEFFROI" vault check -r "rest:$url/"
expect 0 "$BEFFROI" vault snapshots -r "rest:$url/" --insecure-tls
expect 1 "$BEFFROI" vault snapshots -r "rest:$url/" --cacert no-such-file
said "cannot read the certificate"
stop_serving
serve served --cert server.pem --key server.key --client-ca ca.pem
expect 1 "$BEFFROI" vault snapshots -r "rest:$url/" --cacert ca.pem
expect 0 "$BEFFROI" vault snapshots -r "rest:$url/" --cacert ca.pem --tls-client-cert client.pem
stop_serving
