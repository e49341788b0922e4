#!/bin/sh
# Looks at an offline bundle and at nothing else: no program of the bundle is run, nothing of it is unpacked. ./daggerw runs it.
#   verify DIR    every file compared with its checksum; prints the bundle's digest
#   compare DIR   is it the bundle that OPENIM_BUNDLE_SHA256 names? Its lists, the names in them, its base images; other files are
#                 compared with these lists by whoever takes them
#   expect DIR    the digest alone is compared, for a bundle that is to be put in order
#   digest DIR    prints the digest: of items/*.sha256, which have the checksums of all files
set -eu
LC_ALL=C
export LC_ALL

fail() {
  echo "daggerw: error: $1" >&2
  [ -z "${2:-}" ] || echo "daggerw: next: $2" >&2
  exit 1
}

verb=$1
shift
for argument in "$@"; do
  case $argument in -*) fail "./daggerw bundle $verb: $argument is not an option of it" "./daggerw bundle $verb DIR" ;; esac
done
if [ $# != 1 ] || [ -z "$1" ]; then fail "./daggerw bundle $verb: name one folder" "./daggerw bundle $verb DIR"; fi
case $1 in /*) folder=$1 ;; *) folder=$PWD/$1 ;; esac
folder=${folder%/}

if command -v sha256sum > /dev/null; then sum=sha256sum; else sum='shasum -a 256'; fi
work=$(mktemp -d) || fail "no temporary folder can be made" "set TMPDIR to a folder that you may write to"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if ! cd "$folder" 2> /dev/null || [ ! -d items ] || [ -z "$(find items -name '*.sha256' -o -name '*.json')" ]; then
  fail "$folder is not an offline bundle: it has no items/*.sha256" "make one: ./daggerw call prewarm export --path=DIR (see docs/offline.md)"
fi

# Names come from whoever made the bundle: they are shown without what could steer a terminal.
shown() { tr -cd '\040-\176\n'; }

# The first names of a list on standard input, on one line.
some() {
  shown > "$work/some"
  head -n 5 "$work/some" | sed -e ':all' -e '$!N' -e '$!b all' -e 's/\n/, /g' | tr -d '\n'
  [ "$(wc -l < "$work/some")" -le 5 ] || printf ', …'
}

digest() {
  for list in items/*.sha256; do
    if [ ! -f "$list" ] || [ -L "$list" ]; then
      fail "$folder: $(echo "$list" | shown) is not a plain file" "copy the bundle again, or make it again where there is a network"
    fi
  done
  # shellcheck disable=SC2086 # the sum's option is its own word
  $sum items/*.sha256 | $sum | cut -c1-64
}

# Ends unless the digest is the one that the user has from another place.
expected() { # found
  wanted=$(echo "${OPENIM_BUNDLE_SHA256:-}" | sed 's/^sha256://' | tr 'ABCDEF' 'abcdef')
  [ -n "$wanted" ] || return 0
  echo "$wanted" | grep -Eqx '[0-9a-f]{64}' ||
    fail "OPENIM_BUNDLE_SHA256 is not a SHA-256: 64 hexadecimal digits are expected" "take the line that ./daggerw bundle DIR printed where the bundle was made"
  [ "$wanted" = "$1" ] ||
    fail "$folder is not the bundle that OPENIM_BUNDLE_SHA256 names: its digest is $1" "use the bundle with the digest $wanted; where you have renewed it yourself, set the new one, which ./daggerw bundle DIR printed"
}

# Faults of the bundle's make: into files below $work, one name a line.
looked() {
  set --
  for part in images packages go maven archives host items; do
    if [ -e "$part" ] || [ -L "$part" ]; then set -- "$@" "$part"; fi
  done
  find "$@" ! -type f ! -type d > "$work/odd"
  find "$@" -type f | sort > "$work/found"
  # The items: each has a list of its files.
  find items -name '*.sha256' -o -name '*.json' | sed -e 's/^items\///' -e 's/\.sha256$//' -e 's/\.json$//' | sort -u > "$work/items"
  : > "$work/lists"
  : > "$work/outside"
  : > "$work/all"
  while IFS= read -r item; do
    list=items/$item.sha256
    grep -Fqx "$list" "$work/found" || { echo "$list ($(title))" >> "$work/lists"; continue; }
    grep -Ev '^[0-9a-f]{64}  .' "$list" > "$work/malformed" || true
    cut -c67- "$list" | grep -E '^/|(^|/)[.][.](/|$)|[\]' >> "$work/outside" || true
    files=$(counted)
    lines=$(cut -c67- "$list" | sort -u | wc -l)
    if [ ! -s "$list" ] || [ -s "$work/malformed" ] || { [ -n "$files" ] && [ "$lines" -ne "$((files + 1))" ]; }; then
      echo "$list ($(title))" >> "$work/lists"
    fi
    cat "$list" >> "$work/all"
  done < "$work/items"
  cut -c67- "$work/all" | sort -u > "$work/listed"
  { cat "$work/listed"; find items -name '*.sha256'; } > "$work/known"
  grep -Fxv -f "$work/known" "$work/found" > "$work/unlisted" || true
}

title() {
  name=$(sed -n 's/.*"title": *"\([^"]*\)".*/\1/p' "items/$item.json" 2> /dev/null | head -n 1 | shown)
  echo "${name:-$item}"
}
counted() { sed -n 's/.*"files": *\([0-9]\{1,9\}\)\([^0-9].*\)\{0,1\}$/\1/p' "items/$item.json" 2> /dev/null | head -n 1; }

