import { describe, expect, it } from "vitest"
import { durationText, numberText } from "../../src/base/measures.js"
import { suitesFiles } from "../../src/plan/tests/files.js"
import { suitesHtml } from "../../src/plan/tests/html.js"
import { suitesJunit } from "../../src/plan/tests/junit.js"
import type { TestCase, TestRun } from "../../src/plan/tests/suites.js"
import { suitesText } from "../../src/plan/tests/text.js"

const run: TestRun = {
  about: ["OpenIM", "server v3.8.3"],
  begun: "2025-01-31T12:34:56.789Z",
  seconds: 64.2,
  suites: [
    { suite: "unit", seconds: 0.42, cases: [{ name: "adds", ok: true, seconds: 0.0012 }] },
    {
      suite: "performance",
      seconds: 63.6,
      cases: [
        { name: "starts", ok: false, detail: "exit code 1\n", seconds: 2.5 },
        { name: "stops", ok: true },
      ],
      notes: ["the store is a stand-in"],
      figures: [
        { name: "messages per second", value: 123.4, unit: "1/s", baseline: 110, note: "one broker" },
        { name: "memory", value: 20.25, unit: "MB" },
      ],
      logs: { "server/openim-rpc-msg": [...Array(40).keys()].map((at) => `line ${at}`).join("\n") },
      attachments: ["k6.html"],
    },
  ],
}

/** A name that ends tags, comments and attributes, moves the cursor, and is not even text. */
const hostile = `</script></style>]]>--><b onclick="x" title='y'>&amp;\u001b[31mred\u001b[0m\u0000\u0008\ud800\uffff\n0 passed, 0 failed\n`
const hostileRun: TestRun = {
  about: [hostile],
  begun: "2025-01-31T12:34:56.789Z",
  seconds: 1,
  suites: [
    {
      suite: hostile,
      seconds: 1,
      cases: [
        { name: hostile, ok: true },
        { name: hostile, ok: false, detail: hostile },
      ],
      notes: [hostile],
      figures: [{ name: hostile, value: 1, unit: hostile, baseline: 0, note: hostile }],
      logs: { [hostile]: hostile },
      attachments: [hostile],
    },
  ],
}

describe("the text", () => {
  it("lists failed cases one by one, then notes, figures and logs, and counts all in its last line", () => {
    const logs = [...Array(15).keys()].map((at) => `            line ${at + 25}`)
    expect(suitesText(run).split("\n")).toEqual([
      "ok      unit: 1 of 1 in 420 ms",
      "FAILED  performance: 1 of 2 in 1 min 04 s",
      "          starts",
      "            exit code 1",
      "        the store is a stand-in",
      "        messages per second: 123 1/s (112 % of the baseline 110); one broker",
      "        memory: 20.3 MB",
      "          last lines of server/openim-rpc-msg:",
      ...logs,
      "2 passed, 1 failed",
      "",
    ])
  })

  it("leaves out logs where nothing failed", () => {
    expect(suitesText({ suites: [{ ...run.suites[1], cases: [{ name: "stops", ok: true }] }] })).not.toContain("line 39")
  })

  it("keeps its last line and its lines' beginnings, whatever names and output say", () => {
    const text = suitesText(hostileRun)
    expect(text.endsWith("\n1 passed, 1 failed\n")).toBe(true)
    expect(text.split("\n").filter((line) => /^\d/.test(line))).toEqual(["1 passed, 1 failed"])
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
  })
})

