# SPDX-License-Identifier: GPL-3.0-or-later
# Ordinary work in a folder, as an unprivileged user. Source it with $T and $SOURCE set, then:
#
#   ordinary_prepare            makes what the work needs, in $T/kit (not under guard)
#   ordinary_names              prints the kinds of work
#   ordinary_do KIND FOLDER     does it in FOLDER; its output goes to $T/ordinary.log

ordinary_user=20001

ordinary_names() { echo copy unpack clone office zip make edit; }

ordinary_prepare() {
  local kit=$T/kit i
  mkdir -p "$kit/many" "$kit/project" "$kit/home" "$kit/package-1.0/debian"
  python3 - "$kit" <<'PYTHON'
import os, random, sys
kit, r = sys.argv[1], random.Random(1)
words = "mairie conseil budget école voirie séance délibération courrier permis état civil".split()
for n in range(5000):
    folder = f"{kit}/many/dossier {n // 100:02}"
    os.makedirs(folder, exist_ok=True)
    text = " ".join(r.choice(words) for _ in range(r.randint(20, 600))).encode()
    # A photo now and then: bytes that nothing compresses.
    with open(f"{folder}/pièce n° {n:04}.{'jpg' if n % 5 == 0 else 'txt'}", "wb") as f:
        f.write(b"\xff\xd8\xff\xe0\0\x10JFIF\0" + r.randbytes(r.randint(2000, 30000)) if n % 5 == 0 else text)
for n in range(60):
    with open(f"{kit}/project/part{n}.c", "w") as f:
        f.write("".join(f"int part{n}_{i}(int x) {{ return x * {i} + {n}; }}\n" for i in range(200)))
with open(f"{kit}/project/main.c", "w") as f:
    f.write("int part0_1(int);\nint main(void) { return part0_1(0); }\n")
with open(f"{kit}/project/Makefile", "w") as f:
    f.write("objects = $(patsubst %.c,%.o,$(wildcard *.c))\nprogram: $(objects)\n\tcc -o $@ $^\nclean:\n"
            "\trm -f program $(objects)\n")
PYTHON
  cp -r "$SOURCE/src" "$SOURCE/drill" "$kit/package-1.0/"
  printf '3.0 (native)\n' >"$(mkdir -p "$kit/package-1.0/debian/source" && echo "$kit/package-1.0/debian/source/format")"
  printf 'package (1.0) unstable; urgency=low\n\n  * Essai.\n\n -- Mairie <mairie@example.org>  Mon, 03 Oct 2022 10:00:00 +0200\n' \
    >"$kit/package-1.0/debian/changelog"
  printf 'Source: package\nMaintainer: Mairie <mairie@example.org>\n\nPackage: package\nArchitecture: any\nDescription: essai\n' \
    >"$kit/package-1.0/debian/control"
  (cd "$kit" && dpkg-source -b package-1.0 >/dev/null 2>&1)
  (
    cd "$kit/package-1.0"
    export HOME=$kit/home GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
    git init -q -b main . && git add -A && git commit -q -m "first"
    for i in 1 2 3; do
      echo "$i" >>debian/changelog && git commit -q -a -m "change $i" && git tag "v$i"
    done
  )
  for i in 1 2 3; do printf '<html><body><h1>Séance %s</h1><p>Texte.</p></body></html>' "$i" >"$kit/page$i.html"; done
  chmod -R a+rX "$kit"
  chown -R "$ordinary_user:$ordinary_user" "$kit/home" "$kit/package-1.0"
}

ordinary_as() { setpriv --reuid "$ordinary_user" --regid "$ordinary_user" --clear-groups env HOME="$T/kit/home" "$@"; }

ordinary_do() {
  local kind=$1 folder=$2/$1 kit=$T/kit
  ordinary_as mkdir -p "$folder"
  (
    set -e
    case $kind in
    copy) ordinary_as cp -r "$kit/many" "$folder/" ;;
    unpack) cd "$folder" && ordinary_as dpkg-source -x "$kit/package_1.0.dsc" ;;
    clone)
      ordinary_as git clone -q --no-hardlinks "$kit/package-1.0" "$folder/depot"
      ordinary_as git -C "$folder/depot" -c advice.detachedHead=false checkout -q v1
      ordinary_as git -C "$folder/depot" checkout -q main
      ordinary_as git -C "$folder/depot" gc -q
      ;;
    office)
      for i in 1 2 3; do
        ordinary_as cp "$kit/page$i.html" "$folder/"
        cd "$folder"
        ordinary_as soffice "-env:UserInstallation=file://$kit/home/office" --headless --convert-to odt:writer8 --infilter='HTML (StarWriter)' "page$i.html"
        ordinary_as soffice "-env:UserInstallation=file://$kit/home/office" --headless --convert-to docx "page$i.odt"
        ordinary_as soffice "-env:UserInstallation=file://$kit/home/office" --headless --convert-to odt "page$i.docx" # saves over the first one
      done
      ;;
    zip)
      ordinary_as cp -r "$kit/many/dossier 01" "$kit/many/dossier 02" "$folder/"
      cd "$folder" && ordinary_as zip -qr dossiers.zip "dossier 01" "dossier 02" && ordinary_as rm -r "dossier 01"
      ;;
    make)
      ordinary_as cp -r "$kit/project" "$folder/"
      ordinary_as make -s -C "$folder/project" -j2
      ordinary_as make -s -C "$folder/project" clean
      ordinary_as make -s -C "$folder/project"
      ;;
    edit)
      ordinary_as cp -r "$kit/many/dossier 03" "$folder/"
      cd "$folder/dossier 03"
      for file in *.txt; do # in place by way of a new file, then appended to: what editors and scripts do
        ordinary_as sed -i 's/mairie/hôtel de ville/g' "$file"
        ordinary_as sh -c 'echo "corrigé" >>"$1"' sh "$file"
      done
      ;;
    esac
  ) >>"$T/ordinary.log" 2>&1
}
