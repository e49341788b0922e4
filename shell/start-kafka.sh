#!/bin/sh
# Starts Kafka as the main process of a container: one broker that is its own controller. A new data folder is formatted first. Usage:
#   start-kafka                   Kafka
#   start-kafka health            does it answer?
#   start-kafka COMMAND …         anything else instead, such as sh
# The variables of the official image: each KAFKA_… is a setting of server.properties, in capitals, _ for . (__ for _, ___ for -),
# such as KAFKA_ADVERTISED_LISTENERS or KAFKA_NUM_PARTITIONS. Clients are sent to KAFKA_HOST (the container's host name) on port 9092.
# KAFKA_HEAP_OPTS is the heap of Java: -Xms128m -Xmx384m.
set -eu

give_up() {
  echo "start-kafka: $*" >&2
  exit 1
}

port=${KAFKA_LISTEN_PORT:-9092}
java=java
if [ -n "${JAVA_HOME:-}" ]; then java=$JAVA_HOME/bin/java; fi
libs=/opt/kafka/libs
config=/opt/kafka/config

# The shortest request of Kafka's protocol, ApiVersions, and the first bytes of its answer, with what a base has: bash, or BusyBox.
ask() {
  question='\0\0\0\012\0\022\0\0\0\0\0\001\377\377'
  if command -v bash >/dev/null; then
    bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "$1" >&3; head -c 8 <&3' "$port" "$question"
  else
    # shellcheck disable=SC2059 # the bytes are the format
    printf "$question" | nc -w 2 127.0.0.1 "$port" | head -c 8
  fi
}

case ${1:-} in
  health)
    # The number of the question comes back.
    case $(ask 2>/dev/null | od -An -tx1) in *" 00 00 00 01") exit 0 ;; esac
    exit 1 ;;
  --version) exec "$java" -cp "$libs/*" kafka.Kafka --version ;;
  "") ;;
  *) exec "$@" ;;
esac

data=$PWD
if ! mkdir -p "$data/logs" 2>/dev/null || [ ! -w "$data/logs" ]; then
  give_up "user $(id -u) cannot write $data: give the folder or volume to this user, or run with --user"
fi

# What of KAFKA_… is no setting of the broker.
settings() {
  env | sed -n '
    /^KAFKA_\(HEAP_OPTS\|OPTS\|HOST\|CLUSTER_ID\|LISTEN_PORT\|LOG4J_[A-Z0-9_]*\|JVM_[A-Z_]*\|GC_[A-Z_]*\|JMX_[A-Z_]*\|HOME\|VERSION\)=/d
    s/^KAFKA_\([A-Z0-9_]*\)=\(.*\)/\1 \2/p' |
    while IFS=' ' read -r name value; do
      printf '%s=%s\n' "$(printf %s "$name" | sed 's/___/-/g; s/__/%/g; s/_/./g; s/%/_/g' | tr '[:upper:]' '[:lower:]')" "$value"
    done
}

read -r host </proc/sys/kernel/hostname
controller=127.0.0.1:$((port + 1))
# The tool that formats knows no options of the command line: both read this file. Of two lines with one name the last one counts.
effective=$data/server.properties
{
  cat "$config/server.properties"
  cat <<END
listeners=PLAINTEXT://:$port,CONTROLLER://$controller
advertised.listeners=PLAINTEXT://${KAFKA_HOST:-$host}:$port
controller.quorum.voters=1@$controller
log.dirs=$data/logs
END
  settings
} >"$effective"

# Libraries for compression are unpacked before they are used, and a /tmp in memory often forbids to run what is in it.
rm -rf "$data/tmp"
mkdir "$data/tmp"
quiet="-XX:-UsePerfData -Djava.io.tmpdir=$data/tmp"
logging=-Dlog4j.configuration=file:$config/log4j.properties
if [ ! -e "$data/logs/meta.properties" ]; then
  # A data folder of one broker meets no other cluster: any id will do.
  # shellcheck disable=SC2086 # these are several words
  "$java" -Xmx128m $quiet "$logging" -cp "$libs/*" kafka.tools.StorageTool format \
    --ignore-formatted --cluster-id "${KAFKA_CLUSTER_ID:-OpenIMOpenIMOpenIMOpAA}" --config "$effective" ||
    give_up "the data folder cannot be formatted"
fi
# shellcheck disable=SC2086 # these hold several words
exec "$java" ${KAFKA_HEAP_OPTS:--Xms128m -Xmx384m} ${KAFKA_OPTS:-} $quiet "$logging" -cp "$libs/*" kafka.Kafka "$effective"
