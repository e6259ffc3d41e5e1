#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a simulator touches nothing but a share that the drill made itself, whatever one does to lead it
# elsewhere: other folders, copied markers, links, mounts, and changes while it is at work.
# timeout: 400
set -uo pipefail
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}
own=()
clean() {
  mount | awk -v t="$T" '$3 == t || index($3, t "/") == 1 {print $3}' | sort -r | while read -r m; do umount "$m"; done
  for pid in "${own[@]}"; do kill "$pid" 2>/dev/null; done
  rm -rf "$T/yards"
}
trap clean EXIT
mkdir "$T/yards"
kinds="in-place head intermittent write-new-then-delete rename-first delete truncate"

# What must survive everything: a folder outside that every user may write to.
outside=$T/outside
mkdir -p "$outside/sub"
for i in 1 2 3 4 5; do
  seq 1 5000 >"$outside/file $i.txt"
  seq 1 5000 >"$outside/sub/file $i.txt"
done
chmod -R a+rwX "$outside"
chmod a+rx "$T"
look() { (cd "$outside" && find . -type f -exec sha256sum {} + | sort -k2); }
before=$(look)
untouched() { [ "$(look)" = "$before" ] || fail "$1: a file outside was touched"; }

refused() { # what, share, [option...]
  local what=$1 share=$2 kind
  shift 2
  for kind in in-place delete truncate; do
    if "$BEFFROI_DRILL" attack "$kind" "$share" "$@" >"$T/said" 2>&1; then
      fail "$what: $kind was let loose on $share: $(cat "$T/said")"
    fi
  done
  untouched "$what"
}
# A yard made by hand from a genuine one's parts is the forger's best try.
yard=$(dirname "$("$BEFFROI_DRILL" build --village --in "$T/yards")")
share=$yard/share
[ -d "$share" ] || { echo "no share was built"; exit 1; }

# --- places that are none ---
for place in / /home /etc "$outside" "$outside/sub" "$yard" "$share/" "$share/." "$share/CCAS" "$share/../share" share ./share ""; do
  refused "a place that is no share" "$place"
done

# --- forged shares ---
forge=$T/yards/beffroi-drill.forged
mkdir -p "$forge/share/sub"
echo "somebody's document" >"$forge/share/sub/document.txt"
chmod -R a+rwX "$forge/share"
refused "no marker" "$forge/share"
cp -a "$share/.beffroi-drill" "$forge/share/"
refused "marker copied, no key" "$forge/share"
cp -a "$yard/share.key" "$forge/"
refused "marker and key copied" "$forge/share"
ln -sf "$share/.beffroi-drill" "$forge/share/.beffroi-drill"
refused "marker is a symbolic link" "$forge/share"
rm "$forge/share/.beffroi-drill"
ln "$share/.beffroi-drill" "$forge/share/.beffroi-drill"
refused "marker is a hard link" "$forge/share"
rm "$forge/share/.beffroi-drill"
sed "s/^yard .*/yard $(stat -c '%d %i' "$forge")/; s/^share .*/share $(stat -c '%d %i' "$forge/share")/" \
  "$share/.beffroi-drill" >"$forge/share/.beffroi-drill"
refused "marker rewritten, key of another" "$forge/share"
[ "$(cat "$forge/share/sub/document.txt")" = "somebody's document" ] || fail "the forged share was touched"
rm -rf "$forge"

# --- ways there over links ---
ln -s "$share" "$T/share"
refused "symbolic link to the share" "$T/share"
ln -s "$yard" "$T/beffroi-drill.link"
refused "symbolic link to the yard" "$T/beffroi-drill.link/share"
ln -s "$T/yards" "$T/link"
refused "symbolic link above the yard" "$T/link/$(basename "$yard")/share"
rm "$T/share" "$T/beffroi-drill.link" "$T/link"

# --- mounts ---
mount --bind "$outside" "$share"
refused "something bound over the share" "$share"
umount "$share"
mkdir "$T/beffroi-drill.bound"
mount --bind "$yard" "$T/beffroi-drill.bound"
refused "the yard bound elsewhere" "$T/beffroi-drill.bound/share"
umount "$T/beffroi-drill.bound"
mount --bind "$outside" "$share/CCAS"
refused "something bound inside the share" "$share"
umount "$share/CCAS"
mount -t tmpfs tmpfs "$share/CCAS"
echo mine >"$share/CCAS/mine.txt"
refused "another file system inside the share" "$share"
[ "$(cat "$share/CCAS/mine.txt")" = mine ] || fail "a file on another file system was touched"
umount "$share/CCAS"
"$BEFFROI_DRILL" compare "$share" >"$T/said" || fail "a refused simulator touched files: $(head -3 "$T/said")"

# --- whose is it ---
chmod o+w "$yard"
refused "a yard that others may write to" "$share"
chmod o-w "$yard"
chown 65534 "$yard"
refused "a yard of somebody else's" "$share"
chown 0 "$yard"
chmod o+w "$share/.beffroi-drill"
refused "a marker that others may write to" "$share"
chmod o-w "$share/.beffroi-drill"
mv "$yard/share.key" "$yard/key.away"
refused "no key beside the share" "$share"
mv "$yard/key.away" "$yard/share.key"
refused "as root" "$share" --uid 0

