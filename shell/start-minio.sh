#!/bin/sh
# Starts MinIO as the main process of a container. Usage:
#   start-minio [minio server [FOLDER]] [--option value …]     options of minio server; the folder of the data is the working folder
#   start-minio health                                          does it answer?
#   start-minio COMMAND …                                       anything else instead, such as sh
# MinIO's own variables: MINIO_ROOT_USER and MINIO_ROOT_PASSWORD, or MINIO_ROOT_USER_FILE and MINIO_ROOT_PASSWORD_FILE for mounted
# secrets. MINIO_BROWSER=on shows the console on port 9001.
set -eu
folder=$PWD

give_up() {
  echo "start-minio: $*" >&2
  exit 1
}

case ${1:-} in
  health)
    # The same question with what a base has: bash, or BusyBox.
    url=/minio/health/live
    if command -v bash >/dev/null; then
      answer=$(bash -c 'exec 3<>/dev/tcp/127.0.0.1/9000; printf "GET $0 HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3; read -r line <&3; echo "$line"' $url 2>/dev/null) || exit 1
      case $answer in "HTTP/1."?" 200 "*) exit 0 ;; esac
      exit 1
    fi
    wget -q -O /dev/null "http://127.0.0.1:9000$url" || exit 1
    exit 0 ;;
  minio | server)
    # As the makers' image is called: `minio server FOLDER` or `server FOLDER`, whose own options follow.
    if [ "$1" = minio ]; then shift; fi
    if [ "${1:-}" = server ]; then shift; fi
    case ${1:-} in "" | -*) ;; *) folder=$1; shift ;; esac ;;
  "" | -*) ;;
  *) exec "$@" ;;
esac

if [ ! -w "$folder" ]; then give_up "user $(id -u) cannot write $folder: give the folder or volume to this user, or run with --user"; fi
for file in "${MINIO_ROOT_USER_FILE:-}" "${MINIO_ROOT_PASSWORD_FILE:-}"; do
  # MinIO looks below /run/secrets for a name without a folder.
  case $file in "" ) continue ;; /*) ;; *) file=/run/secrets/$file ;; esac
  if [ ! -r "$file" ]; then give_up "$file cannot be read: mount the secret there, readable for user $(id -u)"; fi
done
if [ -z "${MINIO_ROOT_PASSWORD:-}${MINIO_ROOT_PASSWORD_FILE:-}" ] && [ "${ALLOW_EMPTY_PASSWORD:-}" != yes ]; then
  give_up "no password: set MINIO_ROOT_PASSWORD or MINIO_ROOT_PASSWORD_FILE, or ALLOW_EMPTY_PASSWORD=yes for MinIO's own on a private network"
fi

export MINIO_BROWSER="${MINIO_BROWSER:-off}" MINIO_UPDATE="${MINIO_UPDATE:-off}"
exec minio server "$folder" --address :9000 --console-address :9001 --certs-dir "${MINIO_CERTS_DIR:-/run/minio/certs}" --quiet "$@"
