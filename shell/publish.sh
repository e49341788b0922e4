#!/bin/sh
# Pushes an image from an OCI layout, in two steps so that no registry gets a tag before all have the content; before them, a
# question shows that the registry can be used:
#
#   publish.sh ask "" REPOSITORY "" "WAITS" TAG...            a question for each tag
#   publish.sh push LAYOUT REPOSITORY DIGEST "WAITS" TAG...   the content, unless every tag has it already
#   publish.sh tag LAYOUT REPOSITORY DIGEST "WAITS" TAG...    the tags
#
# A push may take an hour, anything else minutes. What fails is tried again after each of WAITS (seconds), unless the registry
# refused. Prints a line for each tag: REPOSITORY:TAG, a tab, what was done. Refusals go to stderr; the last line says what to
# do.
set -u
step=$1 layout=$2 repository=$3 digest=$4 waits=$5
shift 5
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

say() { printf '%s\n' "$*" >&2; }

# What the tag points to; empty where there is none yet.
present() { # tag
  if timeout 60 regctl image digest "$repository:$1" 2>"$scratch/error"; then return; fi
  if grep -qiE 'http 404|(manifest|name) unknown' "$scratch/error"; then return; fi
  return 1
}

reason() { tail -n 1 "$scratch/error" | sed -E 's/^time=[^ ]+ level=[^ ]+ msg=//; s/^"(.*)"$/\1/' | cut -c 1-300; }

# Credentials and rights do not get better by waiting; a network and a registry that starts do.
final() {
  if grep -qiE 'unauthorized|http 401|invalid (username|credentials)' "$scratch/error"; then
    next="the registry does not know this user or password: check --registry-username and --registry-password (or --registry-config, which must hold the users itself and not name a credential helper)"
  elif grep -qiE 'denied|forbidden|http 403' "$scratch/error"; then
    next="this user may not push there: check the repository's name and the user's rights"
  elif grep -qiE 'method not allowed|unsupported|http 405' "$scratch/error"; then
    next="the registry takes no pushes (read-only): check its settings"
  elif grep -qiE 'x509|certificate' "$scratch/error"; then
    next="its certificate is not known here: give its authority as --registry-ca"
  elif grep -qiE 'manifest invalid|http 400|bad request' "$scratch/error"; then
    next="the registry refuses the image's manifest: check which media types it takes"
  elif grep -qiE 'server gave HTTP response to HTTPS|first record does not look like a TLS' "$scratch/error"; then
    next="the registry speaks plain HTTP: --plain-http"
  else
    return 1
  fi
}

try() { # what, command
  what=$1
  shift
  for wait in $waits end; do
    if "$@" >"$scratch/output" 2>"$scratch/error"; then return; fi
    if ! [ -s "$scratch/error" ]; then echo "no answer" >"$scratch/error"; fi
    if final; then break; fi
    next="check the network and the registry, and call again: what is there already is not pushed again"
    if [ "$wait" = end ]; then break; fi
    say "$repository: $what: $(reason); again in $wait s"
    sleep "$wait"
  done
  say "$repository: $what failed: $(reason)"
  say "$repository cannot be published: $next"
  exit 1
}

case $step in
  ask)
    for tag; do try "asking for $tag" present "$tag"; done ;;
  push)
    for tag; do
      try "asking for $tag" present "$tag"
      if [ "$(cat "$scratch/output")" = "$digest" ]; then shift; else break; fi
    done
    if [ $# = 0 ]; then exit 0; fi
    try "pushing" timeout 3600 regctl image copy --referrers "ocidir://$layout@$digest" "$repository@$digest" ;;
  tag)
    for tag; do
      try "asking for $tag" present "$tag"
      before=$(cat "$scratch/output")
      if [ "$before" = "$digest" ]; then
        printf '%s:%s\talready there\n' "$repository" "$tag"
        continue
      fi
      try "tagging $tag" timeout 300 regctl image copy "$repository@$digest" "$repository:$tag"
      try "asking for $tag" present "$tag"
      if [ "$(cat "$scratch/output")" != "$digest" ]; then
        say "$repository:$tag was pushed as $digest, but the registry has $(cat "$scratch/output"): somebody else pushed at the same time; call again"
        exit 1
      fi
      if [ -n "$before" ]; then done="replaced $before"; else done=pushed; fi
      printf '%s:%s\t%s\n' "$repository" "$tag" "$done"
    done ;;
esac
