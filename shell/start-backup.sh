#!/usr/bin/env bash
# Saves and restores, one task for each container. Usage:
#   start-backup restic …                         restic, with what the place of its repository needs
#   start-backup within SECONDS restic …          the same, ended after this time with exit code 124
#   start-backup mongodb dump|restore             an archive of one database to the output, or from the input in its place
#   start-backup postgresql dump|restore          one database as SQL to the output, or from the input in its place
#   start-backup redis dump                       a copy of all keys to the output
#   start-backup redis files FOLDER               writes the files of a stopped Redis, from such a copy
#   start-backup load SNAPSHOT FILE COMMAND …     gives a file of a snapshot to a command, once it was read without a fault
#   start-backup pack FILE ABOUT [SNAPSHOT …]     the files of snapshots as one encrypted file, with a text about.json
#   start-backup unpack FILE FOLDER
#   start-backup new-key                          prints one: restic's password, and a key of age
#   start-backup health
#   start-backup COMMAND …                        anything else, such as sh
# Passwords are files: /run/backup/key, RESTIC_REMOTE_PASSWORD_FILE for a place that is reached over the network, and those that the
# functions below name. For sftp: /run/backup/ssh has the key `id`, and known_hosts.
set -euo pipefail
key=/run/backup/key

give_up() {
  echo "start-backup: $*" >&2
  exit 1
}

secret() {
  if [ -n "${1:-}" ] && [ -s "$1" ]; then cat "$1"; fi
}

# YAML in single quotes takes every character but those.
quoted() {
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"
}

# MONGODB_URI_FILE, where it is not empty, or MONGODB_HOST, MONGODB_USERNAME and MONGODB_PASSWORD_FILE; MONGODB_DATABASE. What mongodump
# gets as a file stands in no list of processes.
mongodb() {
  local uri password config=/tmp/mongo-tools.yaml
  local words=(--config="$config" --archive)
  uri=$(secret "${MONGODB_URI_FILE:-}")
  password=$(secret "${MONGODB_PASSWORD_FILE:-}")
  umask 077
  if [ -n "$uri" ]; then
    printf 'uri: %s\n' "$(quoted "$uri")" >"$config"
    # mongodump takes the database from the address.
    case $uri in *"/$MONGODB_DATABASE" | *"/$MONGODB_DATABASE?"*) ;; *) give_up "MONGODB_URI does not end with /$MONGODB_DATABASE" ;; esac
  else
    printf 'password: %s\n' "$(quoted "$password")" >"$config"
    words+=(--host="${MONGODB_HOST:-mongodb}" --username="${MONGODB_USERNAME:-root}" --authenticationDatabase=admin)
    if [ "$1" = dump ]; then words+=(--db="$MONGODB_DATABASE"); fi
  fi
  case $1 in
    dump) exec mongo-tools dump "${words[@]}" --quiet ;;
    restore) exec mongo-tools restore "${words[@]}" --drop --nsInclude="$MONGODB_DATABASE.*" --quiet ;;
  esac
  give_up "mongodb: expected dump or restore"
}

# POSTGRESQL_HOST, POSTGRESQL_USERNAME, POSTGRESQL_DATABASE and POSTGRESQL_PASSWORD_FILE.
postgresql() {
  local database=$POSTGRESQL_DATABASE new=${POSTGRESQL_DATABASE}_restored
  case $database in *[!A-Za-z0-9_.-]*) give_up "POSTGRESQL_DATABASE may hold letters, digits, _ . and - only" ;; esac
  PGPASSWORD=$(secret "${POSTGRESQL_PASSWORD_FILE:-}")
  export PGPASSWORD PGHOST="${POSTGRESQL_HOST:-postgresql}" PGUSER="${POSTGRESQL_USERNAME:-postgres}" PGCONNECT_TIMEOUT=20
  export PGOPTIONS="-c client_min_messages=warning"
  case $1 in
    dump) exec pg_dump --no-password "$database" ;;
    restore)
      # Into a database beside it, which then takes its name: what fails on the way changes nothing.
      local sql=(psql --no-psqlrc --no-password --quiet --set=ON_ERROR_STOP=1 --output=/dev/null)
      statement() { "${sql[@]}" --dbname=template1 --command="$1"; }
      statement "DROP DATABASE IF EXISTS \"$new\""
      statement "CREATE DATABASE \"$new\" TEMPLATE template0"
      if ! complete | "${sql[@]}" --dbname="$new" --single-transaction; then
        statement "DROP DATABASE \"$new\""
        give_up "the dump cannot be read into a database: nothing was changed"
      fi
      statement "DROP DATABASE IF EXISTS \"$database\" WITH (FORCE)"
      statement "ALTER DATABASE \"$new\" RENAME TO \"$database\""
      exit ;;
  esac
  give_up "postgresql: expected dump or restore"
}

