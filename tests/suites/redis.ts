// Redis as it is installed and started: the real one, from packages.

import { type Container, type Directory, dag, ReturnType, type Service } from "@dagger.io/dagger"
import { componentImage } from "../../src/graph/build/components.js"
import type { Settings } from "../../src/graph/call/settings.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, emptied, same } from "./cases.js"
import { clone3Filter, refusesClone3 } from "./oldDocker.js"

/** What a password may hold, and what a configuration file could take for something else. */
const password = 'sesame "open" \\n $HOME #1'
const owner = "10001:10001"

/** `checkout` holds tests/fixtures. */
export async function redisTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const request = { component: "redis", base: "debian", layout: "multicall", builder: "go" } as const
  // Without sbin: an engine with its own certificates would run update-ca-certificates around each command.
  const image = (await componentImage(settings, request)).container.withEnvVariable("PATH", "/usr/local/bin:/usr/bin:/bin")
  const secret = dag.setSecret("redis-password", password)
  const protectedImage = image.withSecretVariable("REDIS_PASSWORD", secret)
  /** Without an init process of the engine's: the server itself must be the first process, as in Docker. */
  const serve = (container: Container): Service => container.asService({ useEntrypoint: true, noInit: true })
  const ask = async (server: Service, command: string[], auth?: string): Promise<string> => {
    const client = auth === undefined ? image : image.withEnvVariable("REDISCLI_AUTH", auth)
    const bound = client.withServiceBinding("redis", server)
    const asked = bound.withExec(["redis-cli", "--no-auth-warning", "-h", "redis", ...command], { expect: ReturnType.Any })
    return (await asked.stdout()).trim()
  }

  return casesOf([
    [
      "the version in the labels is the one that runs",
      async () => {
        const version = await image.label("org.opencontainers.image.version")
        const answer = await image.withExec(["redis-server", "--version"]).stdout()
        same(answer.includes(`v=${version} `), true)
      },
    ],
    [
      "it answers those who know the password, and only them",
      async () => {
        const server = serve(protectedImage)
        same(await ask(server, ["PING"]), "NOAUTH Authentication required.")
        same((await ask(server, ["PING"], "wrong")).startsWith("NOAUTH"), true)
        same(await ask(server, ["PING"], password), "PONG")
        same(await ask(server, ["SET", "word", "hello"], password), "OK")
        same(await ask(server, ["GET", "word"], password), "hello")
      },
    ],
    [
      "a password can come from a mounted secret",
      async () => {
        const file = "/run/secrets/redis"
        const server = serve(image.withMountedSecret(file, secret, { owner, mode: 0o400 }).withEnvVariable("REDIS_PASSWORD_FILE", file))
        same(await ask(server, ["PING"], password), "PONG")
      },
    ],
    [
      "bash, which is the shell of other bases, starts it as well",
      async () => {
        const server = protectedImage.asService({ args: ["bash", "--posix", "/usr/local/bin/start-redis"] })
        same(await ask(server, ["PING"], password), "PONG")
      },
    ],
    [
      "without a password it starts only when that is asked for",
      async () => {
        const refused = image.withExec([], { useEntrypoint: true, expect: ReturnType.Failure })
        same((await refused.stderr()).includes("no password: set REDIS_PASSWORD or REDIS_PASSWORD_FILE"), true)
        same(await ask(serve(image.withEnvVariable("ALLOW_EMPTY_PASSWORD", "yes")), ["PING"]), "PONG")
      },
    ],
    [
      "under an old Docker's filter it says which Docker it takes",
      async () => {
        const old = protectedImage.withFile(refusesClone3, await clone3Filter(settings, checkout))
        const ended = old.withExec([refusesClone3, "start-redis"], { expect: ReturnType.Failure })
        same((await ended.stderr()).includes("this Docker is older than 20.10.10"), true)
      },
    ],
    [
      "options and your own configuration file are taken",
      async () => {
        const options = protectedImage.asService({ useEntrypoint: true, args: ["redis-server", "--appendonly", "no"] })
        same(await ask(options, ["CONFIG", "GET", "appendonly"], password), "appendonly\nno")
        const file = image.withNewFile("/etc/own.conf", "requirepass own\nmaxmemory 5mb\n")
        const configured = file.asService({ useEntrypoint: true, args: ["/etc/own.conf"] })
        same(await ask(configured, ["CONFIG", "GET", "maxmemory"], "own"), "maxmemory\n5242880")
      },
    ],
    [
      "it is the first process, ends when asked to, and finds its data again",
      async () => {
        const kept = protectedImage.withMountedCache("/data", dag.cacheVolume("redis-test"), { owner })
        await emptied(kept, "/data")
        const server = serve(kept)
        await server.start()
        same(/^process_id:1\r?$/m.test(await ask(server, ["INFO"], password)), true)
        same(await ask(server, ["SET", "kept", "yes"], password), "OK")
        await server.stop()
        await server.start()
        same(await ask(server, ["GET", "kept"], password), "yes")
        await server.stop()
      },
    ],
    [
      "it writes nothing outside its data folder, and keeps the password out of its command line and environment",
      async () => {
        const script = `
          start-redis & server=$!
          until start-redis health; do kill -0 $server; done
          ! tr '\\0' '\\n' </proc/$server/environ | grep -F sesame
          ! grep -aF sesame /proc/$server/cmdline
          REDISCLI_AUTH=$REDIS_PASSWORD redis-cli --no-auth-warning SET a b
          kill $server; wait $server
          find / -xdev -user "$(id -u)" -newer /tmp/before -type f ! -path '/proc/*' ! -path '/data/*' 2>/dev/null || :`
        const watched = protectedImage.withNewFile("/tmp/before", "").withExec(["sh", "-euc", script])
        const output = await watched.stdout()
        const after = output.split("\n").filter((line) => line.startsWith("/"))
        same(after.join(" "), "")
      },
    ],
  ])
}
