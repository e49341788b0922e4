#!/bin/sh
# Signatures of images in one registry, by cosign and a key pair:
#
#   signatures.sh sign|ask|verify OPTIONS [REPOSITORY TAG DIGEST]...
#
# OPTIONS are cosign's for the registry. TAG may be empty, and DIGEST but for sign: then it is what the tag points to now. A
# signature says for which repository and which tag it is, so a right signature under another name is none.
#   sign     signs what has no such signature yet with /run/cosign.key; prints a line for each
#   ask      prints yes or no for each
#   verify   prints a line for each; ends with an error at the first without such a signature
set -eu
step=$1 options=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The flags keep cosign from looking for a public log's addresses, which takes long where they cannot be reached.
check() { # image, options
  image=$1
  shift
  # shellcheck disable=SC2086 # one option or none
  cosign verify $options --key /run/cosign.pub --insecure-ignore-tlog=true "$@" "$image" >"$scratch/payload" 2>"$scratch/reason"
}

is_signed() { # repository, tag, digest
  check "$1@$3" -a repository="$1" ${2:+-a} ${2:+"version=$2"}
}

# By cosign itself: the name that it gives to signatures has the digest in it.
resolve() { # repository, tag
  # shellcheck disable=SC2086
  cosign triangulate $options "$1${2:+:$2}" 2>"$scratch/reason" | sed -nE 's/^.*:sha256-([0-9a-f]{64})\.sig$/sha256:\1/p'
}

while [ $# -gt 0 ]; do
  repository=$1 tag=$2 digest=$3
  shift 3
  name=$repository${tag:+:$tag}
  if [ -z "$digest" ]; then digest=$(resolve "$repository" "$tag"); fi
  case $step in
    sign)
      if is_signed "$repository" "$tag" "$digest"; then
        echo "$name@$digest: has this key's signature already"
        continue
      fi
      # shellcheck disable=SC2086
      cosign sign $options --key /run/cosign.key --use-signing-config=false --tlog-upload=false --yes \
        -a repository="$repository" ${tag:+-a} ${tag:+"version=$tag"} "$repository@$digest" >&2
      echo "$name@$digest: signed" ;;
    ask)
      if [ -n "$digest" ] && is_signed "$repository" "$tag" "$digest"; then echo yes; else echo no; fi ;;
    verify)
      if [ -z "$digest" ]; then
        cat "$scratch/reason" >&2
        echo "$name: the registry has no such image" >&2
        exit 1
      fi
      if is_signed "$repository" "$tag" "$digest"; then
        echo "$name@$digest: signed by this key as $name"
        continue
      fi
      cat "$scratch/reason" >&2
      if check "$repository@$digest"; then
        as=$(sed -nE 's/^.*"repository":"([^"]*)".*$/\1/p' "$scratch/payload" | head -n 1)
        for_tag=$(sed -nE 's/^.*"version":"([^"]*)".*$/\1/p' "$scratch/payload" | head -n 1)
        echo "$name@$digest is signed by this key, but as ${as:-no name}${for_tag:+:$for_tag}, not as $name" >&2
      fi
      exit 1 ;;
  esac
done
