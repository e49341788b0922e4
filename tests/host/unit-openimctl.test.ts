// openimctl, as a kit has it, with a fake docker: what is made, kept, refused, and what is left after a kill at a bad moment.
import { execFileSync, spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer as createHttpServer } from "node:http"
import { type AddressInfo, createServer } from "node:net"
import { hostname } from "node:os"
import { join } from "node:path"
import type { Duplex } from "node:stream"
import { afterAll, afterEach, describe, expect, test } from "vitest"
import type { Deployment } from "../../src/plan/deploy/model"
import { IMAGES, Kit } from "./kit"
import { finished, project, until } from "./sandbox"

let kit: Kit
afterEach(() => kit.remove())

const ADDRESS = "--address=http://shop.test:18080"
const SECRETS = ["DATABASE_PASSWORD", "API_SECRET"]
const mode = (name: string) => (statSync(join(kit.folder, name)).mode & 0o777).toString(8)
const backups = () => readdirSync(kit.folder).filter((name) => name.startsWith(".env.backup."))
const services = () => Object.values(kit.docker().containers).map(({ service }) => service)

let ready: Kit | undefined
afterAll(() => ready?.remove())

/** A kit that has been deployed: once, then copies of it. */
async function deployed(): Promise<void> {
  if (!ready) {
    ready = new Kit()
    expect((await ready.run(["deploy", ADDRESS])).code).toBe(0)
  }
  kit = ready.copy()
}

describe("deploy", () => {
  test("makes .env and secrets, starts in stages, prints the addresses and no secret", async () => {
    kit = new Kit()
    const done = await kit.run(["deploy", ADDRESS])
    expect(done.code).toBe(0)
    expect(kit.value("PUBLIC_URL")).toBe("http://shop.test:18080")
    for (const name of SECRETS) expect(kit.value(name)).toMatch(/^[A-Za-z0-9]{24,}$/)
    expect(kit.read("secrets/database_password")).toBe(kit.value("DATABASE_PASSWORD"))
    expect([mode(".env"), mode("secrets"), mode(".openimctl")]).toEqual(["600", "700", "700"])
    const ups = kit.calls().filter((call) => call.includes(" up "))
    expect(ups.map((call) => call.replace(/.* --no-deps /, ""))).toEqual(["database", "api", "page edge"])
    expect(done.stdout).toContain("http://shop.test:18080/api")
    // What people type in is printed once.
    expect(done.stdout).toContain(`LOGIN_CODE=${kit.value("LOGIN_CODE")}`)
    for (const text of [done.stdout, done.stderr, ...kit.calls()]) for (const name of SECRETS) expect(text).not.toContain(kit.value(name))
    expect(kit.has(".openimctl/lock")).toBe(false)
  })

  test("changes nothing the second time, and says so", async () => {
    await deployed()
    const [before, env] = [kit.docker().containers, kit.read(".env")]
    const done = await kit.run(["deploy"])
    expect(done.stderr).toContain("nothing to change: 4 containers")
    expect(done.code).toBe(0)
    expect(kit.docker().containers).toEqual(before)
    expect(kit.read(".env")).toBe(env)
    expect(backups()).toEqual([])
  })

  test("makes a service again whose setting or secret has changed, and only that", async () => {
    await deployed()
    kit.write(".env", kit.read(".env").replace(/^API_SECRET=.*$/m, "API_SECRET=aNewSecretOfTheUser1"))
    const done = await kit.run(["deploy"])
    expect(done.stderr).toContain("will start api: its secrets or files have changed")
    expect(done.stderr).toMatch(/deployed in .*: api$/m)
    expect(kit.read("secrets/api_secret")).toBe("aNewSecretOfTheUser1")
  })

  test("--dry-run makes nothing, not even .env", async () => {
    kit = new Kit({ images: IMAGES.slice(1), registry: IMAGES })
    const done = await kit.run(["deploy", ADDRESS, "--dry-run"])
    expect(done.code).toBe(0)
    expect(done.stdout).toContain(`would pull ${IMAGES[0]}`)
    expect(done.stdout).toContain("would start database in stage 1: new")
    expect(kit.has(".env")).toBe(false)
    expect(services()).toEqual([])
  })

  test("an address that is given again changes .env, with a backup", async () => {
    await deployed()
    const done = await kit.run(["deploy", "--address=http://other.test:18080"])
    expect(done.code).toBe(0)
    expect(kit.value("PUBLIC_URL")).toBe("http://other.test:18080")
    expect(backups()).toHaveLength(1)
  })

  test("profiles that are not known are answered with the nearest name", async () => {
    kit = new Kit()
    const done = await kit.run(["deploy", "--profiles=fronted"])
    expect(done.code).toBe(2)
    expect(done.stderr).toContain('unknown profile "fronted". Did you mean "frontend"?')
    expect(kit.has(".env")).toBe(false)
  })

  test("TLS=internal makes an authority and a certificate for the address", async () => {
    kit = new Kit()
    kit.write("env.template", kit.read("env.template").replace("TLS=off", "TLS=internal").replace("HTTPS_PORT=18443", "HTTPS_PORT=443"))
    const done = await kit.run(["deploy", "--address=shop.test"])
    expect(done.stderr).toContain("deployed in")
    expect(done.stdout).toContain(join(kit.folder, "ca/ca.pem"))
    expect(kit.read("tls/site.pem")).toMatch(/BEGIN CERTIFICATE[\s\S]*PRIVATE KEY/)
    expect(mode("ca/ca.key")).toBe("600")
    const made = kit.read("tls/site.pem")
    expect((await kit.run(["deploy"])).stderr).toContain("nothing to change")
    expect(kit.read("tls/site.pem")).toBe(made)
  })
})

