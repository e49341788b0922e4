#!/usr/bin/env node
// A docker that keeps its containers, volumes and images in a JSON file, for tests of openimctl. Its behaviour is in the same file:
//   down: the daemon does not run; permission: its socket is closed; compose: the version of compose, "" for none
//   fail: { SERVICE: "unhealthy" | "exit" | "starting" }; logs: { SERVICE: text }; slowUp: milliseconds that `up` takes
//   lego: { fails: text } or { chain, key }: what a run of lego prints, or leaves in its folder
//   failing: { IMAGE: "unhealthy" }; answers500: images whose answers are errors; sessions: { 0x1: "api1" } at the edge
//   killAtChange: the caller is killed at this change
//   registry: images that can be pulled; plain: registries of them that speak plain HTTP; mirrors: of the daemon, which goes by them
//   offline: only the daemon reaches registries; refuse: exec commands that fail; password: what the database takes
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"

const file = process.env.FAKE_DOCKER
const args = process.argv.slice(2)
appendFileSync(`${file}.calls`, `${args.join(" ")}\n`)
const read = () => ({ containers: {}, volumes: {}, images: [], registry: [], next: 1, ...JSON.parse(readFileSync(file, "utf8")) })
let state = read()
const save = () => {
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(state))
  renameSync(`${file}.${process.pid}`, file)
}
const print = (text) => process.stdout.write(`${text}\n`)
const end = (code, text = "") => {
  if (text) process.stderr.write(`${text}\n`)
  process.exit(code)
}
const sleep = (milliseconds) => new Promise((wake) => setTimeout(wake, milliseconds))
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined)
// With its caller killed at the nth change: what it was asked for is done all the same, as a daemon does it.
const changing = () => {
  state.changes = (state.changes ?? 0) + 1
  save()
  if (state.killAtChange === state.changes) process.kill(process.ppid, "SIGKILL")
}
const hash = (text) => [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7).toString(16)

const info = () => ({
  RegistryConfig: {
    InsecureRegistryCIDRs: ["127.0.0.0/8"],
    IndexConfigs: {
      "docker.io": { Secure: true, Mirrors: state.mirrors ?? null },
      ...Object.fromEntries((state.plain ?? []).map((host) => [host, { Secure: false }])),
    },
  },
})

if (state.down) end(1, "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")
if (state.permission) end(1, "permission denied while trying to connect to the Docker daemon socket")

if (args[0] === "version") print(state.version ?? "26.1.5")
else if (args.includes("{{json .}}")) print(JSON.stringify(info()))
else if (args[0] === "info") print(args.join(" ").includes("MemTotal") ? `x86_64|${state.memory ?? 8e9}|/` : "/")
else if (args[0] === "compose") await compose(args.slice(1))
else if (args[0] === "ps" && args.includes("-aq")) {
  const [, project] = args.flatMap((word) => (word.startsWith("label=com.docker.compose.project=") ? word.slice(6).split("=") : []))
  print(
    Object.keys(state.containers)
      .filter((id) => project === undefined || projectOf(state.containers[id]) === project)
      .join("\n"),
  )
} else if (args[0] === "ps") print((state.others ?? []).join("\n"))
else if (args[0] === "inspect" && option("--format")?.includes("IPAddress"))
  print(
    args
      .filter((id) => state.containers[id])
      .map((id) => `${id} ${addressOf(id)}`)
      .join("\n"),
  )
else if (args[0] === "inspect") print(JSON.stringify(args.filter((id) => state.containers[id]).map(inspected)))
else if (args[0] === "logs") print(state.logs?.[state.containers[args.at(-1)]?.service] ?? "")
else if (args[0] === "image") {
  if (!state.images.includes(args.at(-1))) end(1, `Error: No such image: ${args.at(-1)}`)
  print(`sha256:${hash(args.at(-1))} ${state.imageArchitecture ?? "amd64"}`)
} else if (args[0] === "manifest") {
  if (state.offline) end(1, "dial tcp: lookup registry-1.docker.io: no such host")
  if (state.plain?.some((host) => args.at(-1).startsWith(`${host}/`)) && !args.includes("--insecure"))
    end(1, `no such manifest: ${args.at(-1)}`)
  if (!state.registry.includes(args.at(-1))) end(1, `no such manifest: ${args.at(-1)}`)
} else if (args[0] === "pull") {
  if (!state.registry.includes(args.at(-1))) end(1, "manifest unknown")
  state.images.push(args.at(-1))
  save()
} else if (args[0] === "load") {
  if (state.diskFull) end(1, "write /var/lib/docker/tmp: no space left on device")
  const image = state.archives?.[args.at(-1).split("/").at(-1)]
  state.images.push(image)
  save()
  print(`Loaded image: ${image}`)
} else if (args[0] === "tag") {
  state.images.push(args[2])
  save()
} else if (args[0] === "volume" && args[1] === "ls") print(Object.keys(state.volumes).join("\n"))
else if (args[0] === "volume" && args[1] === "inspect")
  print(JSON.stringify(args.slice(2).map((name) => ({ Name: name, CreatedAt: "2026-01-02T03:04:05Z", Labels: {} }))))
