#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a REST server that lies or fails does no harm. What passes is waited out; what does not is an error that
# says what was asked and what came; nothing is lost, nothing wrong is restored, no answer fills the memory.
set -euo pipefail
source "$SOURCE/tests/scenario/lib/vault.sh"
source "$SOURCE/tests/scenario/lib/rest.sh"
cd "$T"
mkdir served tree
for i in $(seq 20); do head -c 300000 /dev/urandom >"tree/$i"; done
lie served
repo=rest:$url/
expect 0 "$BEFFROI" vault init -r "$repo"
cheap_key served
quick=(-r "$repo" -o retry.time=1s --stuck-request-timeout 1s)

# What passes.
echo often-500 4 >mode
expect 0 "$BEFFROI" vault backup -r "$repo" --pack-size 4 tree
said "trying again"
said "not today"
expect 0 "$BEFFROI" vault restore -r "$repo" latest --target back
same_tree tree back/tree
echo lost-answer >mode
head -c 3000000 /dev/urandom >tree/fresh
expect 0 "$BEFFROI" vault backup -r "$repo" tree
echo honest >mode
expect 0 "$BEFFROI" vault check -r "$repo" --read-data
[ -z "$(ls served/locks)" ] || fail "locks were left"

# What does not: the mode, the exit code of a restore, what is said of it. Folders may come from the cache.
lies() {
  echo "$1" >mode
  rm -rf back
  mkdir back
  # No answer may fill the memory: there are 600 MB of it, the sanitizers' own apart.
  if [ -n "${BEFFROI_SANITIZED:-}" ]; then limit=unlimited; else limit=2000000; fi
  expect "$2" bash -c "ulimit -v $limit; exec \"\$@\"" - "$BEFFROI" vault restore "${quick[@]}" "${@:4}" latest --target back
  said "$3"
  while IFS= read -r file; do
    [ "$(stat -c %a "$file")" = 600 ] || cmp "$file" "${file#back/}" || fail "$1: wrong bytes in $file"
  done < <(find back -type f -size +0c)
}
lies cut 3 "GET $url/data/"
lies short 3 "cut short"
lies long 3 "more than the"
lies wrong 3 "cannot be read"
lies no-ranges 3 "more than the"
lies endless 1 "too large" --no-cache
lies many-headers 1 "too large" --no-cache
lies elsewhere 1 "name that place yourself if you trust it" --no-cache
lies bad-list 1 "is damaged at byte" --no-cache
lies no-length 1 "does not tell how long" --no-cache
lies deaf 1 "$url" --no-cache

# A check tells damage from a server that is not there.
echo wrong >mode
expect 1 "$BEFFROI" vault check "${quick[@]}" --read-data
said "damaged"
echo deaf >mode
expect 1 "$BEFFROI" vault check "${quick[@]}" --read-data
! grep -q damaged err || fail "a server that does not answer is no damage: $(cat err)"
echo honest >mode
expect 0 "$BEFFROI" vault check -r "$repo" --read-data
expect 0 restic -r "$repo" --no-cache check --read-data
stop_serving