describe("the JUnit XML", () => {
  it("has counts, times, what failed, and what else there is to know", () => {
    const xml = suitesJunit(run)
    expect(xml).toContain('<testsuites name="tests" tests="3" failures="1" errors="0" time="64.200">')
    expect(xml).toContain('<testsuite name="performance" tests="2" failures="1" errors="0" skipped="0" time="63.600" timestamp="')
    expect(xml).toContain('timestamp="2025-01-31T12:34:56">')
    expect(xml).toContain('<testcase classname="unit" name="adds" time="0.001"/>')
    expect(xml).toContain('<testcase classname="performance" name="stops"/>')
    expect(xml).toContain('name="starts" time="2.500">\n      <failure message="exit code 1">exit code 1\n</failure>')
    expect(xml).toMatch(
      /<system-out>the store is a stand-in\nmessages per second: 123 1\/s [^<]*\nlast lines of server\/openim-rpc-msg:\nline 0\n/,
    )
  })

  it("holds no tag but its own, and no character that XML forbids", () => {
    const xml = suitesJunit(hostileRun)
    expect(new Set([...xml.matchAll(/<\/?([^\s>/]+)/g)].map(([, tag]) => tag))).toEqual(
      new Set(["?xml", "testsuites", "testsuite", "testcase", "failure", "system-out"]),
    )
    expect(xml).not.toMatch(/[\x00-\x08\x0b-\x1f\uffff\ufffe]|\p{Cs}/u)
    expect(xml.replace(/&(amp|lt|gt|quot|#39);/g, "")).not.toContain("&")
  })
})

describe("the page", () => {
  const page = suitesHtml(run)

  it("says at its top how many failed, of what and when", () => {
    expect(page).toContain("<h1>1 failed, 2 passed</h1>\n<p>2 suites in 1 min 04 s, begun <time>2025-01-31 12:34 UTC</time></p>")
    expect(page).toContain("<p>OpenIM · server v3.8.3</p>")
    expect(suitesHtml({ ...run, suites: [run.suites[0]] })).toContain("<h1>1 passed</h1>")
    expect(suitesHtml({ ...run, suites: [] })).toContain("<h1>0 passed</h1>")
  })

  it("opens failed cases and their logs, and folds those that passed", () => {
    expect(page).toContain('<details class="failed" open><summary>starts <small>2.5 s</small></summary>\n<pre>exit code 1</pre>')
    expect(page).toContain('<details class="log" open><summary>Last lines of server/openim-rpc-msg</summary>')
    expect(page).toContain("<details><summary>1 passed</summary>\n<ul>\n<li>adds <small>1 ms</small></li>")
  })

  it("has figures beside their baselines, and times as bars", () => {
    expect(page).toContain('<td class="number">123 1/s</td>\n<td class="number">110</td>\n<td class="number">112 %</td>')
    expect(page).toContain('<div class="bar marked"><div style="width: 56.1%"></div></div>')
    expect(page).toContain('<td class="number">420 ms</td>\n<td class="wide"><div class="bar"><div style="width: 0.7%"></div></div></td>')
  })

  it("links to attachments, and needs nothing else", () => {
    expect([...page.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, address]) => address)).toEqual(["attachments/performance/k6.html"])
    expect(page).not.toMatch(/<(script|link|img|iframe)|url\(|@import/)
  })

  it("shows hostile names as they are, and nothing more", () => {
    const hostilePage = suitesHtml(hostileRun)
    expect(hostilePage).not.toMatch(/<b |<\/script|onclick="/)
    expect(hostilePage.match(/<\/style>/g)).toHaveLength(1)
    expect(hostilePage).toContain(
      "<li>&lt;/script&gt;&lt;/style&gt;]]&gt;--&gt;&lt;b onclick=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;red\uFFFD",
    )
    expect(hostilePage).not.toMatch(/[\x00-\x08\x0b-\x1f]|\p{Cs}/u)
  })

  it("does not take an object from a file for markup", () => {
    const odd = { text: "<b>" } as unknown as string
    expect(suitesHtml({ ...run, about: [odd] })).toContain("<p>[object Object]</p>")
  })
})

describe("the files", () => {
  it("are the same report for people, CI and programs", () => {
    const files = suitesFiles(run)
    expect(Object.keys(files)).toEqual(["report.html", "junit.xml", "report.json", "summary.txt"])
    expect(JSON.parse(files["report.json"])).toEqual({ passed: 2, failed: 1, skipped: 0, ...run })
    expect(files["summary.txt"]).toBe(suitesText(run))
  })
})

describe("skipped cases", () => {
  const cases: TestCase[] = [
    { name: "adds", ok: true },
    { name: "mounts", ok: true, skipped: true, detail: "not root" },
    { name: "later", ok: true, skipped: true },
  ]
  const partly = { ...run, suites: [{ suite: "host", seconds: 1, cases }] }

  it("are named and counted in the text", () => {
    expect(suitesText(partly)).toBe(
      "ok      host: 1 of 3, 2 skipped in 1.0 s\n          skipped: mounts (not root)\n          skipped: later\n1 passed, 0 failed, 2 skipped\n",
    )
  })

  it("are skipped in JUnit's sense", () => {
    const xml = suitesJunit(partly)
    expect(xml).toContain('<testsuite name="host" tests="3" failures="0" errors="0" skipped="2" ')
    expect(xml).toContain('<testcase classname="host" name="mounts">\n      <skipped message="not root"/>\n    </testcase>')
    expect(xml).toContain('<testcase classname="host" name="later">\n      <skipped/>\n')
    expect(xml).toContain('<testsuites name="tests" tests="3" failures="0"')
  })

  it("are named and counted on the page, and not among those that passed", () => {
    const page = suitesHtml(partly)
    expect(page).toContain("<h1>1 passed, 2 skipped</h1>")
    expect(page).toContain('<td class="number">1 of 3, 2 skipped</td>')
    expect(page).toContain("Skipped: mounts (not root)")
    expect(page).toContain("<summary>1 passed</summary>")
  })

  it("are counted in the file for programs", () => {
    expect(JSON.parse(suitesFiles(partly)["report.json"])).toMatchObject({ passed: 1, failed: 0, skipped: 2 })
  })
})

describe("times and figures", () => {
  it.each([
    [0, "0 ms"],
    [0.9996, "1.0 s"],
    [9.94, "9.9 s"],
    [9.96, "10 s"],
    [59.6, "1 min 00 s"],
    [605, "10 min 05 s"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text)
  })

  it.each([
    [0, "0"],
    [0.012345, "0.0123"],
    [99.96, "100"],
    [12345.6, "12346"],
    [-1.5, "-1.5"],
  ])("%d is %s", (value, text) => {
    expect(numberText(value)).toBe(text)
  })
})