else if (args[0] === "volume" && args[1] === "rm") {
  for (const name of args.slice(2)) delete state.volumes[name]
  save()
} else if (args[0] === "create") {
  state.task = args.slice(1)
  save()
} else if (args[0] === "start") await task(state.task)
else if (args[0] === "rm" && state.task?.includes(args[2])) {
  print(args[2])
  delete state.task
  save()
} else if (args[0] === "rm") {
  changing()
  for (const id of args.slice(2)) delete state.containers[id]
  save()
} else if (args[0] === "stop") {
  changing()
  for (const id of args.slice(3)) if (state.containers[id]) state.containers[id].stopped = true
  save()
} else if (args[0] === "exec") await exec()
else if (args[0] === "run" && args.includes("lego")) lego()
else if (args[0] === "run") print("a copy")
else if (args[0] !== "network" && args[0] !== "stats") end(64, `the fake docker does not know ${args.join(" ")}`)

// restic as far as openimctl needs it, with its snapshots in the same file:
//   restoredBytes: what a restored store dumps; dumpFails: the part whose dump fails; place: { REPOSITORY: exit code or [exit code, words] }; noBucket: REPOSITORY; killTask: the caller is killed while it runs
async function task(words) {
  const repository = words.find((word) => word.startsWith("RESTIC_REPOSITORY="))?.slice(18)
  const mounts = Object.fromEntries(words.flatMap((word, at) => (words[at - 1] === "-v" ? [word.split(":").slice(0, 2).reverse()] : [])))
  if (words.includes("new-key")) return print("AGE-SECRET-KEY-1FAKE")
  if (words.includes("/work/about.json")) return print(JSON.stringify(state.about))
  if (words.includes("unpack") && !state.about) end(1, "age: error: no identity matched any of the recipients")
  if (words.includes("size")) return print(words.includes("restic") ? 1000 : (state.restoredBytes ?? 900))
  if (["load", "pack", "unpack", "find"].some((word) => words.includes(word))) return
  if (state.killTask) {
    process.kill(process.ppid, "SIGKILL")
    await sleep(60_000)
  }
  state.repositories ??= {}
  const own = state.repositories[repository]
  const has = (word) => words.includes(word)
  if (state.noBucket === repository && !own && !has("init")) end(124, ended("Stat: The specified bucket does not exist"))
  if (state.place?.[repository]) {
    const [code, says] = [state.place[repository]].flat()
    end(code, says === undefined ? "Fatal: a fault" : code === 124 ? ended(says) : says)
  }
  if (has("init")) {
    state.repositories[repository] = []
    if (mounts[repository]) writeFileSync(`${mounts[repository]}/config`, "")
  } else if (!own) end(10, "Fatal: repository does not exist")
  else if (has("backup")) {
    const tags = words.filter((_, at) => words[at - 1] === "--tag")
    if (tags.includes(`part=${state.dumpFails}`)) end(1, "Fatal: unable to save snapshot: command failed: exit status 1")
    own.push({ id: `id${state.next++}`, time: new Date(1e12 + state.next * 1000).toISOString(), tags })
  } else if (has("copy")) {
    const tag = words[words.indexOf("--tag") + 1]
    own.push(...state.repositories["/repository"].filter(({ tags }) => tags.includes(tag)))
  } else if (has("snapshots")) print(JSON.stringify(own))
  else if (has("forget")) state.repositories[repository] = own.filter(({ id }) => !has(id))
  save()
}

