# SPDX-License-Identifier: GPL-3.0-or-later
# Helpers for the scenario tests of the vault; sourced by them.
# RESTIC_NEW may name a newer restic than the installed one.

export RESTIC_PASSWORD="un mot de passe très long"
export RESTIC_CACHE_DIR="$T/cache"
unset RESTIC_REPOSITORY RESTIC_PASSWORD_FILE RESTIC_REPOSITORY_FILE
lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# The restic programs to test against.
restics() {
  command -v restic
  [ -z "${RESTIC_NEW:-}" ] || echo "$RESTIC_NEW"
}

# What is compared with the newest restic alone: Debian's lacks the command, or says less.
needs_newest() {
  [ -n "${RESTIC_NEW:-}" ] && return
  echo "skipped: no newer restic (RESTIC_NEW)"
  exit 77
}

same_tree() {
  python3 "$lib/treediff.py" "$1" "$2" || fail "$1 and $2 differ"
}

# expect CODE COMMAND...: runs it, output to $T/out and $T/err, and compares the exit code.
expect() {
  local wanted=$1 got=0
  shift
  "$@" >"$T/out" 2>"$T/err" || got=$?
  [ "$got" = "$wanted" ] || fail "exit code $got instead of $wanted: $* : $(tail -n 3 "$T/out" "$T/err")"
}

# said TEXT: the last command's error output has that text.
said() {
  grep -qF -- "$1" "$T/err" || fail "expected \"$1\" in: $(cat "$T/err")"
}

# new_repo REPO [restic]: a repository by beffroi or by Debian's restic, with a key that is opened at once: its own costs half
# a second on purpose, each time. What is about keys makes its own.
new_repo() {
  if [ "${2:-}" = restic ]; then expect 0 restic init -r "$1"; else expect 0 "$BEFFROI" vault init -r "$1"; fi
  cheap_key "$1"
}
cheap_key() { "$BUILD/tests/tools/cheap_key" "$1" || fail "no cheap key for $1"; }

# in_use REPO: a restic that waits for its input holds a lock there, until not_in_use ends it.
in_use() {
  mkfifo "$T/input"
  exec 9<>"$T/input"
  restic -r "$1" backup --stdin <"$T/input" >"$T/in-use.log" 2>&1 9>&- &
  user=$!
  # shellcheck disable=SC2010 # find has no such pattern; the temporary name of a lock does not count yet
  for _ in $(seq 100); do ls "$1/locks" | grep -qE '^[0-9a-f]{64}$' && return; sleep 0.1; done
  fail "restic took no lock: $(cat "$T/in-use.log")"
}
not_in_use() {
  kill "$user"
  wait "$user" || true
  exec 9>&-
  rm "$T/input"
}

# make_tree DIR: every kind of file with every kind of metadata.
make_tree() {
  local d=$1
  mkdir -p "$d"/{empty,deep/a/b/c/d/e/f,"Délibérations 2026"}
  printf 'short\n' >"$d/short"
  : >"$d/nothing"
  head -c 524287 /dev/urandom >"$d/just-under-a-chunk"
  head -c 524288 /dev/urandom >"$d/exactly-the-least-chunk"
  head -c 20000000 /dev/urandom >"$d/several-chunks"
  head -c 9000000 < <(yes 'la mairie du village') >"$d/compressible"
  head -c 9437184 /dev/zero >"$d/zeros"
  truncate -s 30M "$d/sparse"
  printf 'end' >>"$d/sparse"
  printf 'x' >"$d/Délibérations 2026/compte rendu n° 7 – été.txt"
  printf 'x' >"$d/"$'not utf-8 \xe9\xff'
  printf 'x' >"$d/"$'odd <&>"\\ \n \t \x01 \u00a0 \u2028 \U1F514'
  ln -s ../somewhere/else "$d/link"
  ln -s $'\xff\xfe raw' "$d/link-not-utf-8"
  ln "$d/short" "$d/deep/a/same-as-short"
  ln "$d/short" "$d/empty-too"
  mkfifo -m 640 "$d/fifo"
  mknod "$d/null" c 1 3
  mknod "$d/loop" b 7 200
  printf 'x' >"$d/setuid"
  chown 1234:4321 "$d/setuid"
  chmod 6755 "$d/setuid"
  chmod 1777 "$d/empty"
  chown -h 77:88 "$d/link"
  printf 'x' >"$d/attributes"
  setfattr -n user.note -v 'garder' "$d/attributes"
  setfattr -n user.binary -v 0x00ff10 "$d/attributes"
  setfattr -n trusted.more -v 'root' "$d/deep"
  setfacl -m u:1234:rw-,g:4321:r-- "$d/attributes"
  setfacl -d -m u:1234:rwx "$d/deep/a"
  touch -d '1965-03-04 05:06:07.123456789' "$d/nothing"
  touch -h -d '2038-01-19 03:14:08.000000001' "$d/link"
  touch -d '2001-02-03 04:05:06.700' "$d/deep/a/b"
}

# same_json OURS THEIRS [MEMBER...]: both hold the same JSON, one document or one in each line, whatever the order of
# members, and but for the named ones.
same_json() {
  python3 - "$@" <<'PYTHON' || fail "$1 and $2 are not the same JSON"
import json, sys
def without(value, members):
    if isinstance(value, dict):
        return {k: without(v, members) for k, v in value.items() if k not in members}
    return [without(v, members) for v in value] if isinstance(value, list) else value
def read(name):
    text = open(name).read()
    try:
        return [json.loads(text)]
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines()]
ours, theirs = (without(read(name), sys.argv[3:]) for name in sys.argv[1:3])
for i, (a, b) in enumerate(zip(ours, theirs)):
    if a != b:
        print(f"document {i}:", json.dumps(a)[:3000], json.dumps(b)[:3000], sep="\n", file=sys.stderr)
sys.exit(ours != theirs)
PYTHON
}

# ids REPO: the IDs of its snapshots, oldest first, a line each.
ids() {
  "$BEFFROI" vault snapshots -r "$1" --json | python3 -c 'import json,sys; print(*[s["id"] for s in json.load(sys.stdin)], sep="\n")'
}
