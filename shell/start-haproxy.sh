#!/bin/sh
# Starts HAProxy as the main process of a container. Usage:
#   start-haproxy [haproxy] [-option …]     options of haproxy; with -f FILE it reads these files only
#   start-haproxy health                    does it answer?
#   start-haproxy check                     is the configuration valid?
#   start-haproxy COMMAND …                 anything else instead, such as sh
# HAPROXY_CONFIG is the configuration, a file or a folder: /etc/haproxy/haproxy.cfg. What answers the health check on this
# container's loopback is added to it (/usr/local/share/haproxy/health.cfg). HAPROXY_SECRETS names variables of the configuration, with
# spaces between them, that may come from a mounted secret: NAME_FILE is as good as NAME.
set -eu

give_up() {
  echo "start-haproxy: $*" >&2
  exit 1
}

config=${HAPROXY_CONFIG:-/etc/haproxy/haproxy.cfg}
health=/usr/local/share/haproxy/health.cfg
port=8406

case ${1:-} in
  health)
    # The same question with what a base has: bash, or BusyBox.
    if command -v bash >/dev/null; then
      answer=$(bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "GET / HTTP/1.0\r\n\r\n" >&3; read -r line <&3; echo "$line"' $port 2>/dev/null) || exit 1
      case $answer in "HTTP/1."?" 200 "*) exit 0 ;; esac
      exit 1
    fi
    wget -q -O /dev/null "http://127.0.0.1:$port/" || exit 1
    exit 0 ;;
  check) shift; exec haproxy -c -f "$config" -f "$health" "$@" ;;
  haproxy) shift ;;
  "" | -*) ;;
  *) exec "$@" ;;
esac

for name in ${HAPROXY_SECRETS:-}; do
  eval "value=\${$name:-} file=\${${name}_FILE:-}"
  if [ -n "$file" ]; then value=$(cat "$file") || give_up "${name}_FILE cannot be read: mount the secret there, readable for user $(id -u)"; fi
  # HAProxy takes a password that is empty.
  if [ -z "$value" ]; then give_up "no $name: set $name or ${name}_FILE"; fi
  export "$name=$value"
done

# Options that name a configuration decide alone.
case " $* " in *" -f "*) exec haproxy "$@" -f "$health" ;; esac
if [ ! -r "$config" ]; then give_up "$config cannot be read: mount the configuration there, readable for user $(id -u), or set HAPROXY_CONFIG"; fi
exec haproxy -W -db -f "$config" -f "$health" "$@"
