#!/bin/sh
# Starts Kafka as one broker for tests, with jars of our own or in the official image. A new data folder is formatted first.
# Usage: start-kafka. What may be said otherwise:
#   KAFKA_HOST         the name by which clients reach it: kafka
#   KAFKA_LISTEN_PORT  9092; the port after it is the controller's, on this container's loopback only
#   KAFKA_DATA         /data
#   KAFKA_LIBS         the folder of the jars: /opt/kafka/libs
#   KAFKA_CONFIG       the folder of server.properties and log4j.properties: /opt/kafka/stack
set -eu

data=${KAFKA_DATA:-/data}
libs=${KAFKA_LIBS:-/opt/kafka/libs}
config=${KAFKA_CONFIG:-/opt/kafka/stack}
port=${KAFKA_LISTEN_PORT:-9092}
controller=127.0.0.1:$((port + 1))
java=java
if [ -n "${JAVA_HOME:-}" ]; then java=$JAVA_HOME/bin/java; fi

if ! mkdir -p "$data/logs" || [ ! -w "$data/logs" ]; then
  echo "start-kafka: user $(id -u) cannot write $data/logs: give the folder to this user" >&2
  exit 1
fi

# The tool that formats knows no options of the command line: both read this file.
effective=$data/server.properties
cat "$config/server.properties" - >"$effective" <<END
listeners=PLAINTEXT://:$port,CONTROLLER://$controller
advertised.listeners=PLAINTEXT://${KAFKA_HOST:-kafka}:$port
controller.quorum.voters=1@$controller
log.dirs=$data/logs
END

logging=-Dlog4j.configuration=file:$config/log4j.properties
if [ ! -e "$data/logs/meta.properties" ]; then
  # A data folder of one broker meets no other cluster: any id will do.
  "$java" -Xmx128m "$logging" -cp "$libs/*" kafka.tools.StorageTool format \
    --ignore-formatted --cluster-id OpenIMtestOpenIMtestAA --config "$effective"
fi
exec "$java" -Xms128m -Xmx384m "$logging" -cp "$libs/*" kafka.Kafka "$effective"
