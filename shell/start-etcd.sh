#!/bin/sh
# Starts etcd as the main process of a container; with a password and new data it creates the user root first. Usage:
#   start-etcd [etcd] [--option value …]     options of etcd
#   start-etcd health                        does it answer?
#   start-etcd COMMAND …                     anything else instead, such as sh
# ETCD_ROOT_PASSWORD, or ETCD_ROOT_PASSWORD_FILE for a mounted secret, is the password of the user root, which clients must give.
# All of etcd's own variables work as well, such as ETCD_ADVERTISE_CLIENT_URLS.
set -eu

give_up() {
  echo "start-etcd: $*" >&2
  exit 1
}

password=${ETCD_ROOT_PASSWORD:-}
if [ -n "${ETCD_ROOT_PASSWORD_FILE:-}" ]; then
  password=$(cat "$ETCD_ROOT_PASSWORD_FILE") ||
    give_up "ETCD_ROOT_PASSWORD_FILE cannot be read: mount the secret there, readable for user $(id -u)"
fi
unset ETCD_ROOT_PASSWORD ETCD_ROOT_PASSWORD_FILE
secured=$PWD/.password-set

# Asks etcd in this container. The password is not in the command line, which others can read.
ask() {
  ETCDCTL_API=3 ETCDCTL_ENDPOINTS=${ETCDCTL_ENDPOINTS:-http://127.0.0.1:2379} etcdctl --command-timeout=4s "$@"
}
ask_as_root() {
  if [ -z "$password" ]; then ask "$@"
  else ETCDCTL_USER=root ETCDCTL_PASSWORD=$password ask "$@"
  fi
}

case ${1:-} in
  health)
    # Until the user is there, etcd answers in this container only.
    if [ -n "$password" ] && [ ! -e "$secured" ]; then exit 1; fi
    ask_as_root endpoint health >/dev/null
    exit ;;
  etcd) shift ;;
  "" | -*) ;;
  *) exec "$@" ;;
esac

if [ ! -w . ]; then give_up "user $(id -u) cannot write $PWD: give the folder or volume to this user, or run with --user"; fi
if [ -z "$password" ] && [ "${ALLOW_EMPTY_PASSWORD:-}" != yes ]; then
  give_up "no password: set ETCD_ROOT_PASSWORD or ETCD_ROOT_PASSWORD_FILE, or ALLOW_EMPTY_PASSWORD=yes on a private network"
fi
case $password in *[!!-~]*) give_up "the password may hold letters, digits and punctuation of ASCII only: etcd reads no spaces" ;; esac

# VARIABLE OPTION VALUE. Etcd refuses a variable beside its option.
options=$*
default() {
  case " $options" in *" $2="* | *" $2 "*) return ;; esac
  if eval "[ -z \"\${$1:-}\" ]"; then export "$1=$3"; fi
}
read -r host </proc/sys/kernel/hostname
default ETCD_DATA_DIR --data-dir "$PWD/etcd"
default ETCD_AUTO_COMPACTION_RETENTION --auto-compaction-retention 1

# Only this container reaches etcd meanwhile. A start that was cut short is continued by the next one.
if [ -n "$password" ] && [ ! -e "$secured" ]; then
  (
    unset ETCD_LISTEN_CLIENT_URLS ETCD_ADVERTISE_CLIENT_URLS
    exec etcd "$@" --listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379
  ) &
  server=$!
  trap 'kill "$server" 2>/dev/null && wait "$server" || :' EXIT
  trap 'exit 143' TERM INT
  left=300
  # With a user there is an answer only to those who give the password.
  until ask endpoint health >/dev/null 2>&1 || ask_as_root endpoint health >/dev/null 2>&1; do
    left=$((left - 1))
    if [ $left = 0 ] || ! kill -0 "$server" 2>/dev/null; then give_up "etcd does not answer, so its user cannot be created"; fi
    sleep 0.2
  done
  if ask get first-start >/dev/null 2>&1; then
    printf '%s\n' "$password" | ask user add root --interactive=false >/dev/null 2>&1 ||
      printf '%s\n' "$password" | ask user passwd root --interactive=false >/dev/null ||
      give_up "the user root cannot be created"
    ask auth enable >/dev/null || give_up "passwords cannot be switched on"
  fi
  kill "$server"
  wait "$server" || [ $? = 143 ] || give_up "etcd ended badly after its user was created"
  trap - EXIT TERM INT
  : >"$secured"
fi

default ETCD_LISTEN_CLIENT_URLS --listen-client-urls http://0.0.0.0:2379
default ETCD_ADVERTISE_CLIENT_URLS --advertise-client-urls "http://$host:2379"
exec etcd "$@"
