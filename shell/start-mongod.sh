#!/bin/sh
# Starts MongoDB as the main process of a container; with new data it creates the users first. Usage:
#   start-mongod [mongod] [--option value …]          options of mongod
#   start-mongod health                               does it answer?
#   start-mongod COMMAND …                            anything else instead, such as sh
# The variables of the official image: MONGO_INITDB_ROOT_USERNAME, MONGO_INITDB_ROOT_PASSWORD, MONGO_INITDB_DATABASE; and
# those of OpenIM's compose file for a user who reads and writes this database: MONGO_OPENIM_USERNAME,
# MONGO_OPENIM_PASSWORD. Each also with _FILE for a mounted secret.
set -eu

give_up() {
  echo "start-mongod: $*" >&2
  exit 1
}

data=$PWD
unfinished=$data/.users-unfinished

case ${1:-} in
  health)
    # Until the users are there, the server answers in this container only.
    if [ -e "$unfinished" ]; then exit 1; fi
    exec mongo-admin ping ;;
  mongod) shift ;;
  "" | -*) ;;
  *) exec "$@" ;;
esac

if [ ! -w . ]; then give_up "user $(id -u) cannot write $data: give the folder or volume to this user, or run with --user"; fi

mongo-admin threads || give_up "mongod cannot start threads: this Docker is older than 20.10.10, and its filter of system calls refuses clone3." \
  "Update Docker (containerd, runc and libseccomp with it), or run with --security-opt seccomp=unconfined"

auth=--auth
if [ "${ALLOW_EMPTY_PASSWORD:-}" = yes ]; then auth=; fi
root=${MONGO_INITDB_ROOT_USERNAME:-}${MONGO_INITDB_ROOT_USERNAME_FILE:-}
# A new volume may hold other things, such as lost+found.
if [ ! -e WiredTiger ]; then
  if [ -n "$root" ]; then : >"$unfinished"
  elif [ -n "$auth" ]; then
    give_up "no user: set MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD (or …_FILE)," \
      "or ALLOW_EMPTY_PASSWORD=yes on a network of its own"
  fi
fi

# Only this container reaches the server meanwhile. A start that was cut short is made good by the next one.
if [ -e "$unfinished" ]; then
  mongod --dbpath "$data" --bind_ip 127.0.0.1 &
  server=$!
  trap 'kill "$server" 2>/dev/null && wait "$server" || :' EXIT
  trap 'exit 143' TERM INT
  mongo-admin create-users || give_up "the users cannot be created"
  kill "$server"
  wait "$server" || give_up "mongod ended badly after the users were created"
  trap - EXIT TERM INT
  rm "$unfinished"
fi

unset MONGO_INITDB_ROOT_PASSWORD MONGO_OPENIM_PASSWORD
# shellcheck disable=SC2086 # no word at all where it is empty
exec mongod --dbpath "$data" --bind_ip_all $auth "$@"
