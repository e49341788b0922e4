// Prometheus and Alertmanager as the kit has them, and what openimctl lets Prometheus know.
import { beforeAll, describe, expect, test } from "vitest"
import { parse } from "yaml"
import { loadCatalogue, loadDeployment } from "../../src/catalogue/load.js"
import { deploymentOf } from "../../src/plan/deploy/deployment.js"
import { knownMetrics } from "../../src/plan/deploy/knownMetrics.js"
import type { Deployment } from "../../src/plan/deploy/model.js"
import { monitoringFiles } from "../../src/plan/deploy/monitoring.js"
import { moreCases, ruleCases } from "../suites/openim/rules.js"
import { shopDeployment } from "./deployment.fixture.js"

const shop: Deployment = {
  ...shopDeployment,
  monitoring: {
    service: "page",
    targets: [
      { name: "api", service: "api", ports: [9001, 9002], path: "/metrics" },
      { name: "database", service: "database", ports: [9003], path: "/numbers", keep: "up_.*" },
      { name: "host", ports: [9100], path: "/metrics" },
    ],
    charts: [],
    rules: [
      { name: "Down", expression: "up == 0", for: "30s", severity: "critical", summary: "{{ $labels.job }} is down" },
      { name: "Old", expression: "age > 1", for: "0s", severity: "warning", summary: "old" },
    ],
  },
}
const file = (name: string) => parse(monitoringFiles(shop)[`monitoring/${name}`]!)

describe("the files for Prometheus and Alertmanager", () => {
  test("a service that may run several times is found by its name, others and the container itself are fixed", () => {
    const [api, database, host] = file("prometheus.yml").scrape_configs
    expect(api.dns_sd_configs.map(({ names, port }: { names: string[]; port: number }) => [names, port])).toEqual([
      [["api"], 9001],
      [["api"], 9002],
    ])
    expect(database).toMatchObject({ metrics_path: "/numbers", static_configs: [{ targets: ["database:9003"] }] })
    expect(database.metric_relabel_configs).toEqual([{ source_labels: ["__name__"], regex: "up_.*", action: "keep" }])
    expect(host.static_configs).toEqual([{ targets: ["127.0.0.1:9100"] }])
  })

  test("each rule has its summary, and waits only where it says so", () => {
    expect(file("rules.yml").groups[0].rules).toEqual([
      {
        alert: "Down",
        expr: "up == 0",
        for: "30s",
        labels: { severity: "critical" },
        annotations: { summary: "{{ $labels.job }} is down" },
      },
      { alert: "Old", expr: "age > 1", labels: { severity: "warning" }, annotations: { summary: "old" } },
    ])
  })

  test("an alert and its end go to each channel separately", () => {
    const hooks = file("alertmanager.yml").receivers[0].webhook_configs as { url: string; send_resolved: boolean }[]
    expect(hooks.map(({ url }) => url.split("/").at(-1))).toEqual(["mail", "webhook", "wecom", "dingtalk", "feishu"])
    expect(hooks.every(({ send_resolved }) => send_resolved)).toBe(true)
  })

  test("a kit without the service has none of them", () => {
    expect(monitoringFiles(shopDeployment)).toEqual({})
  })
})

describe("what openimctl lets Prometheus know", () => {
  test("is text as Prometheus reads it", () => {
    const known = { release: 'api "1.0"', backups: { local: 1_000_400, remote: 0 }, backupFailed: true }
    expect(knownMetrics({ ...known, changes: [{ verb: "update", ok: false, time: 2_000_000 }] }).split("\n")).toEqual([
      'openimctl_release{release="api \\"1.0\\""} 1',
      'openimctl_backup_timestamp_seconds{place="local"} 1000',
      'openimctl_backup_timestamp_seconds{place="remote"} 0',
      "openimctl_backup_failed 1",
      'openimctl_change_timestamp_seconds{verb="update",result="failed"} 2000',
      "",
    ])
    expect(knownMetrics({ ...known, backups: {}, changes: [] })).not.toContain("backup")
  })
})

describe("the deployment of OpenIM", () => {
  let live: Deployment
  beforeAll(async () => {
    const catalogue = await loadCatalogue("openim")
    const data = (await loadDeployment(catalogue, "openim"))!
    live = deploymentOf(catalogue, data, { profiles: [], official: false, base: Object.values(catalogue.bases)[0]!, images: {} })
  })

  test("has data that fires each alert, and data that does not, for the suite `deployment`", () => {
    expect(Object.keys(ruleCases).sort()).toEqual(live.monitoring!.rules.map(({ name }) => name).sort())
    for (const name of Object.keys(moreCases)) expect(ruleCases).toHaveProperty(name.split(":")[0]!)
  })

  test("asks services for metrics in networks that they share with Prometheus", () => {
    const { targets, service } = live.monitoring!
    const of = (name: string) => live.services.find((one) => one.name === name)!
    for (const target of targets) {
      if (target.service === undefined) continue
      expect(
        of(target.service).networks.some((name) => of(service).networks.includes(name)),
        target.name,
      ).toBe(true)
    }
  })
})
