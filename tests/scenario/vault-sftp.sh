#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a repository behind a real sshd: ours is read by restic and restic's by us, over the same connection; the
# layout and the modes are those of a folder; ssh sees none of our passwords; a connection that is cut is made anew; a full disk
# and a server that is not there are told of.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"
server=/usr/lib/openssh/sftp-server

# A sshd and a ssh of this test alone: own keys, own configuration, a free port.
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f user
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p /run/sshd
cat >sshd_config <<CONF
Port $port
ListenAddress 127.0.0.1
HostKey $T/host
AuthorizedKeysFile $T/user.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
Subsystem sftp internal-sftp
CONF
echo "[127.0.0.1]:$port $(cat host.pub)" >known_hosts
cat >ssh_config <<CONF
Host mairie 127.0.0.1
  HostName 127.0.0.1
  Port $port
  User root
  IdentityFile $T/user
  IdentitiesOnly yes
  UserKnownHostsFile $T/known_hosts
  StrictHostKeyChecking yes
  BatchMode yes
CONF
/usr/sbin/sshd -D -e -f sshd_config 2>sshd.log &
sshd=$!
trap 'kill $sshd 2>/dev/null || true; wait' EXIT
for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.05; done

args="sftp.args=-F $T/ssh_config"
command="sftp.command=ssh -F $T/ssh_config mairie -s sftp"
place=sftp:mairie:$T/repo
vault() { "$BEFFROI" vault "$@" -r "$place" -o "$args"; }
make_tree tree
rm tree/link-not-utf-8 # restic 0.14 does not keep it
rm tree/{several-chunks,zeros,sparse}
expect 0 vault init
cheap_key repo
expect 0 vault backup tree
[ "$(stat -c %a repo repo/data | tr '\n' ' ')" = "700 700 " ] || fail "modes of the folders"
[ -z "$(find repo/data repo/index repo/keys repo/snapshots repo/config -type f ! -perm 400)" ] || fail "a file may be written"
[ -z "$(find repo -name 'tmp-*')$(ls repo/locks)" ] || fail "something was left"

# Both read what the other wrote, through the server and in place, to the last byte.
expect 0 restic -r "$place" -o "$command" check --read-data
expect 0 restic -r "$place" -o "$command" backup --tag theirs tree
expect 0 vault check --read-data
expect 0 vault restore latest --tag theirs --target restored
same_tree tree restored/tree
rm -rf restored
expect 0 "$BEFFROI" vault restore latest -r repo --target restored
same_tree tree restored/tree
if [ -n "${RESTIC_NEW:-}" ]; then
  expect 0 "$RESTIC_NEW" -r "sftp://root@127.0.0.1:$port/$T/repo" -o "$args" snapshots
fi
expect 0 "$BEFFROI" vault snapshots -r "sftp://root@127.0.0.1:$port/$T/repo" -o "$args" --json
grep -q theirs out || fail "the URL shows something else: $(cat out)"
expect 0 vault forget --keep-last 1 --group-by "" --prune
expect 0 restic -r "$place" -o "$command" check

# What is not there, and who is not let in.
expect 10 "$BEFFROI" vault snapshots -r "sftp:mairie:$T/nothing" -o "$args"
said "is not a repository"
mv user.pub gone
expect 1 vault snapshots
said "Permission denied"
mv gone user.pub
expect 1 vault init
said "already holds a repository"
expect 1 "$BEFFROI" vault snapshots -r "$place" -o sftp.command="/nothing/ssh"
said "cannot start the program /nothing/ssh"
expect 1 "$BEFFROI" vault snapshots -r "$place" -o "sftp.command=sh -c 'echo rien ne va >&2; exit 7'"
said "rien"

# The program sees no password of ours.
cat >spy <<CONF
#!/bin/sh
env >$T/seen
exec $server
CONF
chmod 755 spy
AWS_SECRET_ACCESS_KEY=sesame expect 0 "$BEFFROI" vault snapshots -r "$place" -o "sftp.command=$T/spy"
! grep -E 'RESTIC_|sesame|mot de passe' seen || fail "a secret was handed on"

# Each connection is cut after some MB, and the server killed: what was begun is begun again over a new one.
cat >frail <<CONF
#!/usr/bin/env python3
import os, subprocess, sys, threading
$(cat <<'PYTHON'
server = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
def answer():
    while data := server.stdout.read1(65536):
        os.write(1, data)
threading.Thread(target=answer, daemon=True).start()
left = int(sys.argv[2])
while left > 0 and (data := os.read(0, min(left, 65536))):
    server.stdin.write(data)
    server.stdin.flush()
    left -= len(data)
server.kill()
os._exit(3)
PYTHON
)
CONF
chmod 755 frail
mkdir -p more && head -c 24000000 /dev/urandom >more/file && head -c 20000000 /dev/urandom >other
expect 0 "$BEFFROI" vault backup -r "$place" -o "sftp.command=$T/frail $server 20000000" more
expect 0 "$BEFFROI" vault check --read-data -r repo
expect 124 timeout 4 "$BEFFROI" vault backup --tag never -r "$place" -o "sftp.command=$T/frail $server 3000000" other
said "the connection to sftp:mairie:$T/repo ended: it ended with exit code 3; trying again"
expect 0 "$BEFFROI" vault unlock -r repo --remove-all
expect 0 "$BEFFROI" vault check --read-data -r repo
[ "$(find repo/snapshots -type f | wc -l)" = 2 ] || fail "the failed backup left a snapshot"

# A full disk is called that, though the protocol has no word for it.
mkdir disk
truncate -s 16M image
mkfs.ext4 -q -O ^has_journal -m 0 image
mount -o loop image disk
full() { "$BEFFROI" vault "$@" -r "sftp:mairie:$T/disk/repo" -o "sftp.command=$server"; }
expect 0 full init
cheap_key disk/repo
expect 1 full backup more
said "No space left on device"
[ -z "$(find disk/repo -name 'tmp-*')$(find disk/repo/locks disk/repo/snapshots -type f)" ] || fail "something half done is left"
umount disk

# Another server, which knows neither modes nor syncs nor how much room there is: rclone's, where there is a new one.
peers=$(dirname "$BUILD")/build-peers
[ -x "$peers/usr/bin/rclone" ] || { "$SOURCE/../shared/tools/newer-debian-package" "$peers" rclone >/dev/null 2>&1 || true; }
[ -x "$peers/usr/bin/rclone" ] || exit 0 # what is above needs none
mkdir other-server
other() { "$BEFFROI" vault "$@" -r sftp:host:/repo -o "sftp.command=$peers/usr/bin/rclone --config $T/none serve sftp --stdio $T/other-server"; }
expect 0 other init
cheap_key other-server/repo
expect 0 other backup tree
expect 0 other check --read-data
expect 0 other forget --keep-last 1 --prune
expect 0 restic -r other-server/repo check --read-data