describe("certificates of an authority", () => {
  /** What an authority gives, made by openssl. */
  function given(name: string, days = 90) {
    const at = (file: string) => join(kit.root, file)
    writeFileSync(at("openssl.cnf"), "[req]\ndistinguished_name = name\n[name]\n")
    const words = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      String(days),
      "-subj",
      `/CN=${name}`,
    ]
    execFileSync("openssl", [...words, "-addext", "subjectAltName=DNS:shop.test", "-keyout", at("key"), "-out", at("crt")], {
      stdio: "pipe",
      env: { ...process.env, OPENSSL_CONF: at("openssl.cnf") },
    })
    return { chain: readFileSync(at("crt"), "utf8"), key: readFileSync(at("key"), "utf8") }
  }
  const withAcme = (settings: Record<string, string> = {}) => {
    kit = new Kit()
    const template = kit.read("env.template").replace("TLS=off", "TLS=acme").replace("HTTPS_PORT=18443", "HTTPS_PORT=443")
    const all = { ACME_EMAIL: "admin@shop.test", ACME_SERVER: "https://authority.test/dir", ...settings }
    kit.write(
      "env.template",
      template +
        Object.entries(all)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(""),
    )
  }
  const deploy = () => kit.run(["deploy", "--address=shop.test"])
  const edge = () => kit.docker().containers

  test("the first one replaces the one of this installation in the running edge", async () => {
    withAcme()
    kit.fakeDocker({ lego: given("authority") })
    const done = await deploy()
    expect(done.stderr).toContain("HTTP_PORT is 18080, but with TLS=acme the authority asks at port 80 of shop.test")
    expect(done.stderr).toContain("the edge has a certificate of CN=authority")
    expect(done.code).toBe(0)
    expect(kit.docker().served).toBe(kit.read("tls/site.pem").trim())
    expect(kit.calls().find((call) => call.startsWith("run "))).toContain("--network shop_public --network-alias acme")
    const before = edge()
    expect((await deploy()).stderr).toContain("nothing to change")
    expect((await kit.run(["certificate", "renew", "--force"])).code).toBe(0)
    expect((await deploy()).stderr).toContain("nothing to change")
    expect(edge()).toEqual(before)
  })

  test("where the authority gives none, it says why; everything runs, and the next call asks again", async () => {
    withAcme()
    kit.fakeDocker({ lego: { fails: "urn:ietf:params:acme:error:connection :: Timeout during connect (likely firewall problem)" } })
    const done = await deploy()
    expect(done.code).toBe(1)
    expect(done.stderr).toContain("did not get the answer")
    expect(done.stderr).toContain("port 80 of the name must lead to HTTP_PORT")
    expect(services().sort()).toEqual(["api", "database", "edge", "page"])
    expect(kit.docker().served).toBeUndefined()
    const status = await kit.run(["certificate", "status"])
    expect(status.stdout).toContain("the authority has given none yet")
    expect(status.code).toBe(3)
    kit.fakeDocker({ lego: given("authority") })
    expect((await kit.run(["certificate", "renew"])).stderr).toContain("the edge has a certificate of CN=authority")
  })

  test("one that ends soon is renewed, one of another name is not taken", async () => {
    withAcme()
    kit.fakeDocker({ lego: given("old", 10) })
    await deploy()
    const soon = kit.read("tls/site.pem")
    kit.fakeDocker({ lego: { ...given("new"), key: given("other").key } })
    const refused = await kit.run(["certificate", "renew", "--force"])
    expect(refused.stderr).toContain("the private key does not belong")
    expect(kit.read("tls/site.pem")).toBe(soon)
  })

  test("without an address of mail nothing is started", async () => {
    withAcme({ ACME_EMAIL: "" })
    const done = await deploy()
    expect(done.stderr).toContain("TLS=acme needs ACME_EMAIL in .env")
    expect(done.code).toBe(4)
    expect(services()).toEqual([])
  })

  test("certificate without TLS, and verbs that it does not have", async () => {
    await deployed()
    expect((await kit.run(["certificate", "status"])).stderr).toContain("TLS=off: there is no certificate")
    const odd = await kit.run(["certificate", "renw"])
    expect(odd.stderr).toContain('Did you mean "renew"?')
    expect(odd.code).toBe(2)
  })
})

describe("on another machine", () => {
  const there = () => join(kit.root, "home of another/it's here")
  const host = () => `--host=ssh://admin@server.test:2222${there()}`
  /** An ssh whose other machine is a folder here: the command goes through that user's shell, as sshd does it. */
  function fakeSsh(reached = true) {
    for (const name of ["mkdir", "true"]) symlinkSync(`/bin/${name}`, join(kit.bin, name))
    rmSync(join(kit.bin, "ssh"), { force: true })
    const path = join(kit.bin, "ssh")
    const answer = reached
      ? 'exec env -i PATH="$PATH" HOME=/ sh -c "$*"'
      : 'echo "ssh: connect to host server.test port 2222: refused" >&2; exit 255'
    writeFileSync(path, `#!/bin/sh\necho "$*" >>'${kit.root}/ssh.calls'\nwhile [ "$1" != -- ]; do shift; done\nshift 2\n${answer}\n`, {
      mode: 0o755,
    })
  }

  test("the kit is copied without what is the user's, and runs there", async () => {
    kit = new Kit()
    fakeSsh()
    for (const name of ["secrets/own", "backup.key", "backup/repository/config", "restored-backup_1/.env"]) kit.write(name, "mine")
    kit.write(".env", "OWN=1")
    const done = await kit.run(["deploy", ADDRESS, host()])
    expect(done.stderr).toContain(`copying the kit to admin@server.test:${there()}`)
    expect(done.stderr).toContain(`Shop 1.0 in ${there()}`)
    expect(done.code).toBe(0)
    expect(kit.read(".env")).toBe("OWN=1")
    expect(readFileSync(join(there(), ".env"), "utf8")).toContain("PUBLIC_URL=http://shop.test:18080\n")
    for (const name of ["secrets/own", "backup.key", "backup", "restored-backup_1"]) expect(existsSync(join(there(), name))).toBe(false)
    expect(readFileSync(join(kit.root, "ssh.calls"), "utf8")).toContain("-o BatchMode=yes -p 2222 -- admin@server.test ")
    const again = await kit.run(["deploy", host()])
    expect(again.stderr).toContain("nothing to change")
  })

  test("words and exit codes pass as they are, and nothing is copied for them", async () => {
    kit = new Kit()
    fakeSsh()
    await kit.run(["deploy", ADDRESS, host()])
    rmSync(join(there(), "edge.cfg"))
    const odd = await kit.run(["stop", "pa ge; echo $HOME", host()])
    expect(odd.stderr).toContain('unknown service "pa ge; echo $HOME"')
    expect(odd.code).toBe(2)
    expect(existsSync(join(there(), "edge.cfg"))).toBe(false)
  })

  test("one that does not answer is named, and an address that cannot be read", async () => {
    kit = new Kit()
    fakeSsh(false)
    const done = await kit.run(["deploy", ADDRESS, host()])
    expect(done.stderr).toContain("admin@server.test cannot be reached by ssh: ssh: connect to host server.test port 2222: refused")
    expect(done.code).toBe(1)
    expect((await kit.run(["status", "--host=server"])).stderr).toContain("--host=server cannot be read")
  })
})

