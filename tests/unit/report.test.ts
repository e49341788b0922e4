// The report about a deployment: its charts and its page.
import { describe, expect, test } from "vitest"
import { chartMarkup, linePath, niceMaximum } from "../../src/plan/deploy/chart.js"
import {
  alertsOf,
  fromFirstValue,
  hoursWithValues,
  linesOf,
  type Report,
  reportHtml,
  reportText,
  stepOf,
  upFor,
} from "../../src/plan/deploy/report.js"

const chart = { title: "Requests", unit: "per second", from: 0, to: 600, step: 15 }
const points = (values: number[]) => values.map((value, index): [number, number] => [index * 15, value])

const report: Report = {
  title: "Shop",
  project: "shop",
  release: "api 1.0",
  host: "machine",
  time: Date.parse("2026-01-02T03:04:00Z"),
  hours: 24,
  services: [
    {
      service: "api",
      state: "healthy",
      instances: 1,
      wanted: 1,
      restarts: 0,
      since: "2026-01-01T03:04:00Z",
      image: "shop/api:1",
      note: "",
    },
    {
      service: "page",
      state: "stopped",
      instances: 0,
      wanted: 1,
      restarts: 3,
      since: "2026-01-01T22:04:00Z",
      image: "shop/page:1",
      note: "",
    },
  ],
  disk: { free: 10e9, size: 100e9 },
  backup: { text: "last good backup: local 3 h ago", warning: false },
  changes: [{ time: "2026-01-02T02:00:00Z", verb: "backup full", result: "failed", user: "root", seconds: 12, detail: "<disk> full" }],
  charts: [{ ...chart, lines: [{ name: "api", points: points([1, 2, 3]) }] }],
  alerts: [{ name: "DiskLow", severity: "critical", since: "2026-01-02T02:30:00.000Z", summary: "9 % of the disk is free." }],
  missing: [],
}

describe("a chart", () => {
  test("has an axis that ends at a round number", () => {
    expect([0, 0.3, 1, 1.1, 7, 12, 51, 1000].map(niceMaximum)).toEqual([1, 0.5, 1, 2, 10, 20, 100, 1000])
  })

  test("has a line through its points, which ends where values are missing", () => {
    const gap: [number, number][] = [
      [0, 1],
      [15, 2],
      [60, 3],
      [75, 3],
    ]
    const same = (value: number) => value
    expect(linePath(gap, 15, same, same)).toBe("M0.0 1.0L15.0 2.0M60.0 3.0L75.0 3.0")
  })

  test("is a drawing with a legend; the highest value touches the top, and no value is no drawing", () => {
    const { text } = chartMarkup({ ...chart, lines: [{ name: "a<b", points: points([0, 10]) }] })
    expect(text).toContain('d="M56.0 172.0L70.3 12.0"')
    expect(text).toContain("a&lt;b 10")
    expect(chartMarkup({ ...chart, lines: [] }).text).toContain("no data in this time")
    expect(chartMarkup({ ...chart, lines: [{ name: "one", points: [[30, 1]] }] }).text).toContain("<circle")
  })
})

describe("what Prometheus answers", () => {
  test("is a line for each series, the largest last value first, called by its labels", () => {
    const answer = [
      {
        metric: { __name__: "x", proxy: "api" },
        values: [
          [0, "1"],
          [15, "NaN"],
        ],
      },
      { metric: { proxy: "web" }, values: [[0, "5"]] },
      { metric: {} },
    ]
    expect(linesOf(JSON.stringify(answer))).toEqual([
      { name: "web", points: [[0, 5]] },
      { name: "api", points: [[0, 1]] },
      { name: "", points: [] },
    ])
  })

  test("has about 200 points, and none between two measurements", () => {
    expect([1, 24, 24 * 30].map(stepOf)).toEqual([30, 435, 12_960])
    expect(stepOf(0.1)).toBe(15)
  })
})

describe("what Alertmanager answers", () => {
  test("is the alerts with the words that were sent, the oldest first", () => {
    const alert = (alertname: string, startsAt: string) => ({
      labels: { alertname, severity: "critical", instance: "edge:8405" },
      annotations: { summary: `${alertname} since then` },
      startsAt,
      status: { state: "active" },
    })
    const answer = [alert("StoreDown", "2026-01-02T02:00:00.000Z"), alert("DiskLow", "2026-01-01T02:00:00.000Z")]
    expect(alertsOf(JSON.stringify(answer))).toEqual([
      { name: "DiskLow", severity: "critical", since: "2026-01-01T02:00:00.000Z", summary: "DiskLow since then" },
      { name: "StoreDown", severity: "critical", since: "2026-01-02T02:00:00.000Z", summary: "StoreDown since then" },
    ])
    expect(alertsOf("[]")).toEqual([])
  })
})

describe("the charts of a new installation", () => {
  test("begin with its first value, all of them at the same time", () => {
    const lines = [{ name: "a", points: points([1, 2]).map(([time, value]): [number, number] => [time + 300, value]) }]
    const found = fromFirstValue([
      { ...chart, lines },
      { ...chart, lines: [] },
    ])
    expect(found.map(({ from }) => from)).toEqual([300, 300])
    expect(fromFirstValue([{ ...chart, lines: [{ name: "a", points: points([1, 2]) }] }])[0]?.from).toBe(0)
  })

  test("are asked for the hours that have values only", () => {
    const since = (time: number) => [{ name: "", points: [[time, 1]] as [number, number][] }]
    const day = 24 * 3600
    expect([0, day - 3 * 3600, day - 60, -5].map((time) => hoursWithValues(since(time), day, 24))).toEqual([24, 3, 1, 24])
    expect(hoursWithValues([], day, 24)).toBe(1)
  })

  test("have a width with one value, too, and none without any", () => {
    expect(fromFirstValue([{ ...chart, lines: [{ name: "a", points: [[600, 1]] }] }])[0]?.from).toBe(540)
    expect(fromFirstValue([{ ...chart, lines: [] }])[0]?.from).toBe(0)
  })
})

describe("the page", () => {
  const html = reportHtml(report)

  test("has versions, services, alerts, changes and charts, and nothing from outside", () => {
    for (const part of [
      "api 1.0",
      "1 of 2",
      "DiskLow",
      "10.0 GB of 100 GB",
      "local 3 h ago",
      "&lt;disk&gt; full",
      "<svg",
      "24 h",
      "2026-01-02 02:30",
      "9 % of the disk is free.",
      "2026-01-02 02:00<",
    ])
      expect(html).toContain(part)
    expect(html).not.toMatch(/<script|<link|https?:|url\(/)
    expect(html).toContain('<td class="bad">stopped</td>')
    // What is stopped is not up.
    expect(html).not.toContain("5 h<")
    expect(html.match(/<div class="bad">/g)).toHaveLength(3)
  })

  test("says what is missing", () => {
    const text = reportHtml({ ...report, charts: [], alerts: [], missing: ["charts are missing: x does not run"] })
    expect(text).toContain("charts are missing: x does not run")
    expect(text).not.toContain("<svg")
  })

  test("as text it has the last value of each chart", () => {
    expect(reportText(report)).toContain("Requests: api 3.00 per second")
    expect(reportText(report)).toContain("alerts: DiskLow")
  })

  test("for how long something runs", () => {
    const now = Date.parse("2026-01-10T00:00:00Z")
    expect(["2026-01-09T23:59:00Z", "2026-01-09T20:00:00Z", "2026-01-01T00:00:00Z", ""].map((since) => upFor(since, now))).toEqual([
      "1 min 00 s",
      "4 h",
      "9 days",
      "",
    ])
  })
})