# Compares the files whose names a pattern matches; those that fail go into $work/bad with their items.
hashed() { # pattern
  grep -Fx -f "$work/listed" "$work/found" | grep -E "$1" > "$work/there" || true
  # shellcheck disable=SC2086 # the sum's option is its own word
  tr '\n' '\000' < "$work/there" | xargs -0 $sum -- > "$work/sums" 2> /dev/null || true
  cp "$work/lists" "$work/bad"
  while IFS= read -r item; do
    list=items/$item.sha256
    grep -Fqx "$list" "$work/found" || continue
    grep -E '^[0-9a-f]{64}  .' "$list" | grep -Fxv -f "$work/sums" | cut -c67- | grep -E "$1" | sort -u | sed "s/\$/ ($(title | sed 's/[\/&]/\\&/g'))/" >> "$work/bad" || true
  done < "$work/items"
}

# Ends with all that is wrong, if anything is.
judged() {
  wrong=
  next="copy the bundle again, or make it again where there is a network"
  note() { # file, words
    [ -s "$work/$1" ] || return 0
    wrong="$wrong${wrong:+; }$(wc -l < "$work/$1" | tr -d ' ') $2: $(some < "$work/$1")"
  }
  note bad "files are missing or damaged"
  note outside "names lead out of the bundle"
  note odd "links or special files, which a bundle never has"
  [ -n "$wrong" ] || next="./daggerw bundle prune $folder removes files of no item"
  note unlisted "files are in no list"
  [ -z "$wrong" ] || fail "$folder: $wrong" "$next"
}

case $verb in
  digest)
    digest
    ;;
  expect)
    found=$(digest) || exit $?
    expected "$found"
    ;;
  compare)
    found=$(digest) || exit $?
    expected "$found"
    looked
    hashed '^(images|items)/'
    judged
    ;;
  verify)
    looked
    echo "daggerw: Comparing the files of $(wc -l < "$work/items" | tr -d ' ') items with their checksums" >&2
    hashed .
    judged
    found=$(digest) || exit $?
    expected "$found"
    engine=
    [ -f items/host.sha256 ] || engine="; it has no CLI and engine: ./daggerw bundle $folder adds them where there is a network"
    echo "daggerw: $folder is whole: $(wc -l < "$work/items" | tr -d ' ') items, $(wc -l < "$work/listed" | tr -d ' ') files$engine" >&2
    if [ -n "${OPENIM_BUNDLE_SHA256:-}" ]; then
      echo "daggerw: it is the bundle that OPENIM_BUNDLE_SHA256 names" >&2
    else
      echo "daggerw: that says what it holds, not who made it: compare the digest with the one that was printed where it was made" >&2
    fi
    others=$(find . -mindepth 1 -maxdepth 1 | sed 's/^\.\///' | grep -Evx 'images|packages|go|maven|archives|host|items|needed|report\.txt' | some) || true
    [ -z "$others" ] || echo "daggerw: beside the bundle, and never used by it: $others" >&2
    echo "OPENIM_BUNDLE_SHA256=$found"
    ;;
esac
