// The configuration of Prometheus and Alertmanager in the kit's folder `monitoring`.

import { stringify } from "yaml"
import type { Deployment, Monitoring } from "./model.js"
import { channelKinds } from "./notify.js"

/** Where the monitoring service finds them in the kit. */
export const monitoringFolder = "monitoring"

/** In the container of Prometheus. */
const [alertmanager, relay] = ["127.0.0.1:9093", "127.0.0.1:9415"]

export function monitoringFiles(deployment: Deployment): Record<string, string> {
  const { monitoring } = deployment
  if (monitoring === undefined) return {}
  const texts = {
    "prometheus.yml": prometheus(deployment, monitoring),
    "rules.yml": rules(monitoring),
    "alertmanager.yml": alerts(),
  }
  return Object.fromEntries(
    Object.entries(texts).map(([name, data]) => [
      `${monitoringFolder}/${name}`,
      `# Generated from deployment.yaml: do not edit it.\n${stringify(data, { lineWidth: 0, aliasDuplicateObjects: false })}`,
    ]),
  )
}

function prometheus({ services }: Deployment, { targets }: Monitoring): object {
  return {
    global: { scrape_interval: "15s", scrape_timeout: "10s", evaluation_interval: "15s" },
    rule_files: ["rules.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: targets.map(({ name, service, ports, path, keep }) => ({
      job_name: name,
      metrics_path: path,
      // All instances of a service have its name; where there is one at most, it counts as down while the name is unknown.
      ...(services.some((one) => one.name === service && one.scalable)
        ? { dns_sd_configs: ports.map((port) => ({ names: [service], type: "A", port, refresh_interval: "15s" })) }
        : { static_configs: [{ targets: ports.map((port) => `${service ?? "127.0.0.1"}:${port}`) }] }),
      ...(keep === undefined ? {} : { metric_relabel_configs: [{ source_labels: ["__name__"], regex: keep, action: "keep" }] }),
    })),
  }
}

function rules(monitoring: Monitoring): object {
  return {
    groups: [
      {
        name: "alerts",
        rules: monitoring.rules.map(({ name, expression, for: time, severity, summary }) => ({
          alert: name,
          expr: expression,
          ...(time === "0s" ? {} : { for: time }),
          labels: { severity },
          annotations: { summary },
        })),
      },
    ],
  }
}

function alerts(): object {
  return {
    route: { receiver: "channels", group_by: ["alertname"], group_wait: "10s", group_interval: "1m", repeat_interval: "12h" },
    receivers: [
      { name: "channels", webhook_configs: channelKinds.map((name) => ({ url: `http://${relay}/alerts/${name}`, send_resolved: true })) },
    ],
  }
}
