#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: whatever was done to the files, clean-point names the last snapshot before it, in restic's repositories
# and in ours; weeks of honest work, mass changes among it, and harm that was undone give no alarm.
# timeout: 600
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
cd "$T"

save() { (cd tree && "${TOOL[@]}" backup -q -r "$T/$1" .) || fail "the backup failed"; }
# at REPO N: the ID of the N-th snapshot, from 0; negative from the end.
at() { restic -r "$1" snapshots --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[int(sys.argv[1])]["id"])' "$2"; }
ask() { expect 0 "$BEFFROI" vault clean-point -r "$1" --json; }
# field EXPRESSION: of the first group of the last answer, g.
field() { python3 -c 'import json,sys; g=json.load(open(sys.argv[1]))[0]; print(eval(sys.argv[2]))' out "$1"; }
quiet() { ask "$1" && [ "$(field 'g["turn"]')" = None ] || fail "$2: $(cat out)"; }
# turned REPO WHAT: the last clean one is the one that was taken before the attack.
turned() {
  ask "$1"
  [ "$(field 'g["clean"]')" = "$clean" ] || fail "$2: the clean point is wrong: $(cat out)"
}
csv() { for n in $(seq "$1" "$2"); do seq $((n * 50)) $((n * 50 + 900)) >"tree/Comptes/relevé $n.csv"; done; }
photos() { for n in $(seq "$1" "$2"); do head -c $((8000 + RANDOM % 4000)) /dev/urandom >"tree/Photos/$n.jpg"; done; }

# Five days of honest work.
make_past() {
  rm -rf tree && mkdir -p tree/{Comptes,Photos}
  csv 1 60 && photos 1 60 && save "$1"
  sed -i 's/5/6/g' tree/Comptes/*.csv && save "$1"
  photos 61 100 && for n in $(seq 1 30); do mv "tree/Photos/$n.jpg" "tree/Photos/été $n.jpg"; done && save "$1"
  rm tree/Photos/4?.jpg && gzip tree/Comptes/relevé\ [1-5]*.csv && csv 61 90 && save "$1"
  for n in $(seq 61 90); do head -c $((9000 + RANDOM % 9000)) /dev/urandom >"tree/Photos/$n.jpg"; done && save "$1"
  clean=$(at "$1" -1)
}

# spoil WAY [FILE...]: what attackers do, each in one way, over the folder that this test made.
spoil() {
  python3 - "$@" <<'PYTHON'
import base64, os, sys
way, files = sys.argv[1], sys.argv[2:] or [os.path.join(d, f) for d, _, names in os.walk("tree") for f in names]
for path in files:
    plain = open(path, "rb").read()
    noise = os.urandom(len(plain))
    stem, folder = os.path.splitext(path)[0], os.path.dirname(path)
    made, to = {"in-place": (noise, path), "footer": (noise + os.urandom(512), path),
                "new-ending": (noise, path + ".verrouillé"), "other-ending": (noise, stem + ".lck"),
                "other-name": (noise, os.path.join(folder, os.urandom(9).hex())),
                "base64": (base64.encodebytes(noise), path + ".b64x"),
                "zeros": (bytes(len(plain)), path), "cut": (b"", path)}[way]
    if to != path:
        os.remove(path)
    with open(to, "wb") as out:
        out.write(made)
PYTHON
}

for tool in restic "$BEFFROI vault"; do
  read -ra TOOL <<<"$tool"
  rm -rf past
  expect 0 "${TOOL[@]}" init -r past
  cheap_key past
  make_past past
  quiet past "honest work gave an alarm"
  rm -rf tree-before && cp -a tree tree-before
  # The repositories are the same to it, so one of them meets every attack and the other two.
  attacks="in-place new-ending"
  [ "$tool" != restic ] || attacks+=" footer other-ending other-name base64 zeros cut"
  for attack in $attacks; do
    rm -rf repo tree && cp -a past repo && cp -a tree-before tree
    spoil $attack
    save repo
    turned repo "$attack by $tool"
    [ "$(field 'len(g["reasons"])')" -gt 1 ] || fail "$attack: no reasons"
    [ $attack = in-place ] || continue
    # The day after changes nothing about it; when everything came back there is no alarm any more.
    echo "the day after" >tree/note && save repo
    turned repo "the day after $attack by $tool"
    [ "$(field 'g["turn"]')" = "$(at repo -2)" ] || fail "$attack: the turn is wrong"
    rm -rf undone && cp -a repo undone
    rm -rf tree && cp -a tree-before tree
    save undone
    quiet undone "harm that was undone gave an alarm"
  done
done

# Most of it removed.
rm -rf repo tree && cp -a past repo && cp -a tree-before tree
rm -rf tree/Comptes && rm tree/Photos/[1-8]*.jpg
save repo
turned repo "removal"
# Moved to another folder: nothing happened.
rm -rf repo tree && cp -a past repo && cp -a tree-before tree
mkdir tree/Archives && mv tree/Comptes tree/Photos tree/Archives
save repo
quiet repo "files that were moved gave an alarm"
# Slowly: four files a day.
rm -rf repo tree && cp -a past repo && cp -a tree-before tree
find tree -type f | sort >list
for day in $(seq 9); do
  mapfile -t files < <(sed -n "$((4 * day - 3)),$((4 * day))p" list)
  spoil in-place "${files[@]}"
  save repo
done
turned repo "the slow attack"

# For people, with what to do next; several groups; a snapshot that cannot be read is told.
expect 0 "$BEFFROI" vault clean-point -r repo
grep -q "The last clean snapshot is ${clean:0:8}" out || fail "no verdict in: $(cat out)"
grep -q "beffroi vault restore ${clean:0:8}" out || fail "no advice in: $(cat out)"
LANGUAGE=fr LC_ALL=C.UTF-8 LANG=C.UTF-8 expect 0 "$BEFFROI" vault clean-point -r repo --all
expect 0 restic -r repo backup -q --host autre "$T/tree/Photos"
ask repo
python3 -c 'import json,sys; sys.exit(len(json.load(open("out"))) != 2)' || fail "not two groups: $(cat out)"
expect 0 "$BEFFROI" vault clean-point -r repo --host autre
grep -q "No sign of an attack in 1 snapshot" out || fail "a filter does not filter: $(cat out)"
damaged=repo/snapshots/$(at repo 2)
chmod u+w "$damaged" && echo "not a snapshot" >"$damaged"
expect 3 "$BEFFROI" vault clean-point -r repo --json
said "could not be read"

# Without compression names and removals are judged, and that is said.
TOOL=(restic --compression off)
new_repo plain restic
make_past plain
quiet plain "honest work gave an alarm without compression"
spoil new-ending
save plain
turned plain "without compression"
expect 0 "$BEFFROI" vault clean-point -r plain
grep -q "not compressed" out || fail "it does not say what it cannot see: $(cat out)"
