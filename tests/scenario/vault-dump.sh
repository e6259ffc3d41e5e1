#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: dump writes files byte for byte, and folders as tar and zip archives that other programs unpack to what
# was saved; where restic's archives hold it too, ours say the same.
set -euo pipefail
. "$(dirname "$0")/lib/vault.sh"
needs_newest
cd "$T"
newest=$(restics | tail -1)

make_tree tree
chown 1234:4321 tree/short
touch -d '1965-03-04 05:06:07' tree/deep/a/b
long=$(printf 'long%.0s' $(seq 60))
mkdir -p "tree/deep/$long/$long"
echo x >"tree/deep/$long/$long/é"
new_repo repo
expect 0 "$BEFFROI" vault backup -r repo tree
dump() { "$BEFFROI" vault dump -r repo "$@"; }

# Files.
for file in short nothing several-chunks zeros sparse "Délibérations 2026/compte rendu n° 7 – été.txt"; do
  dump latest "/tree/$file" >file
  cmp file "tree/$file" || fail "$file is not what was saved"
done
expect 0 dump latest:tree/deep a/same-as-short --target there
cmp there tree/short || fail "--target: not what was saved"

# A tar archive, unpacked by GNU tar with all that it can: all is there, the devices too.
dump latest / >all.tar
mkdir unpacked
tar -C unpacked --same-owner -p --acls --xattrs --xattrs-include='*' --warning=no-unknown-keyword --warning=no-timestamp -xf all.tar
# It knows nothing of names that lead to the same file, as restic's does not.
rm unpacked/tree/deep/a/same-as-short unpacked/tree/empty-too && ln unpacked/tree/short unpacked/tree/deep/a/same-as-short
ln unpacked/tree/short unpacked/tree/empty-too
touch -r tree/deep/a unpacked/tree/deep/a && touch -r tree unpacked/tree
same_tree tree unpacked/tree
# The same folder below, from two sides: paths go on from the root that is named.
dump latest:/tree/deep / -a tar | tar -tf - | sort >below
dump latest tree/deep | tar -tf - | sed 's,^tree/deep/,,' | sort | diff below - || fail "other names below a folder"

# What restic's archive says of each name.
list() {
  python3 - "$1" <<'PYTHON'
import sys, tarfile
for m in sorted(tarfile.open(sys.argv[1], errors="surrogateescape"), key=lambda m: m.name):
    if m.isfile() or m.isdir() or m.issym():
        acl = sorted(",".join(f.rsplit(":", 1)[0] if f.count(":") == 3 else f for f in v.replace("\n", ",").strip(",").split(","))
                     for k, v in m.pax_headers.items() if k.startswith("SCHILY.acl"))
        xattrs = sorted((k, v) for k, v in m.pax_headers.items() if k.startswith("SCHILY.xattr"))
        mode = m.mode & ~0o070 if acl else m.mode # of a file with an access list: group or mask
        print(ascii((m.name, m.type, oct(mode), m.uid, m.gid, m.uname, m.gname, m.size, m.linkname,
                     round(m.mtime), # restic rounds it
                     [sorted(a.split(",")) for a in acl], xattrs)))
PYTHON
}
list all.tar >ours
"$newest" -r repo dump latest / >theirs.tar
list theirs.tar >theirs
diff ours theirs || fail "the tar archive says something else than restic's"

# A zip archive.
expect 3 dump latest / --archive zip --target all.zip
said "cannot hold"
"$newest" -r repo dump latest / --archive zip >theirs.zip
python3 - <<'PYTHON' || fail "the zip archive is not like restic's"
import zipfile
def read(name):
    z = zipfile.ZipFile(name)
    return {i.filename: (i.external_attr >> 16, i.file_size, z.read(i)) for i in z.infolist()}
ours, theirs = read("all.zip"), read("theirs.zip")
for name in sorted(ours.keys() | theirs.keys()):
    if ours.get(name) != theirs.get(name):
        print(ascii(name), *(e and (oct(e[0]), e[1], len(e[2])) for e in (ours.get(name), theirs.get(name))))
assert ours == theirs
PYTHON
mkdir unzipped
unzip -q all.zip 'tree/short' 'tree/link' 'tree/deep/a/*' -d unzipped
cmp unzipped/tree/short tree/short && [ -L unzipped/tree/link ] || fail "unzip makes something else of it"

expect 1 dump latest /tree/fifo
said "neither a file nor a folder"
expect 1 dump latest /tree/nowhere
expect 1 dump latest /tree/short/below
expect 1 dump latest / --archive rar
said "tar and zip"
expect 1 dump latest / --target nowhere/file
expect 1 bash -c "'$BEFFROI' vault dump -r repo latest /tree >/dev/full"
said "No space left"
expect 2 dump latest

# A file that cannot be read: the archive has no end, so that nobody takes it for the whole.
pack=$(find repo/data -type f -size +4M | sed -n 1p)
for at in $(seq 1000 500000 "$(stat -c %s "$pack")"); do
  printf 'damage' | dd of="$pack" bs=1 seek="$at" conv=notrunc status=none
done
expect 1 dump latest / --target cut.tar
said "cannot be read"
! tar -tf cut.tar >/dev/null 2>&1 || [ "$(tail -c 1024 cut.tar | tr -d '\0' | wc -c)" != 0 ] || fail "the archive seems whole"
