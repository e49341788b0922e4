// The charts on a cluster of one node, which is this machine: installed, used, broken, updated, removed and installed again.

import { execFileSync, spawn } from "node:child_process"
import { cpSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { request } from "node:https"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { keepFigure } from "../../stacks/openim/support/results.js"
import { home, works as openimctl, publicName } from "../support/kit.js"
import { type Login, storedTexts, underLoad } from "../support/load.js"
import { SocketUser } from "../support/socketUser.js"
import { unharmed } from "../support/unharmed.js"
import { client, exchange, newPair, newUsers, type Pair } from "../support/users.js"
import {
  begun,
  chart,
  explained,
  helm,
  kubectl,
  namespace,
  release,
  run,
  saidBy,
  startNode,
  state,
  stopNode,
  values,
  works,
} from "./support/cluster.js"
import { outageOf } from "./support/live.js"
import { givenUp, whereTheyAre } from "./support/queue.js"

const ingressClass = "tests"
const onCluster = ["--kubernetes", `--namespace=${namespace}`]
const seconds = (since: number) => Math.round((Date.now() - since) / 100) / 10

let users: Pair

/**
 * Between new users, since the SDK in this process knows the numbers of messages that a restore has taken away. Where all has stopped at once,
 * etcd has the addresses of before for half a minute, and push tries them first.
 */
async function arrives(): Promise<void> {
  const pair = await newPair()
  await eventually("a message arrives", () => exchange(pair), { within: 120 })
}

const texts: string[] = []

/** As the name of an ingress leads to its controller. */
function answerAsIngress(): void {
  writeFileSync("/tmp/hosts", `${readFileSync("/etc/hosts", "utf8")}\n127.0.0.1 ${publicName} files.${publicName} admin.${publicName}\n`)
  execFileSync("mount", ["--bind", "/tmp/hosts", "/etc/hosts"])
  const log = openSync("/var/log/controller.log", "a")
  spawn("node", ["tests/deploy/kubernetes/support/controller.mjs", ingressClass], { stdio: ["ignore", log, log] })
  const object = { apiVersion: "networking.k8s.io/v1", kind: "IngressClass", metadata: { name: ingressClass } }
  works("kubectl", ["create", "-f", "-"], JSON.stringify({ ...object, spec: { controller: "tests/controller" } }))
}

beforeAll(async () => {
  const since = Date.now()
  await startNode()
  keepFigure({ name: "the node is ready", value: seconds(since), unit: "s" })
  cpSync("/kit", home, { recursive: true, verbatimSymlinks: true })
  // What stands in MongoDB's place knows no passwords.
  const template = `${home}/env.template`
  const address = `mongodb://${release}-mongodb:27017/openim_v3?maxPoolSize=100`
  writeFileSync(
    template,
    readFileSync(template, "utf8").replace(/^MONGODB_URI=$/m, () => `MONGODB_URI='${address}'`),
  )
  works("kubectl", ["create", "namespace", namespace])
  // The API server itself then refuses what the policy does not allow.
  const policies = ["enforce", "warn"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`)
  works("kubectl", ["label", "namespace", namespace, ...policies])
  answerAsIngress()
  const { settings } = JSON.parse(readFileSync("/kit/deployment.json", "utf8")) as { settings: { name: string; default?: string }[] }
  const images = Object.fromEntries(
    settings.filter(({ name, default: given }) => name.endsWith("_IMAGE") && given).map((one) => [one.name, one.default]),
  )
  const given = { profile: "core", settings: { PUBLIC_URL: `http://${publicName}` }, images }
  writeFileSync(values, JSON.stringify({ global: given, ingress: { enabled: true, className: ingressClass } }))
})

/** As somebody does who has the values of openimctl, and the user's. */
const own = `${home}/.openimctl/kubernetes-values.json`
const upgrade = (...more: string[]) =>
  begun("helm", ["--namespace", namespace, "upgrade", release, chart, "--values", own, "--values", values, "--atomic", "--wait", ...more])

describe("before anything is made", () => {
  const refused = (more: string[], words: string) => {
    const { code, text } = run("helm", helm("install", ...more))
    expect(text).toContain(words)
    expect(code).not.toBe(0)
    expect(kubectl("get", "deployments,statefulsets,services", "-o", "name").trim()).toBe("")
  }

  test("a missing Secret is named", () => refused([], `there is no Secret openim-secrets in the namespace ${namespace}`))
  test("a missing key of it is named, and the command of README.md makes all", () => {
    kubectl("create", "secret", "generic", "openim-secrets", "--from-literal=redis_password=x")
    refused([], "the Secret openim-secrets has no value for chat_admin")
    kubectl("delete", "secret", "openim-secrets")
    const [, command] = /^(kubectl [^`]*?create secret generic[^`]*?)\nhelm /m.exec(readFileSync(`${chart}/README.md`, "utf8")) ?? []
    works("sh", ["-c", command!.replace(/--namespace \S+/, `--namespace ${namespace}`)])
    refused(["--set", "global.layuot=grouped"], "'layuot' not allowed")
  })
  test("an image without a name is refused", () =>
    refused(["--set", "global.images.OPENIM_ETCD_IMAGE="], "global.images.OPENIM_ETCD_IMAGE is empty"))
  test("a storage class that is not there is refused", () =>
    refused(["--set", "global.storageClass=fast"], "global.storageClass is fast, which this cluster does not have"))
  test("an ingress class that is not there is refused", () =>
    refused(["--set", "ingress.className=nginx"], "ingress.className is nginx, which this cluster does not have"))
  test("autoscaling without a metrics server is refused", () =>
    refused(["--set", "server-api.autoscaling.enabled=true"], "this cluster has no metrics server"))
  test("a certificate that is not there is refused, and who would make it", () => {
    const secure = `ingress.enabled=true,global.settings.PUBLIC_URL=https://${publicName}`
    refused(["--set", secure], `kubectl -n ${namespace} create secret tls ${release}-tls --cert=FILE --key=FILE`)
    refused(["--set", `${secure},ingress.tls.issuer=letsencrypt`], "this cluster has no cert-manager")
  })
  test("an example address is refused", () =>
    refused(["--set", "global.settings.PUBLIC_URL=https://im.example.com"], "which is an example: set yours"))
  test("the API server takes every profile and layout", () => {
    for (const profile of ["core", "frontend", "all", "server"]) {
      for (const layout of ["modules", "grouped"]) {
        const text = works(
          "helm",
          helm("template", "--set", `global.profile=${profile},global.layout=${layout}`, "--kube-version", "1.34.4"),
        )
        works("kubectl", ["--namespace", namespace, "apply", "--dry-run=server", "--warnings-as-errors", "-f", "-"], text)
      }
    }
    kubectl("delete", "secret", "openim-secrets")
  })
})

test("openimctl deploys all of it, and a message arrives through the ingress", async () => {
  const since = Date.now()
  const address = `--address=http://${publicName}`
  try {
    openimctl("deploy", ...onCluster, address, "--profiles=core", `--values=${values}`, "--timeout=270")
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${state()}`)
  }
  keepFigure({ name: "all pods are ready", value: seconds(since), unit: "s" })
  users = await newPair()
  texts.push(await exchange(users))
  keepFigure({ name: "install to the first message", value: seconds(since), unit: "s" })
  console.log(kubectl("get", "pods", "-o", "wide"))
})

test("no pod was started twice, and none has a token", () => {
  const counts = kubectl("get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}").trim().split(" ")
  expect(counts.length).toBeGreaterThan(15)
  expect(counts.filter((count) => count !== "0")).toEqual([])
  const tokens = kubectl("get", "pods", "-o", "jsonpath={.items[*].spec.automountServiceAccountToken}").trim().split(" ")
  expect(new Set(tokens)).toEqual(new Set(["false"]))
  expect(openimctl("status", ...onCluster)).toMatch(/openim-server-api-\S+ +yes/)
})

test("a picture goes to the store and comes back, through the ingress", async () => {
  const { Admin } = await client()
  const { download, upload } = await import("../../stacks/openim/support/objects.js")
  const [user] = await (await Admin.login()).newUsers("picture", 1)
  const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * 7) % 251))
  await upload(user!, `${user!.userID}/picture.png`, bytes)
  expect((await download(user!, `${user!.userID}/picture.png`)).equals(bytes)).toBe(true)
})

test("memory of all pods after the first messages", () => {
  interface Summary {
    pods: { podRef: { name: string; namespace: string }; memory?: { rssBytes: number; workingSetBytes: number } }[]
  }
  const { pods } = JSON.parse(kubectl("get", "--raw", "/api/v1/nodes/node/proxy/stats/summary")) as Summary
  const own = pods.filter(({ podRef }) => podRef.namespace === namespace)
  const sum = (which: "rssBytes" | "workingSetBytes", of = own) =>
    Math.round(of.reduce((total, { memory }) => total + (memory?.[which] ?? 0), 0) / 2 ** 20)
  expect(own.length).toBeGreaterThan(15)
  keepFigure({ name: `memory of ${own.length} pods`, value: sum("rssBytes"), unit: "MiB" })
  keepFigure({ name: "the same with the pages that they use of files", value: sum("workingSetBytes"), unit: "MiB" })
  console.log(own.map((one) => `${one.podRef.name} ${sum("rssBytes", [one])} MiB`).join("\n"))
})

describe("while users send and receive", () => {
  const login: Login = (user) => SocketUser.login(user)

  const imageOf = (module: string) =>
    kubectl("get", "deployment", `${release}-${module}`, "-o", "jsonpath={.spec.template.spec.containers[0].image}")
  const ages = () => kubectl("get", "pods", "-o", "jsonpath={range .items[*]}{.metadata.name} {.metadata.creationTimestamp}{'\\n'}{end}")

  test("another image of the server takes over: nothing fails and nothing is lost", async () => {
    const image = imageOf("server-api")
    execFileSync("ctr", ["--namespace", "k8s.io", "images", "tag", image, `${image}-newer`])
    const stores = () =>
      ages()
        .split("\n")
        .filter((line) => /-(redis|kafka|mongodb|etcd|minio)-0 /.test(line))
    const before = stores()
    expect(before.length).toBe(5)
    const since = Date.now()
    const measured = await underLoad(login, async () => {
      const { code, text } = await upgrade("--timeout", "250s", "--set", `global.images.OPENIM_SERVER_IMAGE=${image}-newer`)
      if (code !== 0) throw new Error(`${text}\n${state()}`)
      keepFigure({ name: "update of the server", value: seconds(since), unit: "s" })
      // The old pods serve until they are gone: users stay until then.
      await eventually(
        "the old pods are gone",
        async () => {
          const { text } = await begun("kubectl", [
            "--namespace",
            namespace,
            "get",
            "pods",
            "-o",
            "jsonpath={.items[*].metadata.deletionTimestamp}",
          ])
          if (text.trim() !== "") throw new Error(text)
        },
        { within: 120, every: 1000 },
      )
    })
    expect(imageOf("server-api")).toBe(`${image}-newer`)
    expect(stores()).toEqual(before)
    unharmed("update", measured)
  })

  test("an update to an image that is not there goes back, and says so", async () => {
    const image = imageOf("server-api")
    const missing = "docker.io/openim/openim-server:nowhere"
    const measured = await underLoad(login, async () => {
      const { code, text } = await upgrade("--timeout", "60s", "--set", `global.images.OPENIM_SERVER_IMAGE=${missing}`)
      expect(text).toContain("rolled back")
      expect(code).not.toBe(0)
    })
    expect(imageOf("server-api")).toBe(image)
    expect(kubectl("get", "events", "--field-selector=reason=Failed")).toContain(`Failed to pull image "${missing}"`)
    unharmed("broken update", measured)
    texts.push(await exchange(users))
  })
})

describe("a pod that ends in the middle of the load", () => {
  let receiver: SocketUser
  let from: string
  let to: string
  const accepted: string[] = []
  beforeAll(async () => {
    const [one, two] = await newUsers(2)
    ;[from, to] = [one!.userID, two!.userID]
    receiver = await SocketUser.login(two!)
  })
  afterAll(() => receiver?.close())

  test.each([
    ...["msggateway", "api", "push", "msgtransfer", "crontask"].map((name) => `server-${name}`),
    ...["auth", "user", "msg", "conversation", "group", "friend", "third"].map((name) => `server-rpc-${name}`),
    ...["chat-api", "chat-rpc", "chat-admin-api", "chat-admin-rpc", "edge"],
    ...["redis", "kafka", "mongodb", "minio", "etcd"],
  ])("of %s", async (module) => {
    const { Admin } = await client()
    const admin = await eventually("the administrator logs in", () => Admin.login())
    const send = (text: string) => admin.sendText({ userID: from, nickname: "load" }, to, text, { limit: 5000 })
    const [pod] = kubectl("get", "pods", "-o", "name", "--selector", `app.kubernetes.io/name=${module}`).trim().split("\n")
    // A store writes what it has first.
    const killed = /^(server|chat|edge)/.test(module) ? ["--grace-period=0", "--force"] : []
    // For whoever reads the logs of the pods: a message is sent each 200 ms.
    console.log(`${module} ends at ${new Date().toISOString()}`)
    const outage = await outageOf(receiver, send, module, () => void kubectl("delete", pod!, "--wait=false", ...killed))
    accepted.push(...outage.accepted)
    keepFigure({ name: `after the end of ${module}: all messages arrive within a second`, value: outage.seconds, unit: "s" })
    keepFigure({ name: `after the end of ${module}: requests failed`, value: outage.failed, unit: `of ${outage.sent}` })
    await eventually(
      `all pods of ${module} are ready`,
      () => {
        const states = kubectl(
          ...["get", "pods", "--selector", `app.kubernetes.io/name=${module}`, "-o"],
          "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}",
        )
        expect(new Set(states.trim().split(" "))).toEqual(new Set(["True"]))
      },
      { within: 120, every: 500 },
    )
  })

  test("a program that etcd has forgotten is started again, and registers", async () => {
    const etcdctl = (words: string) =>
      kubectl("exec", `${release}-etcd-0`, "--", "sh", "-c", `etcdctl --user "root:$(cat /run/secrets/etcd_password)" ${words}`)
    interface Pods {
      items: {
        metadata: { name: string }
        spec: { containers: { livenessProbe?: { exec?: { command: string[] } } }[] }
        status: { podIP: string; containerStatuses: { restartCount: number }[] }
      }[]
    }
    const registering = () =>
      (JSON.parse(kubectl("get", "pods", "-o", "json")) as Pods).items.filter(({ spec }) =>
        spec.containers[0]?.livenessProbe?.exec?.command.includes("registered"),
      )
    const program = () => registering().find(({ metadata }) => metadata.name.startsWith(`${release}-server-rpc-group-`))!
    const before = program()
    const restarts = ({ status }: Pods["items"][number]) => status.containerStatuses[0]!.restartCount
    const key = etcdctl('get "" --prefix --keys-only')
      .split("\n")
      .find((name) => name.includes(`/${before.status.podIP}:`))!
    etcdctl(`del ${key}`)
    const since = Date.now()
    await eventually("it was started again", () => expect(restarts(program())).toBeGreaterThan(restarts(before)), {
      within: 150,
      every: 1000,
    })
    await eventually(
      "etcd knows all pods that register",
      () => {
        const addresses = registering().map(({ status }) => status.podIP)
        expect(addresses.length).toBeGreaterThan(10)
        const keys = etcdctl('get "" --prefix --keys-only')
        expect(addresses.filter((address) => !keys.includes(`/${address}:`))).toEqual([])
      },
      { within: 150, every: 1000 },
    )
    keepFigure({ name: "forgotten by etcd: it is found again", value: seconds(since), unit: "s" })
    const { Admin } = await client()
    await eventually("the administrator logs in", () => Admin.login())
  })

  test("all messages that were accepted are there", async () => {
    const { Admin, singleConversation, textIn } = await client()
    const admin = await Admin.login()
    let missing: string[] = []
    let stored: string[] = []
    await eventually("the store has them", async () => {
      stored = await storedTexts(admin, to, singleConversation(from, to), textIn)
      missing = accepted.filter((text) => !stored.includes(text))
      if (missing.length > 0) throw new Error(missing.join(", "))
    }).catch(() => undefined)
    keepFigure({
      name: "accepted messages missing after all these ends",
      value: missing.length,
      unit: `of ${accepted.length}`,
      note: "goal: 0",
    })
    const left = givenUp(missing, accepted, stored)
    keepFigure({ name: "of these, given up by OpenIM", value: left.length, unit: `of ${missing.length}` })
    if (missing.length > 0) {
      console.log(whereTheyAre(missing).join("\n"))
      console.log(saidBy(`deployment/${release}-server-msgtransfer`, /WARN|ERROR|PANIC/).slice(-60_000))
      console.log(saidBy(`statefulset/${release}-kafka`, /WARN|ERROR|offset|recover|load/i).slice(-60_000))
    }
    // What is on its way through Redis when that ends may be lost, and OpenIM gives up what a store takes too late: docs/kubernetes.md says so.
    const known = (text: string) => text.startsWith("redis ") || (/^(kafka|mongodb) /.test(text) && left.includes(text))
    expect(missing.filter((text) => !known(text))).toEqual([])
    texts.push(await exchange(users))
  })
})

test("a backup is made, and put in the place of what came after it", async () => {
  const key = JSON.stringify({ stringData: { backup_key: "word-of-the-tests-0123456789" } })
  kubectl("patch", "secret", `${release}-secrets`, "--patch", key)
  const upgraded = async (...sets: string[]) => {
    const { code, text } = await upgrade(
      "--wait-for-jobs",
      "--timeout",
      "250s",
      "--set",
      ["backup.enabled=true", "backup.storage.size=5Gi", ...sets].join(","),
    )
    if (code !== 0) throw new Error(`${text}\n${state()}`)
  }
  await upgraded()
  const begunAt = Date.now()
  kubectl("create", "job", "first", `--from=cronjob/${release}-backup`)
  await eventually("the backup is complete", () => expect(kubectl("logs", "job/first")).toContain("is complete"), {
    within: 120,
    every: 1000,
  })
  keepFigure({ name: "backup of a few messages", value: seconds(begunAt), unit: "s" })
  kubectl("wait", "job/first", "--for=condition=complete", "--timeout=60s")
  expect(openimctl("status", ...onCluster)).toMatch(/openim-server-api-\S+ +yes/)
  await exchange(users)
  const since = Date.now()
  await upgraded("global.restore=latest")
  const jobs = kubectl("get", "jobs", "-o", "name").split("\n")
  expect(kubectl("logs", jobs.find((name) => name.includes("-restore-redis-"))!)).toMatch(/redis of backup_\d+_\d+ is back/)
  await upgraded()
  await explained(() =>
    eventually("the messages of the backup are there, and no others", async () => expect(await users.history()).toEqual(texts), {
      within: 60,
    }),
  )
  keepFigure({ name: "restore of a few messages, until they are there", value: seconds(since), unit: "s" })
  await arrives()
})

/** The Secret of a certificate, and the file of its authority. */
const certificate = "site"
const authority = "/tmp/site.pem"

/** From files, as docs/kubernetes.md says. */
function makeCertificate(): void {
  const names = [publicName, `files.${publicName}`, `admin.${publicName}`].map((name) => `DNS:${name}`).join(",")
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/tmp/site.key"]
  works("openssl", [
    "req",
    "-x509",
    ...key,
    "-days",
    "2",
    "-subj",
    `/CN=${publicName}`,
    "-addext",
    `subjectAltName=${names}`,
    "-out",
    authority,
  ])
  kubectl("create", "secret", "tls", certificate, `--cert=${authority}`, "--key=/tmp/site.key")
}

/** The status and text of an answer by TLS, from somebody who trusts this authority alone. */
function answered(host: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, port: 443, path, ca: readFileSync(authority), agent: false, timeout: 10_000 }, (answer) => {
      let text = ""
      answer.setEncoding("utf8")
      answer.on("data", (part: string) => (text += part))
      answer.on("end", () => resolve(`${answer.statusCode} ${text.trim()}`))
    })
    asked.on("error", reject)
    asked.on("timeout", () => asked.destroy(new Error("no answer")))
    asked.end()
  })
}

test("uninstalled and installed again, grouped, it has the same messages", async () => {
  await explained(() => eventually("all messages are there", async () => expect(await users.history()).toEqual(texts)))
  works("helm", ["--namespace", namespace, "uninstall", release, "--wait", "--timeout", "200s"])
  await eventually("all pods are gone", () => expect(kubectl("get", "pods", "-o", "name").trim()).toBe(""), { within: 150 })
  // Those of the stores, and of backups.
  expect(kubectl("get", "pvc", "-o", "name").trim().split("\n").length).toBe(6)
  const since = Date.now()
  makeCertificate()
  // With the values of openimctl as before: they say that the Secret has an address of the database.
  const sets = `global.layout=grouped,global.settings.PUBLIC_URL=https://${publicName},ingress.tls.secret=${certificate}`
  works("helm", helm("install", "--values", own, "--set", sets, "--wait", "--timeout", "270s"))
  keepFigure({ name: "grouped: all pods are ready", value: seconds(since), unit: "s" })
  await explained(async () => {
    await eventually("all messages are there", async () => expect(await users.history()).toEqual(texts), { within: 60 })
    await arrives()
  })
})

test("clients reach it by TLS, with the certificate of the Secret", async () => {
  // With a server for each route that must have one.
  await eventually("the edge is ready", async () => expect(await answered(publicName, "/readyz")).toBe("200 ok"))
  await eventually("the store of files answers", async () =>
    expect(await answered(`files.${publicName}`, "/minio/health/ready")).toMatch(/^200/),
  )
  const edge = kubectl("get", "ingress", release, "-o", "jsonpath={.spec.tls[*].secretName} {.spec.tls[*].hosts[*]}")
  expect(edge.trim()).toBe(`${certificate} ${publicName} files.${publicName} admin.${publicName}`)
})

test("by names of services, without etcd and chat: the same messages, and new ones arrive", async () => {
  const since = Date.now()
  const { code, text } = await upgrade("--timeout", "250s", "--set", "global.layout=modules,global.discovery=names,global.profile=server")
  if (code !== 0) throw new Error(`${text}\n${state()}`)
  keepFigure({ name: "by names of services: all pods are ready", value: seconds(since), unit: "s" })
  const names = kubectl("get", "deployments,statefulsets", "-o", "name").trim().split("\n")
  expect(names.filter((name) => /etcd|chat/.test(name))).toEqual([])
  // Without chat, which it waits for otherwise.
  await eventually("the edge is ready", async () => expect((await fetch(`http://${publicName}/readyz`)).status).toBe(200))
  await explained(async () => {
    await eventually("all messages are there", async () => expect(await users.history()).toEqual(texts), { within: 60 })
    await arrives()
  })
  const open = () => {
    const count = "ls -d /proc/[0-9]*/fd/* 2>/dev/null | wc -l"
    return Number(kubectl("exec", `deployment/${release}-server-push`, "--", "sh", "-c", count))
  }
  const { Admin } = await client()
  const [from, to] = await newUsers(2)
  const receiver = await SocketUser.login(to!)
  const before = open()
  const admin = await Admin.login()
  const sent = Array.from({ length: 20 }, (_, at) => `names ${at}`)
  for (const one of sent) await admin.sendText({ userID: from!.userID, nickname: "names" }, to!.userID, one, { limit: 5000 })
  await eventually("all have arrived", async () => expect(await receiver.texts()).toEqual(expect.arrayContaining(sent)))
  // Why this is not the default.
  keepFigure({
    name: "by names of services: connections that push leaves open",
    value: open() - before,
    unit: `after ${sent.length} messages`,
  })
  receiver.close()
})

test("back to etcd, with chat", async () => {
  const { code, text } = await upgrade("--timeout", "250s")
  if (code !== 0) throw new Error(`${text}\n${state()}`)
  await explained(arrives)
  expect(openimctl("status", ...onCluster)).toMatch(/openim-chat-api-\S+ +yes/)
})

test("the machine is turned off and on: all pods are ready again, and the messages are there", async () => {
  await stopNode()
  const since = Date.now()
  await startNode()
  keepFigure({ name: "turned off and on: the node is ready", value: seconds(since), unit: "s" })
  interface Pods {
    items: {
      metadata: { name: string }
      status: { containerStatuses?: { ready: boolean; state: { running?: { startedAt: string } } }[] }
    }[]
  }
  await explained(() =>
    eventually(
      "all pods run again",
      () => {
        const { items } = JSON.parse(run("kubectl", ["--namespace", namespace, "get", "pods", "-o", "json"]).text) as Pods
        // What the API server knows of the time before is no answer.
        const again = ({ ready, state }: { ready: boolean; state: { running?: { startedAt: string } } }) =>
          ready && Date.parse(state.running?.startedAt ?? "") >= since - 1000
        expect(items.length).toBeGreaterThan(15)
        const others = items.filter(({ status }) => status.containerStatuses?.every(again) !== true)
        expect(others.map(({ metadata }) => metadata.name)).toEqual([])
      },
      { within: 200, every: 2000 },
    ),
  )
  keepFigure({ name: "turned off and on: all pods are ready", value: seconds(since), unit: "s" })
  await explained(() => eventually("the messages are there", async () => expect(await users.history()).toEqual(texts), { within: 60 }))
  await arrives()
  keepFigure({ name: "turned off and on: a message arrives", value: seconds(since), unit: "s" })
})
