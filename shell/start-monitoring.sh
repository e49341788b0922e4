#!/usr/bin/env bash
# Starts Prometheus, Alertmanager, the exporters and monitor in one container; when one of them ends, all do. Usage:
#   start-monitoring            everything
#   start-monitoring health     do Prometheus and Alertmanager answer?
#   start-monitoring check      are the configuration and the rules valid?
#   start-monitoring note       keeps metrics from its input, which openimctl knows
#   start-monitoring ask QUERY [HOURS SECONDS]   what Prometheus knows, as JSON: now, or each so many seconds of so many hours
#   start-monitoring COMMAND …  anything else instead, such as sh
# MONITORING_CONFIG is the folder with prometheus.yml, rules.yml and alertmanager.yml: /etc/monitoring. REDIS_ADDRESS and
# REDIS_PASSWORD_FILE turn on the exporter of Redis. RETENTION_DAYS and RETENTION_SIZE say how much is kept. See go/monitor for the rest.
set -euo pipefail

give_up() {
  echo "start-monitoring: $*" >&2
  exit 1
}

config=${MONITORING_CONFIG:-/etc/monitoring}
data=/data

# The status line of a GET at this port.
ready() {
  bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"; printf "GET $1 HTTP/1.0\r\n\r\n" >&3; read -r line <&3; [[ $line == *" 200 "* ]]' "$1" "$2" 2>/dev/null
}

case ${1:-} in
  health) ready 9090 /-/ready && ready 9093 /-/ready; exit ;;
  check) promtool check config "$config/prometheus.yml" && exec amtool check-config "$config/alertmanager.yml" ;;
  note) cat >"$data/textfile/new" && mv "$data/textfile/new" "$data/textfile/openimctl.prom"; exit ;;
  ask)
    if [ $# -lt 4 ]; then exec promtool query instant -o json http://127.0.0.1:9090 "$2"; fi
    exec promtool query range -o json --start="$(($(date +%s) - $3 * 3600))" --step="$4s" http://127.0.0.1:9090 "$2" ;;
  "") ;;
  *) exec "$@" ;;
esac

for name in prometheus.yml alertmanager.yml; do
  if [ ! -r "$config/$name" ]; then give_up "$config/$name cannot be read: mount the configuration there, readable for user $(id -u)"; fi
done
mkdir -p "$data/prometheus" "$data/alertmanager" "$data/textfile" 2>/dev/null || give_up "user $(id -u) cannot write $data: the volume must belong to it"

declare -A names
run() { # name, command …
  local name=$1
  shift
  "$@" &
  names[$!]=$name
}
# Ends all of them; a signal is not a failure.
end() {
  trap '' TERM INT
  kill "${!names[@]}" 2>/dev/null || true
  wait
  exit "$1"
}
trap 'end 0' TERM INT

# Each look for a service that is down would be twenty lines.
# shellcheck disable=SC2317,SC2329 # called by run
prometheus() { exec prometheus "$@" 2> >(grep --line-buffered -v discovery=dns >&2); }
run prometheus prometheus --config.file="$config/prometheus.yml" --storage.tsdb.path="$data/prometheus" --log.level=warn \
  --web.listen-address=127.0.0.1:9090 --storage.tsdb.retention.time="${RETENTION_DAYS:-30}d" --storage.tsdb.retention.size="${RETENTION_SIZE:-2GB}"
run alertmanager prometheus-alertmanager --config.file="$config/alertmanager.yml" --storage.path="$data/alertmanager" --log.level=warn \
  --web.listen-address=127.0.0.1:9093 --cluster.listen-address=
run node-exporter prometheus-node-exporter --web.listen-address=127.0.0.1:9100 --log.level=warn \
  --collector.textfile.directory="$data/textfile" --collector.filesystem.fs-types-exclude='^(proc|sysfs|tmpfs|devpts|mqueue|cgroup2?|nsfs)$' \
  --collector.filesystem.mount-points-exclude='^/.+'
run process-exporter prometheus-process-exporter -config.path=/usr/local/share/monitoring/processes.yml -threads=false -children=false \
  -web.listen-address=127.0.0.1:9256
run monitor monitor
if [ -n "${REDIS_ADDRESS:-}" ]; then
  password=
  if [ -s "${REDIS_PASSWORD_FILE:-}" ]; then password=$(cat "$REDIS_PASSWORD_FILE"); fi
  # The exporter takes a file of this name for something else.
  unset REDIS_PASSWORD_FILE
  REDIS_ADDR="redis://$REDIS_ADDRESS" REDIS_PASSWORD=$password run redis-exporter prometheus-redis-exporter -web.listen-address=127.0.0.1:9121
fi

code=0
wait -n -p ended || code=$?
echo "start-monitoring: ${names[$ended]:-a program} ended with code $code" >&2
unset "names[$ended]"
end 1
