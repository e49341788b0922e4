// Builds Dockerfiles with a builder that is not Dagger's, and compares the result with what Dagger builds.

import { CacheSharingMode, type Container, type Directory, dag } from "@dagger.io/dagger"
import { sourceEntry } from "../../src/catalogue/lookup.js"
import type { ImageEntry } from "../../src/catalogue/types.js"
import { fromFirst } from "../../src/graph/build/bases.js"
import { componentImage } from "../../src/graph/build/components.js"
import { resolveSource } from "../../src/graph/build/sources.js"
import { tailOf } from "../../src/graph/call/failures.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { smokeTest } from "../../src/graph/stack/tests.js"
import { withBuildCache, withModuleCache } from "../../src/graph/toolchains/go/caches.js"
import { baseOf, builtOf, imageOf } from "../../src/plan/build/components.js"
import { inputsLabel } from "../../src/plan/build/inputs.js"
import { type DockerfileOptions, dockerfile } from "../../src/plan/dockerfile/dockerfile.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, same } from "./cases.js"
import { firstGroup } from "./groups.js"
import { shopFixture } from "./shopFixture.js"

interface Built {
  image: Container
  log: string
}

export async function dockerfileTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const group = firstGroup(settings.catalogue)
  const { home } = sourceEntry(settings.catalogue, group.source).image
  let image: Container | undefined
  const built = await casesOf([
    [
      `buildah builds ${group.name}`,
      async () => {
        image = (await build(settings, checkout, group)).image
      },
    ],
    [
      "it holds the same bytes, owners and modes as the one that Dagger builds, and says the same of itself",
      async () => {
        const request = { component: group.name, base: "debian", layout: "multicall", builder: "go" } as const
        const [theirs, ours] = await Promise.all([
          contents(image!, home),
          contents((await componentImage(settings, request)).container, home),
        ])
        const lines = ours.split("\n")
        const differing = theirs.split("\n").filter((line) => !lines.includes(line))
        if (differing.length > 0) throw new Error(`only in buildah's image:\n${differing.join("\n")}`)
        same(theirs, ours)
      },
    ],
    [
      "a checkout stands in for the pinned source, and a mirror that refuses for no longer than it takes to ask the next one",
      async () => {
        const { source, from } = await shopFixture(settings, checkout)
        const shop = from(source.withNewFile("go.sum", ""))
        const mirror = "http://127.0.0.1:9/debian"
        const { image, log } = await build(shop, checkout, builtOf(shop.catalogue, "shop"), { mirrors: { apt: [mirror] } })
        same(await image.withExec(["shop-api", "version"]).stdout(), "shop-api go1.22.7\n")
        same(log.includes(`ca-certificates, tzdata: apt-get via ${mirror} refused: `), true)
        same(log.includes("ca-certificates, tzdata: done by apt-get\n"), true)
      },
    ],
  ])
  const installed = await casesOf([
    [
      "buildah builds Redis, which answers its health check",
      async () => {
        const { image } = await build(settings, checkout, imageOf(settings.catalogue, "redis"))
        const service = image.withEnvVariable("REDIS_PASSWORD", "secret").asService({ useEntrypoint: true })
        await service.start()
        await service.stop()
      },
    ],
  ])
  return [...built, ...installed, ...(image === undefined ? [] : await smokeTest(settings, group, image))]
}

/** All that is added to the base, and the image's settings; without the inputs, which only builds by Dagger know. */
async function contents(image: Container, home: string): Promise<string> {
  const list = async <T>(items: Promise<T[]>, text: (item: T) => Promise<string>) => (await Promise.all((await items).map(text))).sort()
  const pair = async (item: { name(): Promise<string>; value(): Promise<string> }) => `${await item.name()}=${await item.value()}`
  const health = image.dockerHealthcheck()
  const [files, env, labels, ...others] = await Promise.all([
    image.withExec(["sh", "-c", listing, "list", home]).stdout(),
    list(image.envVariables(), pair),
    list(image.labels(), pair),
    list(image.exposedPorts(), async (port) => String(await port.port())),
    image.user(),
    image.workdir(),
    image.entrypoint(),
    image.defaultArgs(),
    health.args(),
    health.interval(),
    health.timeout(),
    health.startPeriod(),
    health.startInterval(),
    health.retries(),
  ])
  const said = labels.filter((label) => !label.startsWith(`${inputsLabel}=`))
  return [files, ...env, ...said, ...others.map((other) => JSON.stringify(other))].join("\n")
}

