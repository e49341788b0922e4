#!/bin/sh
# Starts Redis as the main process of a container. Usage:
#   start-redis [redis-server] [--option value …]     options of redis-server come last and win
#   start-redis [redis-server] FILE [--option …]      a configuration file of one's own decides alone
#   start-redis health                                does it answer?
#   start-redis COMMAND …                             anything else instead, such as sh
# REDIS_PASSWORD, or REDIS_PASSWORD_FILE for a mounted secret, is the password that clients must give.
set -eu

give_up() {
  echo "start-redis: $*" >&2
  exit 1
}

password=${REDIS_PASSWORD:-}
if [ -n "${REDIS_PASSWORD_FILE:-}" ]; then
  password=$(cat "$REDIS_PASSWORD_FILE") || give_up "REDIS_PASSWORD_FILE cannot be read: mount the secret there, readable for user $(id -u)"
fi

case ${1:-} in
  health)
    if [ -n "$password" ]; then export REDISCLI_AUTH="$password"; fi
    # A password that only the server's own options or file know: it answers, and that is what is asked here.
    case $(redis-cli ping 2>/dev/null) in PONG | NOAUTH*) exit 0 ;; esac
    exit 1 ;;
  redis-server) shift ;;
  "" | -* | /*.conf) ;;
  *) exec "$@" ;;
esac

case ${1:-} in
  "" | -*) ;;
  *) exec redis-server "$@" ;;
esac

if [ ! -w . ]; then give_up "user $(id -u) cannot write $PWD: give the folder or volume to this user, or run with --user"; fi

# A filter that refuses clone3 instead of not knowing it lets no new C library start a thread. Redis itself then says no reason; so it
# is started with nothing to load first, which takes some milliseconds.
sockets=$PWD
if [ -w /dev/shm ]; then sockets=/dev/shm; fi
trial=$(redis-server --port 0 --unixsocket "$sockets/start-redis.$$" --save '' --appendonly no --dir /proc --dbfilename version 2>&1 </dev/null) || :
rm -f "$sockets/start-redis.$$"
case $trial in
  *"initialize Background Jobs"*) give_up "redis-server cannot start threads: this Docker is older than 20.10.10, and its filter of system calls refuses" \
    "clone3. Update Docker (containerd, runc and libseccomp with it), or run with --security-opt seccomp=unconfined. A --pids-limit that is" \
    "too low has the same effect" ;;
esac

protected=yes
if [ "${ALLOW_EMPTY_PASSWORD:-}" = yes ]; then protected=no
elif [ -z "$password" ]; then
  case " $* " in
    *" --requirepass "* | *" --bind "*) ;;
    *) give_up "no password: set REDIS_PASSWORD or REDIS_PASSWORD_FILE, or ALLOW_EMPTY_PASSWORD=yes on a network of its own" ;;
  esac
fi

# Over the standard input: command lines and files can be read by others. Bash keeps such text in TMPDIR for a moment.
if [ -w /dev/shm ]; then TMPDIR=/dev/shm; fi
if [ "$(printf '%s' "$password" | wc -l)" -gt 0 ]; then give_up "the password has more than one line"; fi
requirepass=
if [ -n "$password" ]; then requirepass="requirepass \"$(printf '%s' "$password" | sed 's/[\\"]/\\&/g')\""; fi
unset REDIS_PASSWORD password
exec redis-server - "$@" <<END
dir .
appendonly yes
protected-mode $protected
$requirepass
END
