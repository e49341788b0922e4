#!/bin/sh
# Starts nginx as the main process of a container with pages, and passes what is below a path on to a service. Usage:
#   start-pages            start
#   start-pages health     does it answer?
#   start-pages check      is the configuration valid?
#   start-pages COMMAND …  anything else instead, such as sh
# PAGES_PORT is the port that health asks (3000). PAGES_PROXY names services by path: "/api/=http://backend:3000", several with spaces
# between them. They are looked up when they are asked for, so that the pages are there before the services are, and services may get
# other addresses. The configuration includes /tmp/nginx-proxy.conf where it serves the pages.
set -eu

give_up() {
  echo "start-pages: $*" >&2
  exit 1
}

port=${PAGES_PORT:-3000}
check=

case ${1:-} in
  health)
    if command -v bash >/dev/null; then
      answer=$(bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "GET / HTTP/1.0\r\n\r\n" >&3; read -r line <&3; echo "$line"' "$port" 2>/dev/null) || exit 1
    else
      answer=$(printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 2 127.0.0.1 "$port" 2>/dev/null | head -n 1) || exit 1
    fi
    case $answer in "HTTP/1."*" 200"*) exit 0 ;; esac
    exit 1 ;;
  check) check=-t ;;
  "") ;;
  *) exec "$@" ;;
esac

# nginx takes an IPv6 address in brackets, and asks at the first use.
servers=$(sed -n 's/^nameserver  *\([^ %]*\).*/\1/p' /etc/resolv.conf 2>/dev/null | sed 's/.*:.*/[&]/' | tr '\n' ' ')

# nginx reads neither /etc/hosts nor the list of domains that Kubernetes searches.
known() {
  name=${1#*://}
  rest=${name#"${name%%[:/]*}"} name=${name%%[:/]*}
  address=
  while read -r number names; do
    case $number in \#* | *:*) continue ;; esac
    case " $names " in *" $name "*) address=$number; break ;; esac
  done </etc/hosts
  case $name in *.*) domain= ;; *) domain=$(sed -n 's/^search  *\([^ ]*\.svc\.[^ ]*\).*/.\1/p' /etc/resolv.conf 2>/dev/null | head -n 1) ;; esac
  echo "${1%%://*}://${address:-$name$domain}$rest"
}

{
  echo "resolver ${servers:-127.0.0.1} valid=10s ipv6=off;"
  count=0
  for pair in ${PAGES_PROXY:-}; do
    path=${pair%%=*} to=${pair#*=}
    case $pair in /*/=http://* | /*/=https://*) ;; *) give_up "PAGES_PROXY has \"$pair\": expected PATH=ADDRESS, such as /api/=http://backend:3000" ;; esac
    case $to in *[!A-Za-z0-9.:/_-]*) give_up "PAGES_PROXY has \"$pair\": its address has a character that no address has" ;; esac
    count=$((count + 1))
    cat <<END
location $path {
  set \$service_$count $(known "${to%/}");
  proxy_pass \$service_$count\$request_uri;
  proxy_set_header Host \$http_host;
  proxy_set_header X-Forwarded-For \$proxy_add_x_forwarded_for;
  proxy_http_version 1.1;
  proxy_set_header Upgrade \$http_upgrade;
  proxy_set_header Connection \$http_connection;
  proxy_connect_timeout 5s;
}
END
  done
} >/tmp/nginx-proxy.conf

# shellcheck disable=SC2086 # no word at all where it is empty
exec nginx -e stderr $check -g "daemon off; pid /tmp/nginx.pid;"