describe("on a terminal", () => {
  /** As a person who types: `script` gives it a terminal. */
  async function typed(answer: string) {
    kit = new Kit()
    const child = spawn("script", ["-qec", `${join(kit.folder, "openimctl")} deploy --ignore=port`, "/dev/null"], {
      cwd: kit.folder,
      env: { PATH: `${kit.bin}:/usr/bin:/bin`, HOME: kit.root, NO_COLOR: "1" },
      stdio: ["pipe", "pipe", "pipe"],
    })
    child.stdout.on("data", (text: Buffer) => {
      if (text.toString().includes("Address under which")) child.stdin.write(`${answer}\n`)
    })
    return finished(child)
  }

  test("the address is asked for", async () => {
    const done = await typed("shop.test")
    expect(done.stdout).toMatch(/Address under which the users reach this machine( \[\S+\])?: /)
    expect(kit.value("PUBLIC_URL")).toBe("http://shop.test")
  })

  test("and without an answer the detected one is taken", async () => {
    const done = await typed("")
    const [, detected] = /reach this machine \[(\S+)\]: /.exec(done.stdout) ?? []
    expect(detected).toBeDefined()
    expect(kit.value("PUBLIC_URL")).toBe(`http://${detected}`)
  })
})

describe("nothing is touched, and the next step is named, when", () => {
  const refused = async (fake: Record<string, unknown>, words: string[], code = 1, args = ["deploy", ADDRESS]) => {
    kit ??= new Kit()
    kit.fakeDocker(fake)
    const done = await kit.run(args)
    for (const word of words) expect(done.stderr).toContain(word)
    expect(done.stderr).toContain("next:")
    expect(done.code).toBe(code)
    expect(kit.calls().filter((call) => / up | stop | down /.test(call))).toEqual([])
    expect(kit.has(".openimctl/lock")).toBe(false)
  }

  test.each<[string, Record<string, unknown>, string[], number]>([
    ["the daemon does not run", { down: true }, ["its daemon does not run", "systemctl"], 1],
    ["the socket is closed", { permission: true }, ["no permission on its socket", "usermod"], 1],
    ["compose is missing", { compose: "" }, ["compose is missing for docker"], 1],
    ["compose is version 1", { compose: "1.29.2" }, ["version 1 cannot read"], 1],
    ["docker is old", { version: "20.10.9" }, ["at least 20.10.10"], 4],
    ["memory is missing", { memory: 3e7 }, ["needs 64 MiB"], 4],
    ["images are nowhere", { images: [] }, ["docker.io/shop/api:1.0 (api) is not available: the registry says: no such manifest"], 4],
    ["an image is for another machine", { imageArchitecture: "arm64" }, ["is for arm64, this machine is amd64"], 4],
    [
      "another container has the port",
      { others: ["web|other|0.0.0.0:18080->80/tcp"] },
      ["port 18080 is taken by container web", "HTTP_PORT"],
      4,
    ],
    [
      "volumes are there without .env",
      { volumes: { shop_database: {} } },
      [".env is missing, but the volume shop_database of 2026-01-02"],
      4,
    ],
  ])("%s", async (_, fake, words, code) => {
    kit = new Kit()
    await refused(fake, words, code)
  })

  test("no engine is installed", async () => {
    kit = new Kit()
    const done = await kit.run(["deploy"], { OPENIMCTL_ENGINE: "podman" })
    expect(done.stderr).toContain("podman is not installed")
    expect(done.code).toBe(1)
  })

  test("a process has the port", async () => {
    kit = new Kit()
    const server = createServer().listen(18080)
    await refused({}, ["port 18080 is taken by"], 4)
    server.close()
  })

  test("a folder of the machine that a service reads is missing", async () => {
    kit = new Kit()
    const all = JSON.parse(kit.read("deployment.json")) as Deployment
    const folder = { ...all.settings[0]!, name: "DATA_FOLDER", kind: "text" as const, default: join(kit.root, "none"), uses: [] }
    const reading = all.services.map((one) => (one.name === "api" ? { ...one, hostFolders: { DATA_FOLDER: "/data" } } : one))
    kit.write("deployment.json", JSON.stringify({ ...all, settings: [...all.settings, folder], services: reading }))
    await refused({}, [`this machine has no folder ${kit.root}/none, which api reads`, "correct DATA_FOLDER in .env"], 4)
    mkdirSync(join(kit.root, "none"))
    expect((await kit.run(["deploy", ADDRESS])).code).toBe(0)
  })

  test("a placeholder address or a known secret is in .env", async () => {
    kit = new Kit()
    kit.write(".env", "PUBLIC_URL=http://external_ip:18080\nDATABASE_PASSWORD=shop123\nAPI_SECRET=aGoodSecretValue1\nLOGIN_CODE=aB3daB3d\n")
    await refused(
      {},
      [
        'PUBLIC_URL is the placeholder "http://external_ip:18080"',
        "DATABASE_PASSWORD has a value that everybody knows",
        "2 things stand in the way",
      ],
      4,
      ["deploy"],
    )
  })

  test("a password does not fit its volume", async () => {
    await deployed()
    await kit.run(["clean"])
    kit.write(".env", kit.read(".env").replace(/^DATABASE_PASSWORD=.*$/m, "DATABASE_PASSWORD=anotherPassword1"))
    const done = await kit.run(["deploy"])
    expect(done.stderr).toContain("was made with another DATABASE_PASSWORD than .env has")
    expect(done.stderr).toContain("openimctl secrets rotate DATABASE_PASSWORD")
    expect(done.code).toBe(4)
    expect(services()).toEqual([])
  })

  test("an archive is damaged", async () => {
    kit = new Kit()
    kit.write("images/api-1.0.tar", "damaged")
    kit.write("images/SHA256SUMS", `${"0".repeat(64)}  api-1.0.tar\n`)
    await refused({ images: IMAGES.filter((image) => !image.includes("api")) }, ["images/api-1.0.tar is damaged", "copy the kit again"])
  })

  test("the disk is full while images are loaded", async () => {
    kit = new Kit()
    kit.write("images/api-1.0.tar", "archive")
    kit.write("images/SHA256SUMS", `${createHash("sha256").update("archive").digest("hex")}  api-1.0.tar\n`)
    await refused({ images: IMAGES.filter((image) => !image.includes("api")), diskFull: true }, [
      "could not be loaded: write /var/lib/docker/tmp: no space left",
      "free some space",
    ])
  })

  test("the kit is of a newer format, or damaged", async () => {
    kit = new Kit()
    kit.write("deployment.json", JSON.stringify({ ...JSON.parse(kit.read("deployment.json")), format: 9 }))
    await refused({}, ["is of a newer kit"])
    kit.write("deployment.json", "{")
    await refused({}, ["is damaged"])
  })
})

