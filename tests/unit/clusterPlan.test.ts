import { describe, expect, it } from "vitest"
import { changesText, clusterFacts, diffsIn, objectsIn, plannedChanges, type Tool } from "../../src/plan/deploy/clusterPlan.js"

const object = (kind: string, name: string, more = "") => `kind: ${kind}\nmetadata:\n  name: ${name}\n  namespace: im\n${more}`
const manifests = (...objects: string[]) =>
  objects.map((text) => `---\n# Source: shop/templates/one.yaml\napiVersion: v1\n${text}`).join("\n")

const diff = `diff -u -N /tmp/LIVE-1/apps.v1.Deployment.im.shop-api /tmp/MERGED-2/apps.v1.Deployment.im.shop-api
--- /tmp/LIVE-1/apps.v1.Deployment.im.shop-api\t2026-01-01 00:00:00.0 +0000
+++ /tmp/MERGED-2/apps.v1.Deployment.im.shop-api\t2026-01-01 00:00:00.0 +0000
@@ -6,7 +6,7 @@
-  replicas: 1
+  replicas: 2
diff -u -N /tmp/LIVE-1/networking.k8s.io.v1.NetworkPolicy.im.shop.api /tmp/MERGED-2/networking.k8s.io.v1.NetworkPolicy.im.shop.api
--- /tmp/LIVE-1/networking.k8s.io.v1.NetworkPolicy.im.shop.api\t2026-01-01 00:00:00.0 +0000
+++ /tmp/MERGED-2/networking.k8s.io.v1.NetworkPolicy.im.shop.api\t2026-01-01 00:00:00.0 +0000
@@ -0,0 +1,2 @@
+apiVersion: networking.k8s.io/v1
+kind: NetworkPolicy
`

describe("what kubectl's differences say", () => {
  it("are objects that are changed, and objects that are new", () => {
    expect(diffsIn(diff)).toEqual([
      { object: "Deployment shop-api", made: false, text: "@@ -6,7 +6,7 @@\n-  replicas: 1\n+  replicas: 2" },
      { object: "NetworkPolicy shop.api", made: true, text: expect.stringContaining("+kind: NetworkPolicy") },
    ])
    expect(diffsIn("")).toEqual([])
  })
  it("are a list for people, and the differences of what is changed alone", () => {
    const text = changesText(diffsIn(diff), new Map(), new Map())
    expect(text).toContain("would be made: 1\n  NetworkPolicy shop.api\nwould be changed: 1\n  Deployment shop-api\n")
    expect(text).toContain("+  replicas: 2")
    expect(text).not.toContain("+kind: NetworkPolicy")
    expect(changesText([], new Map([["Service a", "x"]]), new Map([["Service a", "x"]]))).toBe("nothing would change\n")
  })
  it("do not show what the new text leaves out: the texts of the release do", () => {
    const now = new Map([
      ["Service a", "ports: [1, 2]"],
      ["Service b", "x"],
      ["Service kept", "metadata:\n  annotations:\n    helm.sh/resource-policy: keep"],
    ])
    const text = changesText([], now, new Map([["Service a", "ports: [1]"]]))
    expect(text).toBe("would lose a part that the release has: 1\n  Service a\nwould be removed: 1\n  Service b\n")
  })
})

it("objects of a text have a kind and a name, and a namespace where that is another", () => {
  const text = manifests(object("Service", "shop-api", "spec: {}\n"), 'kind: Role\nmetadata:\n  name: "reader"\n  namespace: other\n')
  expect([...objectsIn(text, "im").keys()]).toEqual(["Service shop-api", "Role other/reader"])
  expect(objectsIn("# nothing\n", "im").size).toBe(0)
})