// What restic says that timeout ends while it tries again.
function ended(why) {
  return [
    `Stat(<config/>) returned error, retrying after 1.2s: ${why}`,
    `Stat(<config/>) returned error, retrying after 3.4s: ${why}`,
    "signal terminated received, cleaning up",
    "Fatal: unable to open config file: context canceled",
    "Is there a repository at the following location?",
    "s3:http://files.test/new",
  ].join("\n")
}

function projectOf({ project = "shop" }) {
  return project
}

function addressOf(id) {
  return `10.0.0.${Number(id.slice(2)) + 1}`
}

function inspected(id) {
  const { service, image, startedAt, restarts, configHash } = state.containers[id]
  const fault = state.containers[id].fault ?? state.fail?.[service]
  const stopped = state.containers[id].stopped || fault === "exit"
  return {
    Id: id,
    Name: `/shop-${service}-1`,
    Image: `sha256:${hash(image)}`,
    Created: startedAt,
    RestartCount: restarts ?? 0,
    Config: { Image: image, Labels: { "com.docker.compose.service": service, "com.docker.compose.config-hash": configHash } },
    HostConfig: { PortBindings: service === "edge" ? { "8080/tcp": [{ HostPort: "18080" }] } : {} },
    State: {
      Status: stopped ? "exited" : "running",
      ExitCode: fault === "exit" ? (state.exitCode ?? 1) : 0,
      OOMKilled: false,
      StartedAt: startedAt,
      Health: {
        Status: fault === "unhealthy" || fault === "starting" ? fault : "healthy",
        Log: fault === "unhealthy" ? [{ Output: "no answer at port 5432" }] : [],
      },
    },
  }
}

async function compose(words) {
  if (state.compose === "") end(125, "docker: 'compose' is not a docker command.")
  if (words[0] === "version") return print(`Docker Compose version v${state.compose ?? "2.26.1"}`)
  const env = readFileSync(option("--env-file"), "utf8")
  const value = (name) => new RegExp(`^${name}=(.*)$`, "m").exec(env)?.[1]
  const verb = words.find((word, at) => ["up", "stop", "down", "config", "logs"].includes(word) && !words[at - 1]?.startsWith("-"))
  const rest = words.slice(words.indexOf(verb) + 1)
  const services = ["database", "api", "page", "edge"]
  const project = option("-p")
  const ours = (one) => projectOf(one) === project
  // The kit's file has no services here, but lines: # image SERVICE REFERENCE
  const file = readFileSync(option("-f"), "utf8")
  const imageOf = (service) =>
    value(`${service.toUpperCase()}_IMAGE`) ??
    new RegExp(`^# image ${service} (.*)$`, "m").exec(file)?.[1] ??
    `docker.io/shop/${service}:1.0`
  const configHash = (service) => hash(`${service} ${value("API_MEMORY")} ${value("HTTP_PORT")} ${imageOf(service)}`)
  if (verb === "config") return services.forEach((service) => print(`${service} ${configHash(service)}`))
  if (verb === "logs") return print(state.logs?.[rest.at(-1)] ?? "log of all")
  if (verb === "stop") for (const one of Object.values(state.containers)) if (ours(one) && rest.includes(one.service)) one.stopped = true
  if (verb === "down") {
    for (const [id, one] of Object.entries(state.containers)) if (ours(one)) delete state.containers[id]
    if (rest.includes("-v")) for (const name of Object.keys(state.volumes)) if (name.startsWith(`${project}_`)) delete state.volumes[name]
  }
  if (verb === "up") {
    changing()
    await sleep(state.slowUp ?? 0)
    // Its caller may be gone, and another one may have changed something since.
    state = read()
    const scaled = Object.fromEntries(rest.flatMap((word, at) => (rest[at - 1] === "--scale" ? [word.split("=")] : [])))
    for (const service of rest.filter((word, at) => services.includes(word) && rest[at - 1] !== "--scale")) {
      const own = Object.entries(state.containers).filter(([, one]) => ours(one) && one.service === service)
      const wanted = Number(scaled[service] ?? 1)
      for (const [id, one] of own) {
        if (rest.includes("--no-recreate")) continue
        if (rest.includes("--force-recreate") || one.configHash !== configHash(service)) delete state.containers[id]
        else if (one.stopped) Object.assign(one, { stopped: false, startedAt: new Date(state.next++ * 1000).toISOString() })
      }
      let count = Object.values(state.containers).filter((one) => ours(one) && one.service === service).length
      for (; count < wanted; count++) {
        const image = imageOf(service)
        state.containers[`id${state.next}`] = {
          ...(project === "shop" ? {} : { project }),
          ...(rest.includes("--no-start") ? { stopped: true } : {}),
          service,
          image,
          configHash: configHash(service),
          ...(state.failing?.[image] ? { fault: state.failing[image] } : {}),
          startedAt: new Date(state.next++ * 1000).toISOString(),
        }
      }
      if (service === "database") state.volumes[`${project}_database`] = {}
    }
  }
  save()
}