describe("images", () => {
  const api = "docker.io/shop/api:1.0"

  test("are loaded from archives that have the right checksum, without asking a registry", async () => {
    kit = new Kit({ images: IMAGES.filter((image) => image !== api), archives: { "api-1.0.tar": "shop/api:latest" } })
    kit.write("images/api-1.0.tar", "archive")
    kit.write("images/SHA256SUMS", `${createHash("sha256").update("archive").digest("hex")}  api-1.0.tar\n`)
    const done = await kit.run(["deploy", ADDRESS])
    expect(done.code).toBe(0)
    expect(kit.docker().images).toContain(api)
    expect(kit.calls().filter((call) => /^(pull|manifest)/.test(call))).toEqual([])
  })

  test("an archive with a version does not stand in for another version", async () => {
    kit = new Kit({ images: IMAGES.filter((image) => image !== api) })
    mkdirSync(join(kit.folder, "images"), { recursive: true })
    writeFileSync(join(kit.root, "manifest.json"), JSON.stringify([{ RepoTags: ["shop/api:1.0", "shop/api:latest"] }]))
    execFileSync("tar", ["-cf", join(kit.folder, "images/api.tar"), "-C", kit.root, "manifest.json"])
    const template = kit.read("env.template")
    const planned = async (image: string) => {
      kit.write("env.template", `${template}API_IMAGE=${image}\n`)
      return (await kit.run(["deploy", "--dry-run", ADDRESS])).stdout
    }
    expect(await planned(api)).toContain(`would load ${api} from images/api.tar`)
    expect(await planned("docker.io/shop/api:3.0")).toContain("the image docker.io/shop/api:3.0 (api) is not available")
  })

  test("a registry of plain HTTP is asked as the daemon may ask it, and only then", async () => {
    const own = "10.0.0.5:5000/shop/api:1.0"
    const images = IMAGES.filter((image) => image !== api)
    kit = new Kit({ images, registry: [own], plain: ["10.0.0.5:5000"] })
    kit.write("env.template", `${kit.read("env.template")}API_IMAGE=${own}\n`)
    expect((await kit.run(["deploy", "--build-only", ADDRESS])).stderr).toContain(`image 1 of 1: pulling ${own}`)
    expect(kit.calls()).toContain(`manifest inspect --insecure ${own}`)
    kit.remove()
    kit = new Kit({ images, registry: [api] })
    await kit.run(["deploy", "--build-only", ADDRESS])
    expect(kit.calls()).toContain(`manifest inspect ${api}`)
  })

  test("a registry that only the daemon reaches, by a mirror, stands in no way", async () => {
    const fake = { images: IMAGES.filter((image) => image !== api), registry: [api], offline: true }
    kit = new Kit(fake)
    const alone = await kit.run(["deploy", "--build-only", ADDRESS])
    expect(alone.code).toBe(4)
    expect(alone.stderr).toContain(`${api} (api) is not available: the registry cannot be reached`)
    kit.remove()
    kit = new Kit({ ...fake, mirrors: ["https://mirror.example/"] })
    expect((await kit.run(["deploy", "--build-only", ADDRESS])).stderr).toContain("1 pulled")
  })

  test("--build-only provides them and starts nothing; --deploy-only takes only what is there", async () => {
    kit = new Kit({ images: [], registry: IMAGES })
    const without = await kit.run(["deploy", ADDRESS, "--deploy-only"])
    expect(without.code).toBe(4)
    expect(without.stderr).toContain("not on this machine")
    const done = await kit.run(["deploy", "--build-only"])
    expect(done.code).toBe(0)
    expect(kit.docker().images.sort()).toEqual([...IMAGES].sort())
    expect(services()).toEqual([])
    expect((await kit.run(["deploy", "--deploy-only"])).code).toBe(0)
  })
})

