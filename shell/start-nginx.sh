#!/bin/sh
# Starts nginx as the main process of a container. Usage:
#   start-nginx [nginx] [-option …]      options of nginx; with -c FILE it reads this file
#   start-nginx health                   does it answer?
#   start-nginx check                    is the configuration valid?
#   start-nginx COMMAND …                anything else instead, such as sh
# The configuration is /etc/nginx/nginx.conf, which reads /etc/nginx/conf.d/*.conf. NGINX_HEALTH_PORT is the port of this container
# that the health check asks for a page: 8407, which /usr/local/share/nginx/health.conf opens for this container alone. Another
# nginx.conf includes that file, or names here a port that answers.
set -eu

give_up() {
  echo "start-nginx: $*" >&2
  exit 1
}

port=${NGINX_HEALTH_PORT:-8407}
config=/etc/nginx/nginx.conf

case ${1:-} in
  health)
    # The same question with what a base has: bash, or BusyBox.
    if command -v bash >/dev/null; then
      answer=$(bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "GET / HTTP/1.0\r\n\r\n" >&3; read -r line <&3; echo "$line"' "$port" 2>/dev/null) || exit 1
      case $answer in "HTTP/1."*) exit 0 ;; esac
      exit 1
    fi
    # The page itself does not matter.
    printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 2 127.0.0.1 "$port" 2>/dev/null | head -n 1 | grep -q '^HTTP/1\.' || exit 1
    exit 0 ;;
  check | nginx | "" | -*) ;;
  *) exec "$@" ;;
esac

check=
case ${1:-} in
  check) check=-t; shift ;;
  nginx) shift ;;
esac

previous=
for word in "$@"; do
  if [ "$previous" = -c ]; then config=$word; fi
  previous=$word
done
if [ ! -r "$config" ]; then give_up "$config cannot be read: mount the configuration there, readable for user $(id -u)"; fi

# The main process stays in the foreground, and writes to /tmp what nginx writes to /run as root. What the configuration says wins: a
# directive may stand once only.
said=" $* $(sed 's/#.*//' "$config")"
directives=
add() { # name, value
  if ! printf '%s\n' "$said" | grep -Eq "(^|[;[:space:]])$1[[:space:]]"; then directives="$directives $1 $2;"; fi
}
add daemon off
add pid /tmp/nginx.pid
# -g may come once only, too.
merged=
previous=
count=$#
while [ "$count" -gt 0 ]; do
  word=$1
  shift
  count=$((count - 1))
  if [ "$word" = -g ]; then previous=-g
  elif [ "$previous" = -g ]; then merged="$merged ${word%;};" previous=
  else set -- "$@" "$word"
  fi
done
# shellcheck disable=SC2086 # no word at all where it is empty
exec nginx -e stderr $check -g "$merged$directives" "$@"
