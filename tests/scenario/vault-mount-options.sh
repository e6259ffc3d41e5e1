#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the options of a mount: which snapshots, where they show up, whom their files belong to and who may
# read them.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/mount.sh"

cd "$T"
export TZ=Europe/Paris
mkdir tree many
touch tree/short many/file
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo "$T/tree" --tag mairie --tag été --host alpha
expect 0 restic -r repo backup many --tag mairie --host beta --time "2024-02-29 12:13:14"
TZ=America/New_York expect 0 restic -r repo backup many --host beta --time "2024-02-29 12:13:14"
names() { (cd "$1" && find . -maxdepth 4 -printf '%P %y %l %U %G\n' | sort); }

# The options, each as restic understands it.
program=$(restics | tail -n 1) # before 0.15, restic put some "latest" links elsewhere
while read -r options; do
  eval "set -- $options"
  mount_ours repo m "$@"
  mount_restic "$program" repo r "$@"
  diff <(names r) <(names m) || fail "$program has other folders with $options"
  fusermount3 -u r
  wait $restic_pid || true
  fusermount3 -u m
  mount_ends $mount_pid m
done <<'OPTIONS'
--host beta --host nobody --no-lock
--path "$T/tree" --owner-root --path-template "%h/%u/%I" --path-template "by day/%T" --time-template "2006/01/02 Jan _2 Monday"
--tag mairie,été --tag nothing --time-template "15h04m05.000 MST -0700 06 PM 3 002" --path-template "x/%t/%i-%T/y" --path-template "%%q/%T"
OPTIONS

# --allow-other: others are judged by modes and ACLs, or not at all.
printf 'secret' >tree/secret
chmod 640 tree/secret
setfacl -m u:1234:r,g::-,m::r tree/secret
expect 0 "$BEFFROI" vault backup -r repo "$T/tree" --host gamma
chmod 755 "$T"
as() { setpriv --reuid "$1" --regid "$2" --clear-groups cat "m/hosts/gamma/latest$T/tree/secret"; }
mount_ours repo m
as 1234 1234 2>err && fail "another user came in"
kill -INT $mount_pid
mount_ends $mount_pid m
mount_ours repo m --allow-other
[ "$(as 1234 1234)" = secret ] || fail "an ACL is not heeded"
as 4321 4321 2>err && fail "everybody may read"
as 4321 0 2>err && fail "the mask of an ACL was taken for the group's rights"
kill -INT $mount_pid
mount_ends $mount_pid m
mount_ours repo m --allow-other --no-default-permissions
[ "$(as 4321 4321)" = secret ] || fail "--no-default-permissions does nothing"
kill -INT $mount_pid
mount_ends $mount_pid m

# What cannot be: said at once.
expect 1 "$BEFFROI" vault mount -r repo nowhere
said "No such file"
expect 1 "$BEFFROI" vault mount -r repo tree/short
said "not a folder"
expect 1 "$BEFFROI" vault mount -r repo m --time-template /2006
said "time template"
expect 2 "$BEFFROI" vault mount -r repo
[ -z "$(ls repo/locks)" ] || fail "a lock was left"