describe("a service that does not start is named with its last log lines and the next step", () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    [
      "an unhealthy one",
      { fail: { api: "unhealthy" }, logs: { api: "SCRAM authentication failed" } },
      ["api did not start: its health check fails; a password is refused", "| SCRAM authentication failed", "no answer at port 5432"],
    ],
    [
      "one that ends",
      { fail: { database: "exit" }, exitCode: 132 },
      ["database did not start: ended with exit code 132", 'set the CPU type to "host"'],
    ],
    [
      "one that is late",
      { fail: { api: "starting" }, logs: { api: "still reading" } },
      ["api did not start: not healthy within 1", "| still reading"],
    ],
  ])("%s", async (_, fake, words) => {
    kit = new Kit(fake)
    const done = await kit.run(["deploy", ADDRESS, "--timeout=1"])
    for (const word of words) expect(done.stderr).toContain(word)
    expect(done.code).toBe(1)
    expect(services()).not.toContain("edge")
    // Once it is repaired, the same command continues.
    kit.fakeDocker({ fail: {} })
    expect((await kit.run(["deploy"])).code).toBe(0)
    expect(services().sort()).toEqual(["api", "database", "edge", "page"])
    const { stdout } = await kit.run(["history", "--format=json"])
    expect(JSON.parse(stdout).map(({ result }: { result: string }) => result)).toEqual(["failed", "ok"])
  })
})

describe("one change at a time", () => {
  test("a second call is refused with who holds the lock", async () => {
    kit = new Kit({ slowUp: 1500 })
    const first = kit.run(["deploy", ADDRESS])
    await until("the first call has the lock", () => kit.has(".openimctl/lock/owner.json"))
    const second = await kit.run(["deploy"])
    expect(second.code).toBe(5)
    expect(second.stderr).toMatch(/another call is changing this deployment: \S+@\S+, process \d+ \(deploy\), since/)
    expect((await first).code).toBe(0)
  })

  test("two calls at once: one deploys, and the state is whole", async () => {
    kit = new Kit({ slowUp: 200 })
    const codes = (await Promise.all([kit.run(["deploy", ADDRESS]), kit.run(["deploy", ADDRESS])])).map(({ code }) => code)
    expect(codes.sort()).toEqual([0, 5])
    expect(services().sort()).toEqual(["api", "database", "edge", "page"])
  })

  test("the lock of a process that is gone is taken over, and named", async () => {
    kit = new Kit()
    mkdirSync(join(kit.folder, ".openimctl/lock"), { recursive: true })
    kit.write(
      ".openimctl/lock/owner.json",
      JSON.stringify({ user: "ann", host: hostname(), pid: 4_194_300, verb: "deploy", since: Date.now() - 60_000 }),
    )
    const done = await kit.run(["deploy", ADDRESS])
    expect(done.stderr).toMatch(/the lock of ann@\S+, process 4194300 \(deploy\) is .* old and its process is gone: taking it over/)
    expect(done.code).toBe(0)
  })

  test("the lock of another machine is respected", async () => {
    kit = new Kit()
    mkdirSync(join(kit.folder, ".openimctl/lock"), { recursive: true })
    kit.write(".openimctl/lock/owner.json", JSON.stringify({ user: "ann", host: "other", pid: 1, verb: "deploy", since: Date.now() }))
    const done = await kit.run(["deploy", ADDRESS])
    expect(done.code).toBe(5)
    expect(done.stderr).toContain("if that machine is gone for good: rm -r")
  })

  test.each<NodeJS.Signals>(["SIGINT", "SIGKILL"])("%s while a stage starts: the next call continues", async (signal) => {
    kit = new Kit({ slowUp: 1000 })
    const child = kit.start(["deploy", ADDRESS])
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve))
    await until("a stage starts", () => kit.calls().some((call) => call.includes(" up ")))
    child.kill(signal)
    expect(await ended).toBe(signal === "SIGINT" ? 130 : null)
    expect(kit.has(".openimctl/lock")).toBe(signal === "SIGKILL")
    const env = kit.read(".env")
    kit.fakeDocker({ slowUp: 0 })
    const done = await kit.run(["deploy"])
    expect(done.code).toBe(0)
    expect(kit.read(".env")).toBe(env)
    expect(services().sort()).toEqual(["api", "database", "edge", "page"])
  })
})

