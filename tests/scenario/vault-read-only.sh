#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a repository on a file system mounted read-only is listed, checked and restored; a backup says
# that it cannot write.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"

cd "$T"
mkdir tree disk && printf 'x' >tree/file
mount -t tmpfs -o size=64M vault-test disk
trap 'umount "$T/disk"' EXIT
new_repo disk/repo
expect 0 "$BEFFROI" vault backup -r disk/repo tree
mount -o remount,ro disk
expect 0 "$BEFFROI" vault snapshots -r disk/repo
expect 0 "$BEFFROI" vault ls -r disk/repo latest
expect 0 "$BEFFROI" vault check --read-data -r disk/repo
expect 0 "$BEFFROI" vault restore latest -r disk/repo --target restored
same_tree tree restored/tree
expect 1 "$BEFFROI" vault backup -r disk/repo tree
said "Read-only file system"
said "mount it writable"