const listing = `cat /etc/passwd /etc/group
find /usr/local/bin "$1" /var/lib/pebble -printf '%M %U:%G %p %l\\n' | sort
find /usr/local/bin "$1" /var/lib/pebble -type f -exec sha256sum {} + | sort`

/** The Go caches are the engine's: what is compiled stays the same, it only takes less time. */
async function build(settings: Settings, repository: Directory, component: ImageEntry, options: DockerfileOptions = {}): Promise<Built> {
  const { catalogue, custom } = settings
  const checkout = custom?.checkout
  const base = baseOf(catalogue, "debian")
  const debian = await fromFirst(settings, [base.image])
  const go = component.kind === "installed" ? catalogue.pins.go : (await resolveSource(settings, component.source)).toolchain.version
  const text = dockerfile(catalogue, component, base, options)
  // What it copies, and nothing else: other edits of the module must not build it again.
  const copied = [...text.matchAll(/^COPY (?!--)(\S+) /gm)].flatMap(([, path = ""]) => [path, `${path}/**`])
  const context = dag
    .currentModule()
    .source()
    .filter({ include: copied, exclude: ["**/*_test.go"] })
    .withFile(".dockerignore", repository.file(".dockerignore"))
    .withNewFile("dockerfiles/Dockerfile", text)
  let box = withBuildCache(settings, go, withModuleCache(settings, await toolbox(settings, [], ["buildah", "netavark"])))
    // Not on the engine's layers, on which buildah's own cannot lie.
    .withMountedCache("/var/lib/containers", dag.cacheVolume("buildah"), { sharing: CacheSharingMode.Locked })
    .withMountedFile("/debian.tar", debian.asTarball())
    .withMountedDirectory("/context", context)
    .withWorkdir("/out")
  if (checkout !== undefined) box = box.withMountedDirectory("/checkout", checkout)
  const sources = checkout === undefined ? [] : ["--build-context", "source=/checkout"]
  try {
    const ran = await box.withExec(["bash", "-c", script, "build", base.image, ...sources], { insecureRootCapabilities: true }).sync()
    return { image: dag.container().import_(ran.file("image.tar")), log: await ran.combinedOutput() }
  } catch (error) {
    throw new Error(tailOf(error, 40))
  }
}

// The limits are those there are: buildah would ask for more, which not every machine grants. The certificates are the ones
// that an engine lends to its containers, in a second folder where Go looks for them. On a busy machine the kernel may refuse
// to seal the copy of itself that buildah makes for each command (EBUSY); that says nothing about a Dockerfile.
const script = String.raw`set -euo pipefail
base=$1
shift
trap 'buildah rmi --all --force > /dev/null' EXIT
buildah tag "$(buildah pull --quiet docker-archive:/debian.tar)" "$base"
build() {
  buildah build --pull=never --isolation chroot --format docker --identity-label=false --build-arg BUILDER="$base" "$@" \
    --ulimit nproc="$(ulimit -Hu):$(ulimit -Hu)" --ulimit nofile="$(ulimit -Hn):$(ulimit -Hn)" \
    -v /go/pkg/mod:/go/pkg/mod -v /root/.cache/go-build:/root/.cache/go-build \
    -v /usr/local/share/ca-certificates:/etc/pki/tls/certs:ro \
    -t built -f /context/dockerfiles/Dockerfile /context 2>&1 | tee /tmp/build.log
}
for attempt in 1 2 3; do
  if build "$@"; then break; fi
  if [ "$attempt" = 3 ] || ! grep -q 'sealing memfd copy: Device or resource busy' /tmp/build.log; then exit 1; fi
done
buildah push --quiet built docker-archive:/out/image.tar
`