describe("env", () => {
  test("check, show and diff say what is there, and never a secret", async () => {
    await deployed()
    const check = await kit.run(["env", "check"])
    expect([check.code, check.stdout]).toEqual([0, `${join(kit.folder, ".env")} is fine\n`])
    const show = await kit.run(["env", "show", "--format=json"])
    const rows = JSON.parse(show.stdout) as { name: string; value: string; from: string; to: string[] }[]
    expect(rows.find(({ name }) => name === "FILES_URL")).toMatchObject({ value: "http://shop.test:18080", from: ".env:7" })
    expect(rows.find(({ name }) => name === "API_SECRET")).toMatchObject({ value: "(hidden)", to: ["api /run/secrets/api_secret"] })
    const diff = await kit.run(["env", "diff"])
    expect(diff.stdout).toContain("-PUBLIC_URL=\n+PUBLIC_URL=http://shop.test:18080")
    for (const { stdout } of [check, show, diff]) expect(stdout).not.toContain(kit.value("API_SECRET"))
  })

  test("repair asks or takes --yes, keeps a backup, and leaves the password of a volume alone", async () => {
    await deployed()
    const broken = kit
      .read(".env")
      .replace(/^DATABASE_PASSWORD=.*$/m, "DB_PASSWORD = shop123")
      .replace(/^API_SECRET=.*$/m, "API_SECRET=")
    kit.write(".env", broken.replaceAll("\n", "\r\n"))
    const asked = await kit.run(["env", "repair"])
    expect(asked.code).toBe(4)
    expect(asked.stdout).toContain("renamed DB_PASSWORD to DATABASE_PASSWORD")
    expect(kit.read(".env")).toContain("\r\n")
    const done = await kit.run(["env", "repair", "--yes"])
    expect(kit.read(".env")).not.toContain("\r")
    expect(kit.value("DATABASE_PASSWORD")).toBe("shop123")
    expect(kit.value("API_SECRET")).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(done.stdout).toContain("openimctl secrets rotate DATABASE_PASSWORD")
    expect(backups()).toHaveLength(1)
    expect(mode(".env")).toBe("600")
  })

  test("twenty backups are kept", async () => {
    await deployed()
    for (let day = 10; day < 35; day++) writeFileSync(join(kit.folder, `.env.backup.202501${day}_000000`), "")
    await kit.run(["deploy", "--address=http://other.test:18080"])
    expect(backups()).toHaveLength(20)
    expect(kit.has(".env.backup.20250110_000000")).toBe(false)
  })

  test("unknown names are answered with the nearest", async () => {
    await deployed()
    expect((await kit.run(["env", "chek"])).stderr).toContain('Did you mean "check"?')
    expect((await kit.run(["env", "show", "HTP_PORT"])).stderr).toContain('Did you mean "HTTP_PORT"?')
    expect((await kit.run(["restart", "databse"])).stderr).toContain('Did you mean "database"?')
    expect((await kit.run(["deploy", "--adress=x"])).stderr).toContain("did you mean --address?")
    const verb = await kit.run(["deplyo"])
    expect([verb.code, verb.stderr]).toEqual([2, expect.stringContaining('Did you mean "deploy"?')])
  })
})

/** OpenIM's API for files, and a store that takes what was signed. */
async function objectServer() {
  const md5 = (text: string) => createHash("md5").update(text).digest("hex")
  const state = { port: 0, files: new Map<string, string>(), lost: false, close: () => {} }
  let plan = { hash: "", size: 0 }
  const server = createHttpServer(async (request, response) => {
    let body = ""
    for await (const chunk of request) body += chunk
    const url = new URL(request.url ?? "", `http://127.0.0.1:${state.port}`)
    const answer = (data: object, errCode = 0) => response.end(JSON.stringify({ errCode, data }))
    if (url.pathname.endsWith("initiate_multipart_upload")) {
      plan = JSON.parse(body) as typeof plan
      if (request.headers["token"] !== "word" || state.files.has(plan.hash)) return answer({ upload: null }, 1)
      // As OpenIM has it for what is smaller than a part.
      const none = { query: null, header: null }
      const parts = [{ partNumber: 1, url: `http://127.0.0.1:${state.port}/bucket/x?X-Amz-Signature=signed`, ...none }]
      const sign = { url: "", parts, ...none }
      return answer({ url: "", upload: { uploadID: "u", partSize: 5_242_880, sign } })
    }
    if (request.method === "PUT") {
      const signed = url.searchParams.get("X-Amz-Signature") === "signed"
      response.statusCode = signed && body.length === plan.size ? 200 : 403
      if (response.statusCode === 200) state.files.set(md5(md5(body)), body)
      return response.end()
    }
    if (url.pathname.endsWith("complete_multipart_upload")) {
      const { parts } = JSON.parse(body) as { parts: string[] }
      const right = md5(parts.join(",")) === plan.hash && state.files.has(plan.hash)
      return answer({ url: `http://127.0.0.1:${state.port}/object/x` }, right ? 0 : 1)
    }
    if (url.pathname === "/object/x") {
      response.statusCode = 302
      response.setHeader("Location", "/bucket/x")
      return response.end()
    }
    response.end(state.lost ? "" : state.files.get(plan.hash))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  state.port = (server.address() as AddressInfo).port
  state.close = () => server.close()
  return state
}

/** An API and a WebSocket as a chat server has them: what is sent comes as a frame with base64 in it. */
async function chatServer() {
  const state = { secrets: [] as string[], silent: false, port: 0, close: () => {} }
  const sockets: Duplex[] = []
  const server = createHttpServer(async (request, response) => {
    let body = ""
    for await (const chunk of request) body += chunk
    const given = JSON.parse(body) as { secret?: string; text?: string }
    if (given.secret) state.secrets.push(given.secret)
    if (given.text && !state.silent) {
      const frame = JSON.stringify({ reqIdentifier: 2001, data: Buffer.from(given.text).toString("base64") })
      for (const socket of sockets) socket.write(Buffer.concat([Buffer.from([0x81, frame.length]), Buffer.from(frame)]))
    }
    response.end(JSON.stringify({ errCode: 0, data: { token: "t" } }))
  })
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")
    if (!request.url?.includes("token=t")) return socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n")
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    socket.on("error", () => {})
    sockets.push(socket)
  })
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready))
  state.port = (server.address() as AddressInfo).port
  state.close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    server.closeAllConnections()
  }
  return state
}