# A dump that ends too early would be taken for a small one: an error at its end undoes all of it.
complete() {
  awk '{ print } /^-- PostgreSQL database dump complete$/ { whole = 1 }
    END { if (!whole) print "\\.\nSELECT 1/0 AS \"the dump is not complete\";" }'
}

# REDIS_HOST and REDIS_PASSWORD_FILE.
redis() {
  case $1 in
    dump)
      REDISCLI_AUTH=$(secret "${REDIS_PASSWORD_FILE:-}")
      export REDISCLI_AUTH
      if [ -z "$REDISCLI_AUTH" ]; then unset REDISCLI_AUTH; fi
      exec redis-cli -h "${REDIS_HOST:-redis}" --rdb - ;;
    files)
      # Redis reads its append-only files and nothing else where they are there: the copy becomes the first of them.
      cd "$2"
      local base=appendonlydir/appendonly.aof.1.base.rdb
      rm -rf appendonlydir dump.rdb
      mkdir appendonlydir
      cat >"$base"
      [ "$(head -c 5 "$base")" = REDIS ] || give_up "this is not a copy of Redis"
      # What ends the transfer is left in a copy that redis-cli prints, and Redis refuses it there.
      if tail -c 40 "$base" | grep -qaxE '[0-9a-f]{40}'; then truncate -s -40 "$base"; fi
      echo "file appendonly.aof.1.base.rdb seq 1 type b" >appendonlydir/appendonly.aof.manifest
      chown -R "$(stat -c %u:%g .)" appendonlydir ;;
    *) give_up "redis: expected dump or files" ;;
  esac
}

# What calls restic in this script gets it, too.
place() {
  local password
  password=$(secret "${RESTIC_REMOTE_PASSWORD_FILE:-}")
  if [ -n "$password" ]; then export AWS_SECRET_ACCESS_KEY="$password" RESTIC_REST_PASSWORD="$password"; fi
  restic=(restic)
  case ${RESTIC_REPOSITORY:-} in
    sftp:*)
      local options="-i /run/backup/ssh/id -o UserKnownHostsFile=/run/backup/ssh/known_hosts -o BatchMode=yes -o ConnectTimeout=20"
      restic+=(-o "sftp.args=$options") ;;
  esac
}

load() {
  local snapshot=$1 file=$2
  shift 2
  "${restic[@]}" --no-cache dump "$snapshot" "$file" >/dev/null
  "${restic[@]}" --no-cache dump "$snapshot" "$file" | "$@"
}

pack() {
  file=$1
  local about=$2
  shift 2
  folder=$(mktemp -d "$(dirname "$file")/.pack.XXXXXX")
  trap 'rm -rf "$folder" "$file.part"' EXIT
  for snapshot in "$@"; do "${restic[@]}" --no-cache restore "$snapshot" --target "$folder" >&2; done
  printf '%s\n' "$about" >"$folder/about.json"
  tar -C "$folder" -cz . | age -r "$(age-keygen -y "$key")" >"$file.part"
  mv "$file.part" "$file"
}

case ${1:-} in
  health) exec restic version >/dev/null ;;
  new-key) age-keygen 2>/dev/null | grep '^AGE-SECRET-KEY-'; exit ;;
  mongodb | postgresql | redis) "$@"; exit ;;
  load | pack) place; "$@"; exit ;;
  unpack) mkdir -p "$3"; age -d -i "$key" "$2" | tar -C "$3" -xz --no-overwrite-dir; exit ;;
  restic) place; exec "${restic[@]}" "${@:2}" ;;
  within) place; exec timeout -k 5 "$2" "${restic[@]}" "${@:4}" ;;
esac
exec "$@"
