#!/bin/sh
# Starts vlagent, which reads the logs of Docker's containers, as the main process of a container. Usage:
#   start-vlagent [vlagent] [-option=value …]   options of vlagent
#   start-vlagent health                         does it answer?
#   start-vlagent COMMAND …                      anything else instead, such as sh
# Mount Docker's folder /var/lib/docker/containers at /containers, read-only (another place: VLAGENT_CONTAINERS): the files of the log
# driver json-file are read. The lines go to VLAGENT_STORE, such as victorialogs:9428. Where it is in each file, and up to 1 GiB of lines
# while the store is away, stands in VLAGENT_DATA (/data).
set -eu

give_up() {
  echo "start-vlagent: $*" >&2
  exit 1
}

case ${1:-} in
  health)
    # The same question with what a base has: bash, or BusyBox.
    if command -v bash >/dev/null; then
      answer=$(bash -c 'exec 3<>/dev/tcp/127.0.0.1/9429; printf "GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3; read -r line <&3; echo "$line"' 2>/dev/null) || exit 1
      case $answer in "HTTP/1."?" 200 "*) exit 0 ;; esac
      exit 1
    fi
    wget -q -O /dev/null http://127.0.0.1:9429/health || exit 1
    exit 0 ;;
  vlagent) shift ;;
  "" | -*) ;;
  *) exec "$@" ;;
esac
case " $* " in *" -version "* | *" --version "* | *" -help "* | *" --help "*) exec vlagent "$@" ;; esac

containers=${VLAGENT_CONTAINERS:-/containers}
data=${VLAGENT_DATA:-/data}
store=${VLAGENT_STORE:-victorialogs:9428}
# vlagent says nothing of either.
if [ ! -d "$containers" ]; then echo "start-vlagent: nothing to read: mount Docker's /var/lib/docker/containers at $containers, read-only" >&2
elif ! ls "$containers" >/dev/null 2>&1; then give_up "user $(id -u) cannot list $containers: Docker's folder is readable for root alone (user 0)"; fi
if ! mkdir -p "$data/queue" 2>/dev/null || [ ! -w "$data/queue" ]; then give_up "user $(id -u) cannot write $data: the volume must belong to it"; fi

# A line of compose's containers has its service as attrs.com.docker.compose.service; the file names the container's id. Codes of colours
# would be part of the words ERROR and WARN.
exec vlagent -httpListenAddr=127.0.0.1:9429 -loggerLevel=WARN -tmpDataPath="$data" \
  -remoteWrite.url="http://$store/insert/native" -remoteWrite.tmpDataPath="$data/queue" -remoteWrite.maxDiskUsagePerURL=1GiB \
  -fileCollector.glob="$containers/*/*-json.log" -fileCollector.hostnameField= \
  -fileCollector.streamFields=attrs.com.docker.compose.service,file -fileCollector.decolorizeFields=_msg "$@"