describe("operation", () => {
  test("status and health say what is wrong, with exit code 3", async () => {
    await deployed()
    const fine = await kit.run(["status"])
    expect(fine.code).toBe(0)
    expect(fine.stdout).toMatch(/^database +healthy +1\/1/m)
    const asked = kit.calls().length
    await kit.run(["status"])
    expect(
      kit
        .calls()
        .slice(asked)
        .filter((call) => /^(ps|inspect)/.test(call)),
    ).toHaveLength(2)
    kit.fakeDocker({ fail: { api: "unhealthy" } })
    const status = await kit.run(["status", "--format=json"])
    expect(status.code).toBe(3)
    expect(JSON.parse(status.stdout)).toMatchObject({
      ok: false,
      services: [{}, { service: "api", state: "unhealthy", note: "no answer at port 5432" }, {}, {}],
    })
    const health = await kit.run(["health"])
    expect(health.code).toBe(3)
    expect(health.stdout).toMatch(/^api +service +FAILED/m)
    expect(health.stdout).toContain("nothing listens at port 18080")
  })

  test("health does what a client does, through the public address", async () => {
    await deployed()
    const server = await chatServer()
    const base = `http://127.0.0.1:${server.port}`
    const http = { kind: "http", headers: { "content-type": "application/json" }, method: "POST", status: 200 }
    const checks = [
      {
        ...http,
        name: "token",
        url: `${base}/token`,
        body: '{"secret":"${API_SECRET}"}',
        expect: { errCode: "0" },
        take: { token: "data.token" },
      },
      { name: "login", kind: "open", url: `${base}/?token=\${token}`, as: "user" },
      { ...http, name: "send", url: `${base}/send`, body: '{"text":"check ${run}"}', expect: { errCode: "0|1" }, take: {} },
      { name: "receive", kind: "receive", from: "user", contains: "check ${run}", seconds: 5 },
    ]
    kit.write("deployment.json", JSON.stringify({ ...JSON.parse(kit.read("deployment.json")), checks }))
    const rows = async () => {
      const { stdout } = await kit.run(["health", "--format=json"])
      const { checks } = JSON.parse(stdout) as { checks: { name: string; kind: string; ok: boolean; detail: string }[] }
      return checks.filter(({ kind }) => kind === "synthetic").map(({ name, ok, detail }) => [name, ok, detail])
    }
    expect(await rows()).toEqual(["token", "login", "send", "receive"].map((name) => [name, true, ""]))
    expect(server.secrets).toEqual([kit.value("API_SECRET")])
    // Sent, but never delivered: what users see of a dead push.
    checks[3] = { ...checks[3]!, seconds: 1 } as (typeof checks)[number]
    kit.write("deployment.json", JSON.stringify({ ...JSON.parse(kit.read("deployment.json")), checks }))
    server.silent = true
    expect((await rows()).at(-1)).toEqual(["receive", false, expect.stringContaining("did not come within 1 s")])
    server.close()
    expect(await rows()).toEqual([
      ["token", false, expect.stringContaining("nothing answers there")],
      ...["login", "send", "receive"].map((name) => [name, false, "not run: a step before failed"]),
    ])
  })

  test("health uploads a file to a signed address, as a client of OpenIM does, and fetches it", async () => {
    await deployed()
    const server = await objectServer()
    const base = `http://127.0.0.1:${server.port}`
    // The steps of this project's own stack.
    const { checks } = JSON.parse(readFileSync(join(project, "compose/openim/deployment.json"), "utf8")) as { checks: { name: string }[] }
    const [first, last] = ["may upload", "gives it back"].map((words) => checks.findIndex(({ name }) => name.includes(words)))
    const text = JSON.stringify(checks.slice(first, last! + 1))
    const own = JSON.parse(text.replaceAll("${PUBLIC_URL}:${API_PORT}", base).replaceAll("${token}", "word")) as object[]
    kit.write("deployment.json", JSON.stringify({ ...JSON.parse(kit.read("deployment.json")), checks: own }))
    const results = async () => {
      const { stdout } = await kit.run(["health", "--format=json"])
      const { checks } = JSON.parse(stdout) as { checks: { kind: string; ok: boolean; detail: string }[] }
      return checks.filter(({ kind }) => kind === "synthetic").map(({ ok, detail }) => (ok ? "ok" : detail))
    }
    expect(await results()).toEqual(["ok", "ok", "ok", "ok"])
    expect(await results()).toEqual(["ok", "ok", "ok", "ok"])
    expect(server.files.size).toBe(2)
    server.lost = true
    expect((await results()).at(-1)).toMatch(/^the answer does not hold [0-9a-f]{32}/)
    server.close()
  })

  test("stop, start, restart and scale", async () => {
    await deployed()
    expect((await kit.run(["stop"])).code).toBe(0)
    expect(
      kit
        .calls()
        .filter((call) => call.includes(" stop "))
        .map((call) => call.replace(/.* stop /, "")),
    ).toEqual(["page edge", "api", "database"])
    expect((await kit.run(["status"])).code).toBe(3)
    expect((await kit.run(["start"])).code).toBe(0)
    expect((await kit.run(["restart", "api"])).code).toBe(0)
    const two = await kit.run(["scale", "orders=2"])
    expect(two.stderr).toContain("of 2 containers of api one runs cleanup")
    expect(two.code).toBe(0)
    expect(services().filter((name) => name === "api")).toHaveLength(2)
    // One has what must run once, before and after the next start.
    const once = () => (kit.docker() as unknown as { once: string[] }).once.splice(-2).map((line) => line.split(" "))
    const [[other, stop], [one, start]] = once() as [string[], string[]]
    expect([stop, start, one === other]).toEqual(["stop", "start", false])
    expect((await kit.run(["restart", "api"])).stderr).toContain("of 2 containers of api one runs cleanup")
    expect(once().map(([, word]) => word)).toEqual(["stop", "start"])
    expect((await kit.run(["deploy"])).stderr).toContain("nothing to change: 5 containers")
    const scaled = await kit.run(["scale", "database=2"])
    expect([scaled.code, scaled.stderr]).toEqual([2, expect.stringContaining("these can: api")])
    const twice = await kit.run(["scale", "cleanup=2"])
    expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining("cleanup must not run twice: two would remove an order twice")])
    const [kept] = Object.entries(kit.docker().containers).find(([id, { service }]) => service === "api" && id.startsWith(one!))!
    expect((await kit.run(["scale", "api=1"])).stderr).toContain("stopping the surplus containers of api")
    expect(once().map(([, word]) => word)).toEqual(["leave", "start"])
    expect(Object.entries(kit.docker().containers).flatMap(([id, { service }]) => (service === "api" ? [id] : []))).toEqual([kept])
  })

  test("clean keeps .env and volumes; destroy asks for the project's name and copies first", async () => {
    await deployed()
    expect((await kit.run(["clean"])).code).toBe(0)
    expect([services(), kit.has(".env"), Object.keys(kit.docker().volumes)]).toEqual([[], true, ["shop_database"]])
    await kit.run(["deploy"])
    const wrong = await kit.run(["destroy", "--data", "--confirm=sho"])
    expect([wrong.code, wrong.stderr]).toEqual([4, expect.stringContaining("is not the project's name")])
    expect((await kit.run(["destroy"])).code).toBe(2)
    const done = await kit.run(["destroy", "--data", "--confirm=shop"])
    expect(done.code).toBe(0)
    expect([kit.docker().volumes, kit.has(".env"), backups().length]).toEqual([{}, false, 1])
    const copy = readdirSync(kit.folder).find((name) => name.startsWith("backup-"))!
    expect(kit.read(`${copy}/database.tar`)).toBe("a copy\n")
  })

  test("a support bundle has no secret", async () => {
    await deployed()
    const secret = kit.value("API_SECRET")!
    kit.fakeDocker({ logs: { api: `started with ${secret}` } })
    const file = join(kit.root, "bundle.tar.gz")
    expect((await kit.run(["support-bundle", `--output=${file}`])).code).toBe(0)
    const { spawnSync } = await import("node:child_process")
    const text = spawnSync("tar", ["-xzOf", file], { encoding: "utf8" }).stdout
    expect(text).toContain("started with ***")
    expect(text).toContain("API_SECRET=(hidden)")
    expect(text).not.toContain(secret)
  })

  test("doctor lists all faults and changes nothing", async () => {
    await deployed()
    kit.fakeDocker({ version: "19.03", memory: 1e6 })
    const done = await kit.run(["doctor", "--format=json"])
    expect(done.code).toBe(4)
    expect(JSON.parse(done.stdout).findings.map(({ code }: { code: string }) => code)).toEqual(expect.arrayContaining(["engine", "memory"]))
    kit.fakeDocker({ down: true })
    expect((await kit.run(["doctor"])).stdout).toContain("its daemon does not run")
  })
})

