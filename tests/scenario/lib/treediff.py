#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""treediff.py [--folder-times-free] A B: compare two folders in everything a backup must keep.

Type, mode, owner, modification time (ns), size, bytes, link target, device number, extended attributes (ACLs are
among them) and which names are the same file; with the option, a folder may have another time. Names are bytes. Prints each difference; exit 1 if there is any.
"""
import hashlib
import os
import stat
import sys


def digest(path):
    h = hashlib.sha256()
    with open(path, 'rb') as f:
        for block in iter(lambda: f.read(1 << 20), b''):
            h.update(block)
    return h.hexdigest()


def describe(path):
    st = os.lstat(path)
    facts = {'type': stat.S_IFMT(st.st_mode), 'uid': st.st_uid, 'gid': st.st_gid, 'mtime': st.st_mtime_ns}
    if not stat.S_ISLNK(st.st_mode):
        facts['mode'] = oct(stat.S_IMODE(st.st_mode))
    facts['xattrs'] = {n: os.getxattr(path, n, follow_symlinks=False)
                       for n in os.listxattr(path, follow_symlinks=False)}
    if stat.S_ISREG(st.st_mode):
        facts['size'] = st.st_size
        facts['bytes'] = digest(path)
    elif stat.S_ISLNK(st.st_mode):
        facts['target'] = os.readlink(path)
    elif stat.S_ISBLK(st.st_mode) or stat.S_ISCHR(st.st_mode):
        facts['device'] = st.st_rdev
    return facts, (st.st_dev, st.st_ino), st.st_nlink


def walk(root):
    found, groups = {}, {}
    stack = [b'']
    while stack:
        rel = stack.pop()
        path = os.path.join(root, rel) if rel else root
        facts, identity, links = describe(path)
        if not stat.S_ISSOCK(facts['type']):
            found[rel] = facts
            if links > 1 and not stat.S_ISDIR(facts['type']):
                groups.setdefault(identity, []).append(rel)
        if stat.S_ISDIR(facts['type']):
            stack += [os.path.join(rel, n) if rel else n for n in os.listdir(path)]
    same = {}
    for names in groups.values():
        for name in names:
            same[name] = sorted(names)
    for name, facts in found.items():
        facts['same file'] = same.get(name, [name])
    return found


def main():
    free = sys.argv[1] == '--folder-times-free'
    a, b = (walk(os.fsencode(p)) for p in sys.argv[1 + free:3 + free])
    wrong = 0
    for rel in sorted(set(a) | set(b)):
        if rel not in a or rel not in b:
            print(f'{rel!r}: only in the {"second" if rel not in a else "first"}')
            wrong += 1
            continue
        for key in sorted(set(a[rel]) | set(b[rel])):
            if free and key == 'mtime' and stat.S_ISDIR(a[rel]['type']):
                continue
            if a[rel].get(key) != b[rel].get(key):
                print(f'{rel!r}: {key}: {a[rel].get(key)!r} became {b[rel].get(key)!r}')
                wrong += 1
    if not a:
        print('nothing to compare')
    sys.exit(1 if wrong or not a else 0)


main()
