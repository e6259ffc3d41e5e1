#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: what is saved and what is left out is for beffroi what it is for restic: the excludes, the lists of
# paths, single files, other file systems.
# timeout: 300
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"

mkdir -p tree/{a/b,Photos,cache/deep,marked/below,other,logs}
for f in tree/{one.TXT,two.bak,a/three.txt,a/b/four.BAK,Photos/été.JPG,cache/deep/five,marked/six,marked/below/seven,logs/keep.log,logs/drop.log}; do
  printf '%s' "$f" >"$f"
done
printf 'Signature: 8a477f597d28d172789f06886806bc55\n# made by a test\n' >tree/cache/CACHEDIR.TAG
printf 'Signature: of something else\n' >tree/marked/CACHEDIR.TAG
printf 'do not save\n' >tree/marked/.nobackup
head -c 3000 /dev/zero >tree/a/large
mount -t tmpfs none tree/other
trap 'umount "$T/tree/other"' EXIT
printf x >tree/other/file
printf '# what to leave out\n  *.bak  \n\n$EXCLUDED/b\n!two.bak\nlogs/$$\n' >excludes
printf '\xef\xbb\xbf# what to save\ntree/[ao]*\n  tree/logs/*.log\n' >globs
printf 'tree/Photos\r\ntree/a/three.txt\n' >lines
printf 'tree/a/b\0tree/one.TXT\0' >nuls
export EXCLUDED=a

new_repo repo
names() { restic -r repo ls latest --host "$1" | tail -n +2; }
described() {
  restic -r repo snapshots --host "$1" latest --json |
    python3 -c 'import json,sys; s = json.load(sys.stdin)[0]; print(s["paths"], sorted(s.get("tags") or []), s.get("excludes"))'
}
choices=(
  'tree/a/b/four.BAK tree/Photos/été.JPG --tag a,b --tag c'
  'tree --iexclude *.bak --iexclude *.jpg --exclude-if-present CACHEDIR.TAG'
  'tree --exclude-file excludes'
  'tree --exclude *.log --exclude !keep.log --iexclude-file excludes'
  'tree --exclude-caches --exclude-if-present .nobackup --exclude-larger-than 2K'
  'tree --exclude-if-present CACHEDIR.TAG:Signature: --one-file-system'
  '--files-from globs --files-from-verbatim lines --files-from-raw nuls tree/logs'
)
read -r newest < <(restics | tail -n 1)
n=0
for words in "${choices[@]}"; do
  read -ra choice <<<"$words"
  n=$((n + 1))
  expect 0 "$newest" -r repo backup --host "theirs$n" "${choice[@]}"
  expect 0 "$BEFFROI" vault backup -r repo --host "ours$n" "${choice[@]}"
  [ "$(names "ours$n")" = "$(names "theirs$n")" ] || fail "$words: $(diff <(names "ours$n") <(names "theirs$n"))"
  [ "$(described "ours$n")" = "$(described "theirs$n")" ] || fail "$words: $(described "ours$n") $(described "theirs$n")"
done

# A single file comes back, too.
expect 0 "$BEFFROI" vault restore latest --host ours1 -r repo --target back
cmp back/tree/Photos/été.JPG tree/Photos/été.JPG
cmp back/tree/a/b/four.BAK tree/a/b/four.BAK

# With --skip-if-unchanged nothing new comes; --ignore-inode and --ignore-ctime read nothing that merely moved.
expect 0 "$BEFFROI" vault backup -r repo --host ours0 tree
count() { find repo/snapshots -type f | wc -l; }
before=$(count)
expect 0 "$BEFFROI" vault backup -r repo --host ours0 --skip-if-unchanged tree
[ "$(count)" = "$before" ] || fail "a snapshot was made though nothing changed"
grep -q 'nothing changed' out || fail "it does not say that nothing changed: $(cat out)"
cp -a tree/a/large large && rm tree/a/large && mv large tree/a/large
modified() { python3 -c 'import json; s = [json.loads(l) for l in open("out")][-1]; print(s["files_changed"] + s["files_new"])'; }
expect 0 "$BEFFROI" vault backup -r repo --host ours0 --ignore-inode --json --dry-run tree
[ "$(modified)" = 0 ] || fail "a file with another inode was read again: $(cat out)"
expect 0 "$BEFFROI" vault backup -r repo --host ours0 --ignore-ctime --json --dry-run tree
[ "$(modified)" = 1 ] || fail "--ignore-ctime is not about inodes: $(cat out)"
expect 0 "$BEFFROI" vault backup -r repo --host nobody --group-by paths --json --dry-run --ignore-inode tree
[ "$(modified)" = 0 ] || fail "--group-by paths found no parent: $(cat out)"

# Mistakes are told, and nothing is saved.
expect 2 "$BEFFROI" vault backup -r repo --exclude '[a' tree
said '"[a" is not a pattern'
expect 1 "$BEFFROI" vault backup -r repo --exclude-file missing tree
said missing
expect 2 "$BEFFROI" vault backup -r repo --exclude-larger-than much tree
said '"much" is not a size'
expect 2 "$BEFFROI" vault backup -r repo --files-from /dev/null
said 'no path to save'
expect 0 restic -r repo check --read-data
