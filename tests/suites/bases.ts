// The same images on each base, from a registry: installed by that base's own package manager, tested, and started.

import { randomUUID } from "node:crypto"
import type { Container, Directory } from "@dagger.io/dagger"
import { firstIn } from "../../src/base/entries.js"
import type { BaseEntry } from "../../src/catalogue/types.js"
import { prepareBase } from "../../src/graph/build/bases.js"
import { type BuildRequest, componentImage } from "../../src/graph/build/components.js"
import { baseFacts } from "../../src/graph/build/inputs.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { smokeTest } from "../../src/graph/stack/tests.js"
import { baseOf, imageOf } from "../../src/plan/build/components.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { planInputs } from "../../src/tasks/plan.js"
import { type BaseRoot, baseRoots } from "./baseRoots.js"
import { bundleImageTests } from "./bundleImages.js"
import { casesOf, same } from "./cases.js"
import { firstGroup } from "./groups.js"
import { emptyRegistry } from "./registries.js"
import { shopFixture } from "./shopFixture.js"
import type { SuiteOutcome } from "./together.js"

/** Engines speak plain HTTP to this name alone. */
const host = "localhost:5002"

export async function basesTests(settings: Settings, checkout: Directory): Promise<SuiteOutcome> {
  const [roots, registry, { source, request, from }] = await Promise.all([
    baseRoots(settings),
    toolbox(settings, [], ["docker-registry"]).then((box) => emptyRegistry(box, 5002)),
    shopFixture(settings, checkout),
  ])
  await registry.start()
  try {
    const found: TestCase[][] = []
    const references: string[] = []
    for (const root of roots) {
      const official = baseOf(settings.catalogue, root.base)
      const base: BaseEntry = { ...official, image: inRegistry(official.image), alternatives: [] }
      const on = (given: Settings): Settings => {
        const catalogue = { ...given.catalogue, bases: { ...given.catalogue.bases, [root.base]: base } }
        return { ...given, catalogue, registryServices: { [host]: registry } }
      }
      const name = root.tag === undefined ? root.base : `${root.base}:${root.tag}`
      const reference = base.image.replace(/:[^:/]*$/, (tag) => (root.tag === undefined ? tag : `:${root.tag}`))
      await root.container.publish(reference, { registryService: registry })
      references.push(reference)
      const cases = await baseCases({ root, name, reference, server: on(settings), shop: on(from(source)), request })
      found.push(cases.map((one) => ({ ...one, name: `${name}: ${one.name}` })))
    }
    // The smallest image and one like it: what is in them is not what these cases ask.
    const small = firstIn(references.slice(-1), "reference")
    const other = `${small}-other`
    await firstIn(roots.slice(-1), "root").container.withNewFile("/etc/other", "other\n").publish(other, { registryService: registry })
    found.push(await bundleImageTests(settings, host, registry, [small, other]))
    return { cases: found.flat(), notes: roots.map(({ note }) => note) }
  } finally {
    await registry.stop()
  }
}

function inRegistry(image: string): string {
  return image.replace(/^[^/]+/, host)
}

interface OnBase {
  root: BaseRoot
  /** As --base has it. */
  name: string
  /** The image that it means. */
  reference: string
  server: Settings
  shop: Settings
  request: BuildRequest
}

async function baseCases({ root, name, reference, server, shop, request }: OnBase): Promise<TestCase[]> {
  const image = async (settings: Settings, component: string, base = name) =>
    (await componentImage(settings, { ...request, component, base })).container
  const smoke = async (settings: Settings, component: string, built: Container) => {
    const refused = (await smokeTest(settings, imageOf(settings.catalogue, component), built)).filter(({ ok }) => !ok)
    if (refused.length > 0) throw new Error(refused.map(({ name, detail }) => `${name}: ${detail ?? ""}`).join("\n"))
  }
  const group = firstGroup(server.catalogue).name
  return casesOf([
    [
      `the image of ${group} passes the smoke test, and names its base`,
      async () => {
        const built = await image(server, group)
        same(await built.label("org.opencontainers.image.base.name"), reference)
        await smoke(server, group, built)
      },
    ],
    [
      "its programs are the ones that the image on Debian has",
      async () => {
        const bytes = async (base: string) =>
          (await image(server, group, base)).file(`/usr/local/bin/${server.catalogue.stack}`).digest({ excludeMetadata: true })
        same(await bytes(name), await bytes("debian"))
      },
    ],
    [
      "plan names it, and what it goes by changes with the packages that are installed",
      async () => {
        const [plan] = await planInputs(shop, { ...request, base: name }, [request.component])
        same(plan?.inputs?.base.replace(/@sha256:.*/, ""), reference)
        const prepared = await prepareBase(server, baseOf(server.catalogue, name))
        const before = await baseFacts({ ...prepared, container: prepared.pulled.container })
        const after = await baseFacts(prepared)
        same(before.reference, after.reference)
        if (before.packages === after.packages) throw new Error("the same packages before and after they were installed")
      },
    ],
    [
      "packages were installed by the base's own manager, and nothing of the engine's certificates is left",
      async () => {
        const built = await image(shop, request.component)
        same(await asRoot(built, whole(root)), "")
        if (root.base !== "alpine") same(await certificates(built), await certificates(root.container))
      },
    ],
    [
      "the shop passes the smoke test, starts, and its health check says when",
      async () => {
        const built = await image(shop, request.component)
        await smoke(shop, request.component, built)
        const [health = ""] = await built.dockerHealthcheck().args()
        const entrypoint = (await built.entrypoint()).join(" ")
        await built.withEnvVariable("RUN", randomUUID()).withExec(["sh", "-c", healthy, "sh", health, entrypoint]).sync()
      },
    ],
    ...(root.base === "alpine" ? [] : [redisCase(server, image, smoke)]),
  ])
}

function redisCase(
  settings: Settings,
  image: (settings: Settings, component: string) => Promise<Container>,
  smoke: (settings: Settings, component: string, built: Container) => Promise<void>,
): [string, () => Promise<unknown>] {
  return [
    "Redis is installed from the base's packages, and passes the smoke test",
    async () => smoke(settings, "redis", await image(settings, "redis")),
  ]
}

/** Prints what of the packages is not as they brought it. */
function whole({ base }: BaseRoot): string {
  return base === "alpine"
    ? "apk --no-network info -e ca-certificates tzdata >&2; apk --no-network audit --system --packages /usr/share/ca-certificates"
    : "rpm -V ca-certificates tzdata"
}

function asRoot(built: Container, command: string): Promise<string> {
  return built.withUser("0:0").withExec(["sh", "-c", command]).stdout()
}

/** Asked without a command: the engine lends certificates to each, and takes them away again. */
function certificates(image: Container): Promise<string> {
  return image.file("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem").digest({ excludeMetadata: true })
}

/** No while nothing runs; yes once it does. */
const healthy = `
probe() { sh -c "$1"; }
if probe "$1" >&2; then echo "healthy before it was started" >&2; exit 1; fi
$2 & server=$!
left=120
until probe "$1" >&2; do
  left=$((left - 1))
  if [ $left = 0 ] || ! kill -0 $server; then echo "never healthy" >&2; exit 1; fi
  sleep 0.5
done
kill $server
wait $server || :
`
