#!/bin/sh
# Starts a service that Node runs, as the main process of a container. Usage:
#   start-node            start NODE_MAIN (/app/main.js)
#   start-node health     does it answer?
#   start-node COMMAND …  anything else instead, such as sh
# HEALTH_PORT and HEALTH_PATH are what health asks (3000 and /healthz). NODE_SECRETS names variables without which it does not start,
# with spaces between them; NAME_FILE is as good as NAME. ALLOW_EMPTY_PASSWORD=yes starts it without them, on a private network.
set -eu

give_up() {
  echo "start-node: $*" >&2
  exit 1
}

port=${HEALTH_PORT:-3000} path=${HEALTH_PATH:-/healthz}

case ${1:-} in
  health)
    # The same question with what a base has: bash, or BusyBox.
    if command -v bash >/dev/null; then
      answer=$(bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "GET $1 HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3; read -r line <&3; echo "$line"' "$port" "$path" 2>/dev/null) || exit 1
    else
      answer=$(printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$path" | nc -w 2 127.0.0.1 "$port" 2>/dev/null | head -n 1) || exit 1
    fi
    case $answer in "HTTP/1."*" 200"*) exit 0 ;; esac
    exit 1 ;;
  "" | node) ;;
  *) exec "$@" ;;
esac

for name in ${NODE_SECRETS:-}; do
  eval "value=\${$name:-} file=\${${name}_FILE:-}"
  if [ -n "$file" ] && [ ! -r "$file" ]; then give_up "${name}_FILE cannot be read: mount the secret there, readable for user $(id -u)"; fi
  if [ -z "$value$file" ] && [ "${ALLOW_EMPTY_PASSWORD:-}" != yes ]; then
    give_up "no $name: set $name or ${name}_FILE, or ALLOW_EMPTY_PASSWORD=yes on a private network"
  fi
done

if [ "${1:-}" = node ]; then exec "$@"; fi
exec node "${NODE_MAIN:-/app/main.js}"
