#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a mounted repository is the files that were saved, in everything that ls, find, cp -a, rsync and
# diff see, and has the folders that restic's own mount has, with restic's options.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
. "$(dirname "$0")/lib/mount.sh"

cd "$T"
make_tree tree
# A file whose reading crosses many chunks, and names enough for several requests of the kernel.
mkdir many
for i in $(seq 400); do printf '%s' "$i" >"many/a file with quite a long name, number $i"; done
export TZ=Europe/Paris
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo tree --tag mairie --tag été --host alpha
expect 0 restic -r repo backup many --tag mairie --host beta --time "2024-02-29 12:13:14"
TZ=America/New_York expect 0 restic -r repo backup many --host beta --time "2024-02-29 12:13:14"

# All that can be said of a file; a folder's links and size are the file system's own business. Left out is what restic
# gets wrong: link targets that are not UTF-8 (0.14), fractions of seconds before 1970, the
# links of a FIFO, the sticky bit of a folder. (Those are compared with the source.)
facts() {
  (cd "$1" && find . -mindepth 2 ! -name link-not-utf-8 ! -name nothing ! -name empty ! -type p \( -type d -printf '%P %y %m %U %G %T@ %C@ %A@\n' -o \
    -printf '%P %y %m %U %G %T@ %C@ %A@ %s %n %l\n' \)) | sort
}
names() { (cd "$1" && find . -maxdepth 4 ! -name link-not-utf-8 -printf '%P %y %l\n') | sort; }

mount_ours repo m
ls m/hosts/alpha >/dev/null || fail "no folder of the host"
ours=$(find m/hosts/alpha/latest/tree -maxdepth 0)
same_tree tree "$ours"
cp -a "$ours" copied
same_tree tree copied
rsync -aX --devices --specials "$ours/" synced/
rsync -aX --hard-links "$ours/" synced/
diff -r --no-dereference tree/deep "$ours/deep"
diff -r many m/hosts/beta/latest/many
cmp tree/several-chunks <(dd if="$ours/several-chunks" bs=777777 2>/dev/null)
[ "$(dd if="$ours/several-chunks" bs=1 skip=19999990 count=99 2>/dev/null | wc -c)" = 10 ] || fail "the end of a file"
[ "$(find m/hosts/beta/latest/many -type f | wc -l)" = 400 ] || fail "a long folder is not listed whole"
same=$(find "$ours" -printf '%i\n' | sort | uniq -c | awk '$1 > 1 { print $1 }')
[ "$same" = 3 ] || fail "numbers of files are not unique, or names of one file have several: $same"
find m/hosts -printf '%P %i\n' | sort >inodes
touch m/x 2>err && fail "something was written"
said "Read-only file system"
kill -TERM $mount_pid
mount_ends $mount_pid m
mount_ours repo m
find m/hosts -printf '%P %i\n' | sort | diff inodes - || fail "the numbers of files are others at the next mount"

for program in $(restics); do
  mount_restic "$program" repo r
  diff <(names r) <(names m) || fail "$program has other folders"
  diff <(facts r/hosts) <(facts m/hosts) || fail "$program shows other things"
  fusermount3 -u r
  wait $restic_pid || true
done
fusermount3 -u m
mount_ends $mount_pid m
[ ! -s mount.log ] || fail "there were complaints: $(cat mount.log)"

[ -z "$(ls repo/locks)" ] || fail "a lock was left"
