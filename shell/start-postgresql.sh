#!/bin/sh
# Starts PostgreSQL as the main process of a container; with new data it creates the user and the database first. Usage:
#   start-postgresql [postgres] [-c name=value …]     options of postgres
#   start-postgresql health                           does it answer?
#   start-postgresql COMMAND …                        anything else instead, such as sh
# The variables of the official image, for new data: POSTGRES_PASSWORD is the password of POSTGRES_USER (postgres), POSTGRES_DB its
# database (named as the user), POSTGRES_INITDB_ARGS options of initdb. All but the last also with _FILE for a mounted secret.
set -eu

give_up() {
  echo "start-postgresql: $*" >&2
  exit 1
}

# setting NAME: the value of the variable, or of the file that NAME_FILE names.
setting() {
  eval "value=\${$1:-} file=\${$1_FILE:-}"
  if [ -z "$file" ]; then return; fi
  value=$(cat "$file") || give_up "$1_FILE cannot be read: mount the secret there, readable for user $(id -u)"
}

folder=$PWD
data=$folder/postgresql

case ${1:-} in
  health)
    # It has more codes than a health check may have.
    pg_isready --quiet --host=127.0.0.1 --port="${PGPORT:-5432}" || exit 1
    exit 0 ;;
  postgres) shift ;;
  "" | -*) ;;
  *) exec "$@" ;;
esac

if [ ! -w . ]; then give_up "user $(id -u) cannot write $folder: give the folder or volume to this user, or run with --user"; fi

setting POSTGRES_PASSWORD
password=$value
if [ -z "$password" ] && [ "${ALLOW_EMPTY_PASSWORD:-}" != yes ]; then
  give_up "no password: set POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, or ALLOW_EMPTY_PASSWORD=yes on a private network"
fi
if [ "$(printf %s "$password" | wc -l)" -gt 0 ]; then give_up "the password has more than one line"; fi

# Made beside its place: a start that was cut short leaves nothing that looks finished. A new volume may hold other things, such as
# lost+found.
if [ ! -e "$data" ]; then
  setting POSTGRES_USER
  user=${value:-postgres}
  setting POSTGRES_DB
  database=${value:-$user}
  case $user$database in *[!A-Za-z0-9_.-]*) give_up "POSTGRES_USER and POSTGRES_DB may hold letters, digits, _ . and - only" ;; esac
  made=$folder/.unfinished
  rm -rf "$made"
  method=scram-sha-256
  if [ -z "$password" ]; then method=trust; fi
  # shellcheck disable=SC2086 # options, as words
  create() {
    initdb --pgdata="$made" --username="$user" --auth="$method" --encoding=UTF8 --no-instructions ${POSTGRES_INITDB_ARGS:-} "$@" ||
      give_up "the data cannot be created"
  }
  if [ -z "$password" ]; then create
  else printf '%s\n' "$password" | create --pwfile=/dev/stdin
  fi
  echo "host all all all $method" >>"$made/pg_hba.conf"
  if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \"$database\";" | postgres --single -j -D "$made" postgres >/dev/null ||
      give_up "the database $database cannot be created"
  fi
  mv "$made" "$data"
fi
unset POSTGRES_PASSWORD password value

# PostgreSQL takes TERM for: end when the last client has gone. INT ends it at once, in order.
postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories="$folder" "$@" &
server=$!
trap 'kill -INT "$server" 2>/dev/null || :' TERM INT
trap 'kill -HUP "$server" 2>/dev/null || :' HUP
while :; do
  code=0
  wait "$server" || code=$?
  # A signal ends the wait, not the server.
  if ! kill -0 "$server" 2>/dev/null; then exit "$code"; fi
done