function lego() {
  if (state.lego?.fails) end(1, state.lego.fails)
  const folder = `${option("-v").split(":")[0]}/certificates`
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries({ crt: state.lego.chain, key: state.lego.key }))
    writeFileSync(`${folder}/${option("--domains")}.${name}`, text)
}

/** The edge's commands at run time: it serves what was committed. */
function control(input) {
  if (/^set ssl cert \S+ <<\n(.+\n)+\n$/.test(input)) {
    state.given = input.split("\n").slice(1).join("\n").trim()
    print("Transaction created for certificate!")
  } else if (input.startsWith("commit ssl cert ") && state.given) {
    state.served = state.given
    print("Success!")
  } else if (/^(show|set server|shutdown)/.test(input)) {
    if (input.startsWith("set")) changing()
    print(input.trim().split(";").map(balanced).join("\n"))
  } else print("Can't do that")
  save()
}

// The edge's places for containers of api, and its connections: { ID: PLACE }.
function balanced(command) {
  const [verb, ...words] = command.split(" ")
  state.places ??= Object.fromEntries([1, 2].map((number) => [`api${number}`, { address: "", weight: 1, admin: 0 }]))
  const alive = Object.entries(state.containers).flatMap(([id, one]) => (one.service === "api" && !one.stopped ? [addressOf(id)] : []))
  for (const place of Object.values(state.places)) if (!alive.includes(place.address)) place.address = ""
  for (const address of alive) {
    if (Object.values(state.places).some((place) => place.address === address)) continue
    const free = Object.values(state.places).find((place) => place.address === "")
    if (free) free.address = address
  }
  if (verb === "set") {
    const place = state.places[words[1].split("/")[1]]
    if (words[2] === "weight") place.weight = Number(words[3])
    else place.admin = words[3] === "drain" ? 8 : 0
    return ""
  }
  if (verb === "shutdown") {
    delete state.sessions[words[1]]
    return ""
  }
  const rows = Object.entries(state.places)
  if (words[0] === "servers")
    return [
      "1",
      "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight",
      ...rows.map(
        ([name, { address, weight, admin }], at) => `3 api ${at + 1} ${name} ${address || "-"} ${address ? 2 : 0} ${admin} ${weight}`,
      ),
    ].join("\n")
  if (words[0] === "stat")
    return [
      "# pxname,svname,scur,stot,hrsp_5xx,econ,eresp",
      ...rows.map(([name, { address }]) => {
        const broken = Object.entries(state.containers).some(
          ([id, { image }]) => addressOf(id) === address && state.answers500?.includes(image),
        )
        if (broken) state.asked = (state.asked ?? 0) + 30
        return `api,${name},0,${state.asked ?? 0},${broken ? state.asked : 0},0,0`
      }),
    ].join("\n")
  return Object.entries(state.sessions ?? {})
    .map(([id, place]) => `${id}: proto=tcpv4 src=192.0.2.1:4711 fe=main be=api srv=${place} ts=00 age=3s`)
    .join("\n")
}

async function exec() {
  let input = ""
  for await (const chunk of process.stdin) input += chunk
  if (args.at(-1).includes("/dev/tcp/127.0.0.1/8407")) return control(input)
  if (args.includes("once")) {
    changing()
    state.once = [...(state.once ?? []), `${args[1]} ${args.at(-1)}`]
    return save()
  }
  const [before, after] = input.split("\n")
  const command = args.at(-1)
  if (args.join(" ").includes(after)) end(70, "a secret in the arguments")
  if (command === "try-password") end(state.password === after ? 0 : 1)
  if (state.refuse?.includes(command)) end(1, "ERR not allowed")
  if (state.password !== undefined && state.password !== before) end(1, "WRONGPASS")
  state.password = after
  save()
  // Killed right after the store has the new value.
  if (state.killAfterChange) process.kill(process.ppid, "SIGKILL")
}
