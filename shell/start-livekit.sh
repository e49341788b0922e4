#!/bin/sh
# Starts LiveKit's server as the main process of a container. Usage:
#   start-livekit [livekit-server] [--option value …]     options of livekit-server; with --config FILE that file alone decides
#   start-livekit health                                   does it answer?
#   start-livekit COMMAND …                                anything else instead, such as sh
# LIVEKIT_KEY and LIVEKIT_SECRET are the pair that whoever gives out tokens has, too. LIVEKIT_KEY_FILE and LIVEKIT_SECRET_FILE name
# mounted secrets. LIVEKIT_ADDRESS is where clients reach the ports of media: an IP address, or a name, which is asked for once. Without
# it, LIVEKIT_PUBLIC_URL says it, and without that it is the container's own. Ports: 7880 for HTTP and WebSocket, LIVEKIT_TCP_PORT (7881)
# and LIVEKIT_UDP_PORT (7882) for media. Clients use the numbers that it has here: publish each as the same number.
set -eu

give_up() {
  echo "start-livekit: $*" >&2
  exit 1
}

case ${1:-} in
  health)
    # The same question with what a base has: bash, or BusyBox.
    if command -v bash >/dev/null; then
      answer=$(bash -c 'exec 3<>/dev/tcp/127.0.0.1/7880; printf "GET / HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3; read -r line <&3; echo "$line"' 2>/dev/null) || exit 1
      case $answer in "HTTP/1."?" 200 "*) exit 0 ;; esac
      exit 1
    fi
    wget -q -O /dev/null http://127.0.0.1:7880/ || exit 1
    exit 0 ;;
  livekit-server) shift ;;
  "" | -*) ;;
  *) exec "$@" ;;
esac
case " $* " in *" --config"[\ =]* | *" --version "* | *" --help "*) exec livekit-server "$@" ;; esac

# NAME VALUE FILE: the value, or what stands in the file.
secret() {
  if [ -z "$3" ]; then printf %s "$2"
  else cat "$3" || give_up "$1_FILE cannot be read: mount the secret there, readable for user $(id -u)"
  fi
}
key=$(secret LIVEKIT_KEY "${LIVEKIT_KEY:-}" "${LIVEKIT_KEY_FILE:-}") || exit 1
secret=$(secret LIVEKIT_SECRET "${LIVEKIT_SECRET:-}" "${LIVEKIT_SECRET_FILE:-}") || exit 1
# LiveKit has variables of these names, too.
unset LIVEKIT_KEY LIVEKIT_KEY_FILE LIVEKIT_SECRET LIVEKIT_SECRET_FILE LIVEKIT_KEYS

if [ -z "$key$secret" ] && [ "${ALLOW_EMPTY_PASSWORD:-}" = yes ]; then key=devkey secret=secret
else
  if [ -z "$secret" ]; then
    give_up "no password: set LIVEKIT_SECRET or LIVEKIT_SECRET_FILE, or ALLOW_EMPTY_PASSWORD=yes for LiveKit's own pair on a private network"
  fi
  if [ -z "$key" ]; then give_up "no key: set LIVEKIT_KEY or LIVEKIT_KEY_FILE, as whoever gives out tokens has it"; fi
  case $key in
    # In the documents of OpenIM and LiveKit.
    APIGPW3gnFTzqHH | devkey) give_up "the key $key is public, and so is its secret: make a pair with livekit-server generate-keys" ;;
  esac
  # As they stand in its configuration.
  case $key in *[!A-Za-z0-9_.-]*) give_up "LIVEKIT_KEY may hold letters, digits and _ . - only" ;; esac
  case $secret in *[!A-Za-z0-9_.~+/=-]*) give_up "LIVEKIT_SECRET may hold letters, digits and _ . ~ + / = - only" ;; esac
  if [ ${#secret} -lt 32 ]; then give_up "LIVEKIT_SECRET has ${#secret} characters, and at least 32 are needed"; fi
fi

# Clients get an IP address, never a name.
host=${LIVEKIT_ADDRESS:-${LIVEKIT_PUBLIC_URL:-}}
unset LIVEKIT_ADDRESS LIVEKIT_PUBLIC_URL
host=${host#*://}
host=${host%%/*}
case $host in
  \[*) host=${host%]*} host=${host#\[} ;;
  *:*:*) ;;
  *) host=${host%:*} ;;
esac
address=
case $host in
  "") ;;
  *:*) address=$host ;;
  *[!0-9.]*)
    address=$(getent hosts "$host" 2>/dev/null | while read -r found _; do case $found in *:* | 127.*) ;; *) echo "$found" && break ;; esac; done)
    if [ -z "$address" ]; then
      give_up "$host is not known here, or is this machine alone: set CALLS_IP (LIVEKIT_ADDRESS in the container) to the IP address under which clients reach this machine"
    fi ;;
  *) address=$host ;;
esac

# It is read once, and written nowhere.
exec livekit-server --config /dev/fd/3 "$@" 3<<END
port: 7880
rtc:
  tcp_port: ${LIVEKIT_TCP_PORT:-7881}
  udp_port: ${LIVEKIT_UDP_PORT:-7882}
  use_external_ip: false
${address:+  node_ip: $address}
logging:
  level: info
keys:
  "$key": "$secret"
END