describe("secrets rotate", () => {
  test("changes the store and .env together; the secret is never an argument", async () => {
    await deployed()
    const before = kit.value("DATABASE_PASSWORD")
    kit.fakeDocker({ password: before })
    const done = await kit.run(["secrets", "rotate", "DATABASE_PASSWORD"])
    expect(done.code).toBe(0)
    const after = kit.value("DATABASE_PASSWORD")!
    expect(after).not.toBe(before)
    expect(kit.docker().password).toBe(after)
    expect(kit.read("secrets/database_password")).toBe(after)
    expect(kit.calls().join()).not.toContain(after)
    expect((await kit.run(["deploy"])).stderr).toContain("nothing to change")
  })

  test("changes neither where the store refuses", async () => {
    await deployed()
    const env = kit.read(".env")
    kit.fakeDocker({ password: kit.value("DATABASE_PASSWORD"), refuse: ["change-password"] })
    const done = await kit.run(["secrets", "rotate", "DATABASE_PASSWORD"])
    expect([done.code, done.stderr]).toEqual([
      1,
      expect.stringContaining("database refused the change of DATABASE_PASSWORD: ERR not allowed"),
    ])
    expect(kit.read(".env")).toBe(env)
    expect(kit.has(".openimctl/rotation.json")).toBe(false)
  })

  test("is finished by the next call when it was killed after the store had the new value", async () => {
    await deployed()
    kit.fakeDocker({ password: kit.value("DATABASE_PASSWORD"), killAfterChange: true })
    const killed = await kit.run(["secrets", "rotate", "DATABASE_PASSWORD"])
    expect(killed.signal ?? killed.code).toBe("SIGKILL")
    expect(kit.docker().password).not.toBe(kit.value("DATABASE_PASSWORD"))
    kit.fakeDocker({ killAfterChange: false })
    const done = await kit.run(["deploy"])
    expect(done.stderr).toContain("finishing the interrupted change of DATABASE_PASSWORD")
    expect(done.code).toBe(0)
    expect(kit.docker().password).toBe(kit.value("DATABASE_PASSWORD"))
  })

  test("of a secret that no volume was made with is a new value in .env", async () => {
    await deployed()
    const before = kit.value("API_SECRET")
    expect((await kit.run(["secrets", "rotate", "API_SECRET"])).code).toBe(0)
    expect(kit.value("API_SECRET")).not.toBe(before)
    expect((await kit.run(["secrets", "rotate", "API_SECRT"])).stderr).toContain('Did you mean "API_SECRET"?')
  })
})

test("help is there for each verb, without a kit", async () => {
  kit = new Kit()
  for (const verb of ["deploy", "status", "health", "logs", "env", "destroy"]) {
    const done = await kit.run([verb, "--help"])
    expect([done.code, done.stdout]).toEqual([0, expect.stringContaining(`openimctl ${verb}`)])
  }
  expect(existsSync(join(kit.folder, ".openimctl"))).toBe(false)
})