# --- a name outside ---
ln "$outside/file 1.txt" "$share/CCAS/file with another name.txt"
refused "a file of the share has a name outside" "$share"
rm "$share/CCAS/file with another name.txt"
"$BEFFROI_DRILL" compare "$share" >"$T/said" || fail "a refused simulator touched files: $(head -3 "$T/said")"

# --- links in the share are never followed ---
ln -s "$outside" "$share/CCAS/dehors"
ln -s "$outside/file 2.txt" "$share/CCAS/dehors.txt"
chown -h 20001:20000 "$share/CCAS/dehors" "$share/CCAS/dehors.txt"
for kind in $kinds; do
  "$BEFFROI_DRILL" attack "$kind" "$share" >"$T/said" 2>&1 || fail "$kind does not run on a genuine share: $(cat "$T/said")"
  if "$BEFFROI_DRILL" attack "$kind" "$share" >"$T/again" 2>&1; then fail "$kind strikes twice"; fi
  grep -q '^[1-9][0-9]* files spoiled' "$T/said" || fail "$kind spoiled nothing: $(cat "$T/said")"
  untouched "$kind and links out of the share"
  "$BEFFROI_DRILL" undo "$share" >"$T/said" || fail "$kind cannot be undone: $(cat "$T/said")"
done
rm "$share/CCAS/dehors" "$share/CCAS/dehors.txt"
"$BEFFROI_DRILL" compare "$share" >"$T/said" || fail "undo has not given everything back: $(head -3 "$T/said")"

# --- somebody changes the share while the simulator is at work ---
meddle() { # swaps a folder with a link out of the share, and slips in names of files outside
  while :; do
    mv "$share/CCAS/Noël des aînés" "$share/CCAS/away" 2>/dev/null && ln -s "$outside" "$share/CCAS/Noël des aînés"
    ln -f "$outside/sub/file 1.txt" "$share/Finances/file 1.txt" 2>/dev/null
    rm -f "$share/CCAS/Noël des aînés" 2>/dev/null
    mv "$share/CCAS/away" "$share/CCAS/Noël des aînés" 2>/dev/null
    for name in "$share"/Finances/Mandats/*.pdf; do
      ln -f "$outside/sub/file 2.txt" "$name" 2>/dev/null
    done
  done
}
for kind in in-place rename-first write-new-then-delete truncate delete; do
  "$BEFFROI_DRILL" attack "$kind" "$share" --per-minute 4000 >"$T/said" 2>&1 &
  own+=($!)
  simulator=$!
  # It has looked for names outside the share before it drops its first note; from then on, trick it.
  while [ -d "/proc/$simulator" ] && [ -z "$(find "$share" -name README_DECRYPT.txt -print -quit)" ]; do sleep 0.01; done
  meddle &
  own+=($!)
  wait "$simulator"
  kill "${own[-1]}"
  wait "${own[-1]}" 2>/dev/null
  grep -q '^[1-9][0-9]* files spoiled' "$T/said" || fail "$kind with a meddler does not run: $(cat "$T/said")"
  untouched "$kind with a meddler"
  "$BEFFROI_DRILL" undo --remove "$share" || fail "the share cannot be removed"
  yard=$(dirname "$("$BEFFROI_DRILL" build --village --in "$T/yards")")
  share=$yard/share
done

# --- the walls: the simulator sees nothing writable but its share, has no capability, and is alone ---
"$BEFFROI_DRILL" attack in-place "$share" --per-minute 60 >"$T/said" 2>&1 &
own+=($!)
drill=$!
sleep 1
children() { cat /proc/"$1"/task/*/children 2>/dev/null; }
inner=$(children "$(children "$drill" | tr -d ' ')" | tr -d ' ')
if [ -n "$inner" ] && [ -d "/proc/$inner" ]; then
  writable=$(awk '$6 !~ /^ro(,|$)/ {print $5}' "/proc/$inner/mountinfo")
  [ "$writable" = "$share" ] || fail "the simulator sees these writable mounts: $writable"
  grep -q '^CapEff:.*0000000000000000$' "/proc/$inner/status" || fail "the simulator has capabilities"
  grep -q '^NoNewPrivs:.*1$' "/proc/$inner/status" || fail "the simulator may gain privileges"
  [ "$(awk '/^Uid:/ {print $2 $3 $4 $5}' "/proc/$inner/status")" = 20001200012000120001 ] || fail "wrong user"
  for space in mnt pid net ipc uts; do
    [ "$(readlink "/proc/$inner/ns/$space")" != "$(readlink /proc/self/ns/$space)" ] || fail "shares namespace $space"
  done
else
  fail "the simulator is not where it should be"
fi
kill -9 "$drill"
sleep 0.5
state=$(awk '/^State:/ {print $2}' "/proc/$inner/status" 2>/dev/null)
[ -z "$state" ] || [ "$state" = Z ] || fail "the simulator outlives its master (state $state)"
"$BEFFROI_DRILL" undo --remove "$share"

[ "$failures" -eq 0 ] || echo "$failures failures"
[ "$failures" -eq 0 ]
