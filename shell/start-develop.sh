#!/bin/sh
# Starts a container for the developers of a Go program: builds and runs it again after each edit, under a debugger, and lets its
# developers in by SSH. Usage:
#   start-develop [air] [-option …]     options of air
#   start-develop health                do air and the SSH server run?
#   start-develop program FILE …        the program with its arguments, under the debugger: what air starts
#   start-develop COMMAND …             anything else instead, such as sh
# SOURCE_FOLDER is the source (src in this folder): mount yours there. Its own .air.toml counts, else AIR_CONFIG does.
# AUTHORIZED_KEYS has the public keys of those who may log in, or AUTHORIZED_KEYS_FILE names a file with them; without any there is no
# SSH server. Nobody logs in by a password. The server's own key is made at the first start, and kept in this folder.
# DEBUGGER is the address that the debugger listens on, which asks for no password: keep it on this container's loopback, and reach it
# through SSH. Empty: no debugger.
set -eu

give_up() {
  echo "start-develop: $*" >&2
  exit 1
}

folder=$PWD
own=/tmp/start-develop
port=2222

case ${1:-} in
  health)
    kill -0 "$(cat "$own/air" 2>/dev/null || echo none)" 2>/dev/null || exit 1
    if [ ! -e ssh/keys ]; then exit 0; fi
    answer=$(bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"; read -r line <&3; echo "$line"' $port 2>/dev/null) || exit 1
    case $answer in SSH-2.0-*) exit 0 ;; esac
    exit 1 ;;
  program)
    shift
    if [ -z "${DEBUGGER:-}" ]; then exec "$@"; fi
    program=$1
    shift
    exec dlv exec "$program" --headless --listen="$DEBUGGER" --api-version=2 --accept-multiclient --continue -- "$@" ;;
  air) shift ;;
  "" | -*) ;;
  *) exec "$@" ;;
esac

if [ ! -w . ]; then give_up "user $(id -u) cannot write $folder: give the folder or volume to this user, or run with --user"; fi
rm -rf $own ssh/keys
mkdir $own

keys=${AUTHORIZED_KEYS:-}
if [ -n "${AUTHORIZED_KEYS_FILE:-}" ]; then
  keys=$(cat "$AUTHORIZED_KEYS_FILE") || give_up "AUTHORIZED_KEYS_FILE cannot be read: mount the file there, readable for user $(id -u)"
fi
case $keys in *"PRIVATE KEY"*) give_up "that is a private key: give the public one, whose file ends with .pub" ;; esac
if [ -z "$keys" ]; then
  echo "start-develop: no SSH server: set AUTHORIZED_KEYS or AUTHORIZED_KEYS_FILE for one" >&2
else
  # The server wants the file, and the folders above it, to belong to the user.
  mkdir -p -m 0700 ssh
  (umask 077 && printf '%s\n' "$keys" >ssh/keys)
  ssh-keygen -l -f ssh/keys >/dev/null 2>&1 || give_up "AUTHORIZED_KEYS holds no public key: give what a .pub file has"
  if [ ! -e ssh/key ]; then ssh-keygen -q -t ed25519 -N "" -C "$(id -un)" -f ssh/key; fi
  echo "start-develop: SSH on port $port as $(id -un), with the key $(ssh-keygen -l -f ssh/key.pub)" >&2
  # A login has a new environment: what builds need is passed on.
  passed=
  for name in PATH GOPATH GOCACHE GOPROXY GOFLAGS GONOSUMDB GOPRIVATE GOTOOLCHAIN CGO_ENABLED; do
    eval "value=\${$name:-}"
    if [ -n "$value" ]; then passed="$passed $name=\"$value\""; fi
  done
  /usr/sbin/sshd -D -e -f /dev/null -p $port -h "$folder/ssh/key" -o PidFile=none -o "AuthorizedKeysFile=$folder/ssh/keys" \
    -o AuthenticationMethods=publickey -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o PermitRootLogin=no \
    -o UsePAM=no -o X11Forwarding=no -o AllowAgentForwarding=no -o "Subsystem=sftp internal-sftp" -o "SetEnv=${passed# }" &
fi

source=${SOURCE_FOLDER:-$folder/src}
mkdir -p "$source" 2>/dev/null || true
cd "$source" || give_up "there is no $source: mount your source there"
if [ ! -e go.mod ]; then echo "start-develop: no go.mod in $source yet: mount your source there" >&2; fi
config=${AIR_CONFIG:-}
if [ -e .air.toml ]; then config=.air.toml; fi
echo $$ >$own/air
exec air ${config:+-c "$config"} "$@"
