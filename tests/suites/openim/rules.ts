// Each alert of OpenIM's deployment.yaml with data that fires it, and data that does not: promtool computes both.

import { stringify } from "yaml"

/** Series → values as promtool writes them, one for each 15 seconds. */
type Series = Record<string, string>

export interface RuleCase {
  fires: Series
  quiet: Series
  /** When both are looked at. */
  at: string
  /** Others that the data fires, too. */
  also?: string[]
}

const responses = (code: string) => `haproxy_frontend_http_responses_total{code="${code}",proxy="main"}`
const servers = (proxy: string) => `haproxy_backend_active_servers{proxy="${proxy}"}`
const disk = { size: 'node_filesystem_size_bytes{mountpoint="/"}', free: 'node_filesystem_avail_bytes{mountpoint="/"}' }
const count = (name: string) => `namedprocess_namegroup_num_procs{groupname="${name}"}`
const began = 'namedprocess_namegroup_oldest_start_time_seconds{groupname="openim-api"}'
const seen = 'up{job="processes"}'
const backup = 'openimctl_backup_timestamp_seconds{place="local"}'
const day = 86_400

export const ruleCases: Record<string, RuleCase> = {
  ServerErrors: {
    fires: { [responses("5xx")]: "0+6x40", [responses("2xx")]: "0+94x40" },
    quiet: { [responses("5xx")]: "0+4x40", [responses("2xx")]: "0+96x40" },
    at: "5m",
  },
  SlowAnswers: {
    fires: { 'haproxy_backend_response_time_average_seconds{proxy="api"}': "2.1x20" },
    quiet: { 'haproxy_backend_response_time_average_seconds{proxy="api"}': "1.9x20" },
    at: "5m",
  },
  // Two looks are not enough; a page that never had a server is not missed.
  NotHealthy: {
    fires: { [servers("api")]: "1 1 0 0 0 0", [servers("web")]: "1x6" },
    quiet: { [servers("api")]: "1 1 1 0 0 1", [servers("web")]: "0x6" },
    at: "75s",
  },
  StoreDown: {
    fires: { 'monitor_up{store="kafka"}': "1 1 0 0 0 0", redis_up: "1x6" },
    quiet: { 'monitor_up{store="certificate"}': "0x6", redis_up: "1 1 1 0 0 1", 'up{job="etcd"}': "1x6" },
    at: "75s",
  },
  NotWatched: {
    fires: { 'up{job="host"}': "0x20" },
    quiet: { 'up{job="server"}': "0x20", 'up{job="host"}': "1x20" },
    at: "4m",
  },
  MemoryHigh: {
    fires: { node_memory_MemAvailable_bytes: "19x40", node_memory_MemTotal_bytes: "100x40" },
    quiet: { node_memory_MemAvailable_bytes: "21x40", node_memory_MemTotal_bytes: "100x40" },
    at: "6m",
  },
  DiskLow: {
    fires: { [disk.free]: "14x20", [disk.size]: "100x20" },
    quiet: { [disk.free]: "16x20", [disk.size]: "100x20" },
    at: "3m",
  },
  // 90 of 100 free at the start; 24 hours have 5760 looks.
  DiskFullTomorrow: {
    fires: { [disk.free]: "90-0.02x1500", [disk.size]: "100x1500" },
    quiet: { [disk.free]: "90-0.01x1500", [disk.size]: "100x1500" },
    at: "6h",
  },
  MessagesWaiting: {
    fires: { 'kafka_consumer_lag{group="redis",topic="toRedis"}': "0+10x60" },
    quiet: {
      'kafka_consumer_lag{group="redis",topic="toRedis"}': "500-5x60",
      'kafka_consumer_lag{group="push",topic="toPush"}': "0+1x60",
    },
    at: "10m",
  },
  RestartLoop: {
    fires: { [began]: "100 200 300 400 500 600 600x20" },
    quiet: { [began]: "100 200 300 300x20" },
    at: "5m",
  },
  CrontaskCount: {
    fires: { [seen]: "1x20", [count("openim-api")]: "1x20" },
    quiet: { [seen]: "1x20", [count("openim-crontask")]: "1x20" },
    at: "3m",
  },
  MessagesNotStored: {
    fires: { 'msg_insert_mongo_failed_total{job="server"}': "0 0 3x20" },
    quiet: { 'msg_insert_mongo_failed_total{job="server"}': "3x20", 'msg_insert_redis_failed_total{job="server"}': "0x20" },
    at: "4m",
  },
  BackupOld: { fires: { [backup]: "1x6500" }, quiet: { [backup]: `${day}x6500` }, at: "27h" },
  BackupMissing: { fires: { [backup]: "0x6500" }, quiet: { [backup]: `${day}x6500` }, at: "27h" },
  BackupFailed: { fires: { openimctl_backup_failed: "1x4" }, quiet: { openimctl_backup_failed: "0x4" }, at: "1m" },
  CertificateEnds: {
    fires: { certificate_end_timestamp_seconds: `${14 * day}x4` },
    quiet: { certificate_end_timestamp_seconds: `${15 * day}x4` },
    at: "1m",
  },
}

/** More data for the same alerts. */
export const moreCases: Record<string, RuleCase> = {
  "CrontaskCount: two of them": {
    fires: { [seen]: "1x20", [count("openim-crontask")]: "2x20" },
    quiet: { [seen]: "0x20" },
    at: "3m",
    also: ["NotWatched"],
  },
  "NotHealthy: a page that had a server": {
    fires: { [servers("web")]: "1 1 0 0 0 0" },
    quiet: { [servers("web")]: "0x6", [servers("acme")]: "1 0 0 0 0 0" },
    at: "75s",
  },
  "StoreDown: etcd": { fires: { 'up{job="etcd"}': "0x6" }, quiet: { 'up{job="etcd"}': "1x6" }, at: "75s" },
}

/** Name → a file for `promtool test rules`. */
export function ruleTests(rules: string): Record<string, string> {
  return Object.fromEntries(Object.entries({ ...ruleCases, ...moreCases }).map(([name, one]) => [name, ruleTest(rules, name, one)]))
}

function ruleTest(rules: string, name: string, { fires, quiet, at, also = [] }: RuleCase): string {
  const alert = name.split(":")[0]!
  const test = (series: Series, firing: string[]) => ({
    interval: "15s",
    input_series: Object.entries(series).map(([series, values]) => ({ series, values })),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: at,
        exp_samples: firing.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
      },
    ],
  })
  return stringify({ rule_files: [rules], evaluation_interval: "15s", tests: [test(fires, [alert]), test(quiet, also)] })
}
