#!/bin/sh
# Starts VictoriaLogs as the main process of a container. Usage:
#   start-victorialogs [victoria-logs] [-option=value …]   options of victoria-logs
#   start-victorialogs health                               does it answer?
#   start-victorialogs ask QUERY [LINES]                    100 lines at most that a query of LogsQL finds, as JSON
#   start-victorialogs COMMAND …                            anything else instead, such as sh
# RETENTION_DAYS (14) and RETENTION_GIB (5) say how much is kept in VICTORIALOGS_DATA (/data); the last two days always are. It listens on
# VICTORIALOGS_PORT (9428), without a password: who may use it is a matter of the network.
set -eu

give_up() {
  echo "start-victorialogs: $*" >&2
  exit 1
}

number() { # name, value
  case $2 in "" | *[!0-9]* | 0) give_up "$1 is $2, and a number from 1 is expected" ;; esac
}
port=${VICTORIALOGS_PORT:-9428}

# The answer to a GET, with what a base has: bash, or BusyBox. Anything but 200 is a failure, and its text an error.
get() {
  if command -v bash >/dev/null; then
    bash --norc -c 'exec 3<>"/dev/tcp/127.0.0.1/$0" || exit 1
      printf "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$1" >&3
      read -r _ status _ <&3
      while IFS= read -r line <&3 && [ "$line" != $'\''\r'\'' ]; do :; done
      if [ "$status" = 200 ]; then exec cat <&3; fi
      cat <&3 >&2
      exit 1' "$port" "$1"
  else wget -q -O - "http://127.0.0.1:$port$1"
  fi
}
# Each byte as %XX.
encoded() {
  printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'
}

case ${1:-} in
  health) get /health >/dev/null 2>&1; exit ;;
  ask)
    if [ -z "${2:-}" ]; then give_up "no query: start-victorialogs ask '_time:1h error'"; fi
    number LINES "${3:-100}"
    get "/select/logsql/query?limit=${3:-100}&query=$(encoded "$2")"
    exit ;;
  victoria-logs) shift ;;
  "" | -*) ;;
  *) exec "$@" ;;
esac
case " $* " in *" -version "* | *" --version "* | *" -help "* | *" --help "*) exec victoria-logs "$@" ;; esac

data=${VICTORIALOGS_DATA:-/data}
number RETENTION_DAYS "${RETENTION_DAYS:=14}"
number RETENTION_GIB "${RETENTION_GIB:=5}"
if ! mkdir -p "$data/logs" 2>/dev/null || [ ! -w "$data/logs" ]; then give_up "user $(id -u) cannot write $data: the volume must belong to it"; fi

exec victoria-logs -storageDataPath="$data/logs" -httpListenAddr=":$port" -loggerLevel=WARN \
  -retentionPeriod="${RETENTION_DAYS}d" -retention.maxDiskSpaceUsageBytes="${RETENTION_GIB}GiB" "$@"
