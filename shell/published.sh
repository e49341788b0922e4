#!/bin/sh
# Asks registries which inputs their images were made from:
#
#   published.sh LABEL SECONDS REFERENCE...
#
# Prints a line for each: the reference, a tab, "inputs", "none" (there is no such image) or "unknown", a tab, the label or the
# reason. All are asked at the same time. Whoever may push can write anything into a label: without line breaks, tabs and other
# control characters it can only speak for its own image.
set -u
label=$1 limit=$2
shift 2
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

plain() { tr -d '[:cntrl:]'; }

ask() { # reference, file
  if timeout "$limit" regctl image config "$1" --format "{{ index .Config.Labels \"$label\" }}" >"$2.out" 2>"$2.err"; then
    printf '%s\tinputs\t%s\n' "$1" "$(plain <"$2.out")"
  elif grep -qiE 'http 404|(manifest|name) unknown' "$2.err"; then
    printf '%s\tnone\t\n' "$1"
  else
    reason=$(tail -n 1 "$2.err" | plain | cut -c 1-200)
    printf '%s\tunknown\t%s\n' "$1" "${reason:-no answer within $limit s}"
  fi
}

number=0
for reference; do
  number=$((number + 1))
  ask "$reference" "$scratch/$number" >"$scratch/$number.line" &
done
wait
cat "$scratch"/*.line