describe("a plan", () => {
  interface Answers {
    namespace?: boolean
    secret?: boolean
    rendered?: { code: number; text: string }
    before?: string
    diff?: { code: number; text: string }
  }
  const cluster = ({ namespace = true, secret = true, rendered, before, diff: differs }: Answers) => {
    const asked: string[] = []
    const run: Tool = (tool, words, input) => {
      asked.push(`${tool} ${words.join(" ")}${input === undefined ? "" : ` < ${input}`}`)
      const done = (code: number, stdout = "") => Promise.resolve({ code, stdout, tail: stdout })
      if (words[1] === "namespace") return done(namespace ? 0 : 1)
      if (words[1] === "secret") return done(secret ? 0 : 1)
      if (words[0] === "template") return done(rendered?.code ?? 0, rendered?.text ?? manifests(object("Service", "shop-api")))
      if (words[0] === "get") return done(before === undefined ? 1 : 0, before)
      return done(differs?.code ?? 0, differs?.text)
    }
    return { run, asked }
  }
  const planned = { release: "shop", chart: "/chart", namespace: "im", values: ["--values=/mine.yaml"], schema: {} }

  it("of a new namespace lists what would be made, and asks the API server for nothing", async () => {
    const { run, asked } = cluster({ namespace: false })
    expect(await plannedChanges(run, planned)).toBe("the namespace im is not there yet; this would be made in it:\n  Service shop-api\n")
    expect(asked).toEqual(["kubectl get namespace im", "helm template shop /chart --values=/mine.yaml"])
  })
  it("of a namespace lets helm look into it, and gives the text to the API server", async () => {
    const { run, asked } = cluster({ diff: { code: 1, text: diff }, before: manifests(object("Service", "shop-old")) })
    const text = await plannedChanges(run, planned)
    expect(text).toContain("would be removed: 1\n  Service shop-old")
    expect(asked).toContain("helm template shop /chart --dry-run=server --values=/mine.yaml")
    expect(asked.at(-1)).toMatch(/^kubectl diff --server-side --force-conflicts --filename=- < ---\n/)
  })
  it("does not look for a Secret that the deploy makes, as long as that is not there", async () => {
    const { run, asked } = cluster({ secret: false })
    expect(await plannedChanges(run, { ...planned, ownSecret: "shop-secrets" })).toBe("nothing would change\n")
    expect(asked[2]).toBe("helm template shop /chart --values=/mine.yaml")
  })
  it("of somebody with rights in the namespace alone does not ask for what the whole cluster has", async () => {
    const { run, asked } = cluster({})
    const limited: Tool = (tool, words, input) =>
      words[0] === "auth" ? Promise.resolve({ code: 1, stdout: "no\n", tail: "no\n" }) : run(tool, words, input)
    await plannedChanges(limited, planned)
    expect(asked).toContain("helm template shop /chart --dry-run=server --set=global.checkCluster=false --values=/mine.yaml")
  })
  it("is what kubectl prints where somebody has another program compare", async () => {
    expect(await plannedChanges(cluster({ diff: { code: 1, text: "1 line differs" } }).run, planned)).toBe("1 line differs")
  })
  it.each([
    [{ rendered: { code: 1, text: "Error: ingress.className is x, which this cluster does not have" } }, "ingress.className is x"],
    [{ diff: { code: 2, text: "Error from server (Forbidden): pods is forbidden" } }, "the API server refuses it: Error from server"],
  ])("that cannot be made says why: %j", async (answers, words) => {
    await expect(plannedChanges(cluster(answers).run, planned)).rejects.toThrow(words)
  })
  it("names the nearest value of one that the chart does not know", async () => {
    const text = "Error: values don't meet the schema:\nshop:\n- at '/global': additional properties 'imagse' not allowed"
    const schema = { properties: { global: { properties: { images: {} } } } }
    const { run } = cluster({ rendered: { code: 1, text } })
    await expect(plannedChanges(run, { ...planned, schema })).rejects.toThrow("did you mean global.images?")
  })
})

describe("the facts of a cluster", () => {
  const run: Tool = (_, words) => {
    const done = (stdout: string, code = 0) => Promise.resolve({ code, stdout, tail: stdout })
    if (words[0] === "version") return done(JSON.stringify({ serverVersion: { major: "1", minor: "34+" } }))
    if (words[0] === "auth") return words[3] === "secrets" ? done("no\n", 1) : done("yes\n")
    const annotations = { "storageclass.kubernetes.io/is-default-class": "true" }
    return done(JSON.stringify({ items: [{ metadata: { name: "fast", annotations } }, { metadata: { name: "slow" } }] }))
  }
  it("are its version, the user's rights and its storage classes", async () => {
    expect(await clusterFacts(run, "im", true)).toEqual({
      version: "1.34",
      refused: ["secrets"],
      namespace: "im",
      storageClasses: [
        { name: "fast", standard: true },
        { name: "slow", standard: false },
      ],
      volumes: true,
    })
  })
  it("are none where nobody answers", async () => {
    const down: Tool = () => Promise.resolve({ code: 1, stdout: "", tail: "Unable to connect to the server: refused\n" })
    await expect(clusterFacts(down, "im", true)).rejects.toThrow("the cluster does not answer: Unable to connect to the server: refused")
  })
})
