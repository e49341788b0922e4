// Real mirrors: a web server that passes Debian's packages on, or refuses, hangs, wants a login; and a registry with its own image.

import type { Container, Service } from "@dagger.io/dagger"
import { pinnedImage } from "../../src/catalogue/lookup.js"
import { fromFirst, pullFirst, withSystemPackages } from "../../src/graph/build/bases.js"
import { callMirrors, mirrorEntries } from "../../src/graph/call/mirrors.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { goToolchain } from "../../src/graph/toolchains/go/container.js"
import { ask } from "../../src/mirrors/ask.js"
import { type AskedMirror, askSeconds, mirrorChoice } from "../../src/mirrors/choice.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, logged, same } from "./cases.js"
import { emptyRegistry } from "./registries.js"

export async function mirrorTests(settings: Settings): Promise<TestCase[]> {
  const debian = await pullFirst(settings, [pinnedImage(settings.catalogue, "debian")])
  const box = await toolbox(settings, [], ["docker-registry"])
  const web = webMirrors(await fromFirst(settings, [pinnedImage(settings.catalogue, "node")]))
  const registry = emptyRegistry(box, 5000)
  const hubItself = emptyRegistry(box, 5001)
  await Promise.all([web.start(), registry.start(), hubItself.start()])
  const at = await web.endpoint({ scheme: "http", port: 8000 })
  const hub = await registry.endpoint({ port: 5000 })

  const using = (...given: string[]): Settings => ({
    ...settings,
    toolchainOptions: { go: { proxy: undefined } },
    mirrors: callMirrors(given),
  })
  const failing = ["forbidden", "login", "hanging"]
  const apt = [...failing, "good"].map((kind) => `apt=${at}/${kind}/debian`)
  const why = (asked: AskedMirror[]) => asked.map(({ refused }) => refused ?? "used").join("; ")

  try {
    return await casesOf([
      [
        "mirrors: those that refuse, hang or want a login are left out, each with its reason",
        async () => {
          const { mirrors } = using(...apt)
          same((await mirrors.of("apt", "debian")).join(), `${at}/good/debian`)
          const login = "it answers with something else (text/html): a login page, or no mirror of apt"
          same(why(await mirrors.asked()), `it answers 403; ${login}; no answer within 3 s; used`)
        },
      ],
      [
        "mirrors: packages come from the one that answers, and the same answers give the same step",
        async () => {
          const install = () => withSystemPackages(using(...apt), debian, "debian", ["tree"])
          const [first, second] = [await install(), await install()]
          same((await first.stderr()).includes(`tree: done by apt-get via ${at}/good/debian`), true)
          same(await first.id(), await second.id())
        },
      ],
      [
        "mirrors: where none answers, the usual addresses are asked",
        async () => {
          const installed = await withSystemPackages(using(`apt=${at}/forbidden/debian`), debian, "debian", ["tree"])
          same((await installed.stderr()).includes("tree: done by apt-get\n"), true)
        },
      ],
      [
        "mirrors: Go modules, with --goproxy before them",
        async () => {
          const own = using(`go=${at}/login`, `go=${at}/go`)
          const proxy = async (from: Settings) => (await goToolchain(from)).container.envVariable("GOPROXY")
          same(await proxy(own), `${at}/go,direct`)
          same(await proxy({ ...own, toolchainOptions: { go: { proxy: "https://goproxy.example" } } }), "https://goproxy.example")
        },
      ],
      [
        "mirrors: an image from a mirror of Docker Hub has its usual name, and the pinned digest",
        async () => {
          // The engine speaks HTTP without TLS to this name alone, and finds the service behind it.
          const name = "localhost:5000"
          const entries = mirrorEntries(["docker=http://127.0.0.1:9", `docker=http://${name}`])
          const mirrors = mirrorChoice(entries, (url) => ask(url.replace(name, hub), { no: [] }, askSeconds))
          const image = "docker.io/library/debian:mirrored"
          const content = debian.container.withNewFile("/from", "the mirror")
          const published = await content.publish(`${name}/library/debian:mirrored`, { registryService: registry })
          const digest = published.slice(published.indexOf("@") + 1)
          const pulled = (digests: Record<string, string>) => {
            const catalogue = { ...settings.catalogue, pins: { ...settings.catalogue.pins, digests } }
            return pullFirst(
              { ...settings, catalogue, from: "registry", mirrors, registryServices: { [name]: registry }, hub: "localhost:9" },
              [image],
            )
          }
          const { found, lines } = await logged(async () => [await pulled({}), await pulled({ [image]: digest })])
          for (const one of found) {
            same(one.reference, `${image}@${digest}`)
            same(await one.container.file("/from").contents(), "the mirror")
          }
          same(why(await mirrors.asked()), "connect ECONNREFUSED 127.0.0.1:9; used")
          // Docker Hub is out of reach: the pinned one needs no word about it.
          same(lines.filter((line) => line.startsWith(`WARNING: ${image} is taken from the mirror ${name} by its tag alone`)).length, 1)
        },
      ],
      [
        "mirrors: a mirror of Docker Hub that has something else under the tag is refused",
        async () => {
          const [name, origin] = ["localhost:5000", "localhost:5001"]
          const image = "docker.io/library/debian:forged"
          const registryServices = { [name]: registry, [origin]: hubItself }
          const mirrors = mirrorChoice(mirrorEntries([`docker=http://${name}`]), (url) =>
            ask(url.replace(name, hub), { no: [] }, askSeconds),
          )
          const publish = async (content: string, to: string) => {
            const address = `${to}/library/debian:forged`
            const published = await debian.container
              .withNewFile("/from", content)
              .publish(address, { registryService: registryServices[to] })
            return published.slice(published.indexOf("@") + 1)
          }
          const [digest] = [await publish("Docker Hub", origin), await publish("the mirror", name)]
          const pull = (digests: Record<string, string>) => {
            const catalogue = { ...settings.catalogue, pins: { ...settings.catalogue.pins, digests } }
            return pullFirst({ ...settings, catalogue, from: "registry", mirrors, registryServices, hub: origin }, [image])
          }
          const pins: Record<string, string>[] = [{}, { [image]: digest }]
          for (const digests of pins) {
            // The engine has the content of this digest, so it need not ask the mirror; what the mirror has is never taken.
            const found = await pull(digests)
            same(await found.container.file("/from").contents(), "Docker Hub")
            same(found.reference, `${image}@${digest}`)
          }
        },
      ],
    ])
  } finally {
    await Promise.all([web.stop(), registry.stop(), hubItself.stop()])
  }
}

/** /good/debian and /go: what Debian and Go's own proxy have. Any other first part of a path says what goes wrong. */
function webMirrors(node: Container): Service {
  const server = `
    const { createServer, get } = require("node:http")
    const answers = {
      forbidden: (request, response) => response.writeHead(403).end(),
      hanging: () => {},
      login: (request, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<html>Please log in</html>"),
      go: (request, response, path) => response.writeHead(302, { Location: "https://proxy.golang.org" + path }).end(),
      good: (request, response, path) =>
        get("http://deb.debian.org" + path, (found) => found.pipe(response.writeHead(found.statusCode, found.headers)))
          .on("error", () => response.writeHead(502).end()),
    }
    createServer((request, response) => {
      const kind = request.url.split("/")[1]
      answers[kind](request, response, request.url.slice(kind.length + 1))
    }).listen(8000)`
  return node
    .withNewFile("/srv/server.cjs", server)
    .withExposedPort(8000)
    .asService({ args: ["node", "/srv/server.cjs"] })
}
