// The charts on a cluster of one node, which is this machine: installed, used, broken, removed and installed again.

import { execFileSync, spawn, spawnSync } from "node:child_process"
import { existsSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"

const namespace = "im"
const release = "openim"
const chart = "/charts/openim"
const secret = "word-of-the-tests-0123456789"

interface Setting {
  name: string
  default?: string
}

const run = (command: string, words: string[], input?: string) => {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: "utf8", timeout: 290_000, maxBuffer: 64 << 20, input })
  return { code: status ?? 128, text: `${stdout}${stderr}` }
}
const works = (command: string, words: string[], input?: string) => {
  const { code, text } = run(command, words, input)
  if (code !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${code}:\n${text.slice(-4000)}\n${state()}`)
  return text
}
const kubectl = (...words: string[]) => works("kubectl", ["--namespace", namespace, ...words])
/** What somebody looks at who asks why it does not work. */
const state = () => {
  const { text } = run("kubectl", ["--namespace", namespace, "get", "pods", "-o", "wide"])
  const events = run("kubectl", ["--namespace", namespace, "get", "events", "--sort-by=.lastTimestamp", "--field-selector=type=Warning"])
  return `${text}\n${events.text.slice(-3000)}`
}
const values = "/tmp/values.yaml"
const helm = (verb: string, ...more: string[]) => ["--namespace", namespace, verb, release, chart, "--values", values, ...more]
const seconds = (begun: number) => Math.round((Date.now() - begun) / 100) / 10

const publicName = "im.example.test"
const ownHosts = readFileSync("/etc/hosts", "utf8")

/** The public name leads to the edge, as names of an ingress do. */
function answerForEdge(): void {
  const address = kubectl("get", "service", `${release}-edge`, "-o", "jsonpath={.spec.clusterIP}")
  const first = !existsSync("/tmp/hosts")
  writeFileSync("/tmp/hosts", `${ownHosts}\n${address} ${publicName}\n`)
  if (first) execFileSync("mount", ["--bind", "/tmp/hosts", "/etc/hosts"])
}

/** The gateway and the API as the edge shows them. */
async function client() {
  process.env.STACK_API = `http://${publicName}:8080/api`
  process.env.STACK_GATEWAY = `ws://${publicName}:8080/msg_gateway`
  process.env.IMENV_SHARE_SECRET = secret
  return { ...(await import("../../stacks/openim/support/im.js")), ...(await import("../../stacks/openim/support/sdk.js")) }
}

type Users = { ann: User; bob: User }
type User = Awaited<ReturnType<Awaited<ReturnType<Awaited<ReturnType<typeof client>>["Admin"]["login"]>>["newUsers"]>>[number]

async function newUsers(): Promise<Users> {
  const { Admin } = await client()
  const [ann, bob] = await (await Admin.login()).newUsers("kube", 2)
  if (!ann || !bob) throw new Error("no users")
  return { ann, bob }
}

/** Logs both in, sends, and waits until the other one has it. */
async function exchange({ ann, bob }: Users, text: string): Promise<void> {
  const { Admin, SdkUser } = await client()
  const fresh = async ({ account }: User) => (await Admin.login()).loginUser(account)
  const from = await eventually("the sender is logged in", async () => SdkUser.login(await fresh(ann)))
  const to = await eventually("the receiver is logged in", async () => SdkUser.login(await fresh(bob)))
  try {
    await from.sendText(bob.userID, text)
    await eventually(`${text} arrives`, () => expect(to.received.map((message) => message.textElem?.content)).toContain(text))
  } finally {
    await Promise.allSettled([from.logout(), to.logout()])
  }
}

async function history({ ann, bob }: Users): Promise<string[]> {
  const { Admin, singleConversation, textIn } = await client()
  const messages = await (await (await Admin.login()).loginUser(bob.account)).pull(singleConversation(ann.userID, bob.userID))
  return messages.filter(({ contentType }) => contentType === 101).map(textIn)
}

let users: Users

beforeAll(async () => {
  const log = openSync("/var/log/node.log", "a")
  const node = spawn("kube-node", [], { stdio: ["ignore", log, log], detached: true })
  const begun = Date.now()
  await new Promise<void>((resolve, reject) => {
    const said = () => `\n${readFileSync("/var/log/node.log", "utf8").slice(-4000)}`
    node.once("exit", (code) => reject(new Error(`the node ended with ${code}:${said()}`)))
    const look = setInterval(() => {
      if (existsSync("/run/kube/ready")) resolve()
      else if (Date.now() - begun > 280_000) reject(new Error(`the node is not ready:${said()}`))
      else return
      clearInterval(look)
    }, 200)
  })
  console.log(`the node is ready after ${seconds(begun)} s, with ${readdirSync("/images").length} images`)
  const { settings } = JSON.parse(readFileSync("/deployment.json", "utf8")) as { settings: Setting[] }
  const images = Object.fromEntries(
    settings.filter(({ name, default: given }) => name.endsWith("_IMAGE") && given).map((one) => [one.name, one.default]),
  )
  const given = { global: { profile: "core", settings: { PUBLIC_URL: `http://${publicName}` }, images }, edge: { behindProxy: false } }
  writeFileSync(values, JSON.stringify(given))
  works("kubectl", ["create", "namespace", namespace])
  // The API server itself then refuses what the policy does not allow.
  const policies = ["enforce", "warn"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`)
  works("kubectl", ["label", "namespace", namespace, ...policies])
})

describe("before anything is made", () => {
  const refused = (more: string[], words: string) => {
    const { code, text } = run("helm", helm("install", ...more))
    expect(text).toContain(words)
    expect(code).not.toBe(0)
    expect(kubectl("get", "deployments,statefulsets,services", "-o", "name").trim()).toBe("")
  }

  test("a missing Secret is named", () => refused([], "there is no Secret openim-secrets in the namespace im"))
  test("a missing key of it is named", () => {
    kubectl("create", "secret", "generic", "openim-secrets", "--from-literal=redis_password=x")
    refused([], "the Secret openim-secrets has no value for chat_admin")
    kubectl("delete", "secret", "openim-secrets")
    const template = readFileSync(`${chart}/README.md`, "utf8")
    const keys = [...template.matchAll(/--from-literal=([a-z_]+)=/g)].map(([, key]) => `--from-literal=${key}=${secret}`)
    kubectl("create", "secret", "generic", "openim-secrets", ...keys)
  })
  test("a typo in a value is refused", () => refused(["--set", "global.layuot=grouped"], "'layuot' not allowed"))
  test("an image without a name is refused", () =>
    refused(["--set", "global.images.OPENIM_ETCD_IMAGE="], "global.images.OPENIM_ETCD_IMAGE is empty"))
  test("a storage class that is not there is refused", () =>
    refused(["--set", "global.storageClass=fast"], "global.storageClass is fast, which this cluster does not have"))
  test("an example address is refused", () =>
    refused(["--set", "global.settings.PUBLIC_URL=https://im.example.com"], "which is an example: set yours"))
})

test("the API server takes every profile and layout", () => {
  for (const profile of ["core", "frontend", "all"]) {
    for (const layout of ["modules", "grouped"]) {
      const more = ["--set", `global.profile=${profile},global.layout=${layout},ingress.enabled=true`]
      const text = works("helm", helm("template", ...more, "--kube-version", "1.34.4"))
      works("kubectl", ["--namespace", namespace, "apply", "--dry-run=server", "--warnings-as-errors", "-f", "-"], text)
    }
  }
})

test("helm installs all of it, and a message arrives", async () => {
  const begun = Date.now()
  works("helm", helm("install", "--wait", "--timeout", "270s"))
  const ready = seconds(begun)
  answerForEdge()
  users = await newUsers()
  await exchange(users, "the first")
  console.log(`all pods are ready after ${ready} s, the first message arrived after ${seconds(begun)} s`)
  console.log(kubectl("get", "pods"))
})

test("no pod was started twice, and none has a token", () => {
  const counts = kubectl("get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}").trim().split(" ")
  expect(counts.length).toBeGreaterThan(15)
  expect(counts.filter((count) => count !== "0")).toEqual([])
  const tokens = kubectl("get", "pods", "-o", "jsonpath={.items[*].spec.automountServiceAccountToken}").trim().split(" ")
  expect(new Set(tokens)).toEqual(new Set(["false"]))
})

describe("what goes wrong", () => {
  test.each(["server-msggateway", "server-rpc-msg", "server-push", "server-msgtransfer", "server-api", "redis"])(
    "a message arrives again after the pod of %s was deleted",
    async (module) => {
      const begun = Date.now()
      // A store writes what it has first.
      const killed = module.startsWith("server-") ? ["--grace-period=0", "--force"] : []
      kubectl("delete", "pod", "--wait=false", "--selector", `app.kubernetes.io/name=${module}`, ...killed)
      let tries = 0
      await eventually(`a message after ${module}`, async () => exchange(users, `after ${module} ${++tries}`), { within: 150 })
      console.log(`${module}: a message arrived ${seconds(begun)} s after its pod was deleted`)
    },
  )

  test("an update to an image that is not there goes back, and says so", async () => {
    const { code, text } = run(
      "helm",
      helm("upgrade", "--atomic", "--timeout", "45s", "--set", "server-api.image=docker.io/openim/openim-server:nowhere"),
    )
    expect(code).not.toBe(0)
    expect(text).toContain("rolled back")
    expect(kubectl("get", "events", "--field-selector=reason=Failed")).toContain(
      'Failed to pull image "docker.io/openim/openim-server:nowhere"',
    )
    await exchange(users, "after the broken update")
  })
})

test("all messages are there, in their order", async () => {
  await eventually("the history", async () => {
    const texts = await history(users)
    expect(texts[0]).toBe("the first")
    expect(texts.at(-1)).toBe("after the broken update")
  })
})

test("uninstalled and installed again, grouped, it has the same messages", async () => {
  const before = await history(users)
  works("helm", ["--namespace", namespace, "uninstall", release, "--wait", "--timeout", "200s"])
  await eventually("all pods are gone", () => expect(kubectl("get", "pods", "-o", "name").trim()).toBe(""), { within: 150 })
  expect(kubectl("get", "pvc", "-o", "name").trim().split("\n").length).toBe(5)
  const begun = Date.now()
  works("helm", helm("install", "--set", "global.layout=grouped", "--wait", "--timeout", "270s"))
  console.log(`grouped: all pods are ready after ${seconds(begun)} s`)
  answerForEdge()
  const { Admin } = await client()
  await eventually("the administrator logs in", async () => void (await Admin.login()))
  expect(await history(users)).toEqual(before)
  await exchange(users, "grouped")
})

test("memory of all pods", () => {
  const file = ["/sys/fs/cgroup/memory/kubepods/memory.usage_in_bytes", "/sys/fs/cgroup/kubepods/memory.current"].find(existsSync)
  if (file !== undefined) console.log(`all pods use ${Math.round(Number(readFileSync(file, "utf8")) / 2 ** 20)} MiB`)
  expect(execFileSync("kubectl", ["version"], { encoding: "utf8" })).toContain("Server Version: v1.34.4")
})
