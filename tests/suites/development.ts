// The image for developers of Kratos' service, as its compose file runs it: the source beside it, and a key from outside.

import type { Container } from "@dagger.io/dagger"
import { type BuildOptions, componentImage } from "../../src/graph/build/components.js"
import { imageLayout } from "../../src/graph/build/layouts.js"
import { resolveSource } from "../../src/graph/build/sources.js"
import { log, type Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { imageProvenance } from "../../src/graph/publish/attachments.js"
import { smokeTest } from "../../src/graph/stack/tests.js"
import { goproxyOf } from "../../src/graph/toolchains/go/proxy.js"
import { baseOf, imageOf } from "../../src/plan/build/components.js"
import { installOf, toolsOf } from "../../src/plan/packages/installed.js"
import { defaultBuilder } from "../../src/plan/supplychain/provenance.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { toolPin } from "../../src/plan/toolchains/helpers.js"
import { casesOf, has, same } from "./cases.js"

/** Of a stack that has one. */
export async function developmentTests(settings: Settings, options: BuildOptions, nonce: string): Promise<TestCase[]> {
  const [found] = Object.values(settings.catalogue.components).flatMap((entry) =>
    entry.kind === "installed" && entry.development ? [entry] : [],
  )
  if (found === undefined) return []
  const { name } = found
  const request = { ...options, component: name }
  const image = async () => (await componentImage(settings, request)).container
  return casesOf([
    [
      "the image passes the smoke test of those for developers",
      async () => {
        const answers = await smokeTest(settings, imageOf(settings.catalogue, name), await image())
        has(answers.map((test) => test.name).join("\n"), "no key of the SSH server is there")
        same(answers.flatMap(({ name: what, ok, detail }) => (ok ? [] : [`${what}: ${detail ?? ""}`])).join("\n"), "")
      },
    ],
    [
      "its provenance names each of its tools and packages with its version",
      async () => {
        const built = await componentImage(settings, request)
        const statement = await imageProvenance(settings, request, built, await imageLayout(settings, built), defaultBuilder)
        const text = await statement.contents()
        const install = installOf(settings.catalogue, found, baseOf(settings.catalogue, options.base))
        for (const tool of toolsOf(install)) has(text, `pkg:golang/${toolPin(settings.catalogue, tool).module}@v`)
        for (const one of install.packages) has(text, `/${one}@`)
        log((text.match(/pkg:[^"]*/g) ?? []).join("\n"))
      },
    ],
    [
      "its developer logs in by a key and nobody by a password, an edit is built and run, one that does not compile is not",
      async () => {
        const client = await developer(settings, nonce)
        const publicKey = await client.file("/keys/own.pub").contents()
        const developed = await container(settings, await image(), publicKey)
        const said = await client
          .withServiceBinding("dev", developed.asService({ useEntrypoint: true }))
          .withExec(["bash", "-c", session])
          .stdout()
        for (const line of ["user xredline", "without a key: publickey", "the debugger is closed outside", "the debugger knows main.start"])
          has(said, line)
        log(said.trim())
      },
    ],
    [
      "without a key it has no SSH server, and says so; a private key is refused",
      async () => {
        const made = (await image()).withEnvVariable("ASKED", nonce)
        const start = "start-develop >/tmp/said 2>&1 & sleep 3; start-develop health; echo health $?; cat /tmp/said"
        const alone = made.withExec(["bash", "-c", `${start}; : 3<>/dev/tcp/127.0.0.1/2222 || echo no server`])
        const text = await alone.stdout()
        for (const part of ["health 0", "no SSH server: set AUTHORIZED_KEYS", "no server"]) has(text, part)
        const wrong = made.withEnvVariable("AUTHORIZED_KEYS", "-----BEGIN OPENSSH PRIVATE KEY-----")
        has(await wrong.withExec(["sh", "-c", "start-develop 2>&1 || true"]).stdout(), "that is a private key: give the public one")
      },
    ],
  ])
}

/** Who logs in, with a key that nobody else has, and one that the container does not know. */
async function developer(settings: Settings, nonce: string): Promise<Container> {
  return (await toolbox(settings, [], ["openssh-client", "curl", "bash"]))
    .withEnvVariable("ASKED", nonce)
    .withExec(["sh", "-c", "mkdir -p /keys && for k in own other; do ssh-keygen -q -t ed25519 -N '' -f /keys/$k; done"])
}

async function container(settings: Settings, image: Container, publicKey: string): Promise<Container> {
  const { uid } = settings.catalogue.user
  const { directory } = await resolveSource(settings, "app")
  const proxy = await goproxyOf(settings)
  const variables = {
    AUTHORIZED_KEYS: publicKey,
    // No database: what is asked for here answers without one.
    XREDLINE_DATABASE_ADDRESS: "127.0.0.1:5432",
    XREDLINE_REDIS_ADDRESS: "127.0.0.1:6379",
    ...(proxy === undefined ? {} : { GOPROXY: proxy }),
  }
  return Object.entries(variables)
    .reduce((made, [key, value]) => made.withEnvVariable(key, value), image)
    .withDirectory("/data/src", directory, { owner: `${uid}:${uid}` })
}

const session = String.raw`
set -eu
options='-p 2222 -o StrictHostKeyChecking=accept-new -o BatchMode=yes -o LogLevel=ERROR'
# shellcheck disable=SC2086
as() { key=$1; shift; ssh $options -i "/keys/$key" -o IdentitiesOnly=yes xredline@dev "$@"; }
until_true() { left=$1; shift; until "$@" >/dev/null 2>&1; do left=$((left - 1)); [ $left -gt 0 ] || { echo "not in time: $*"; return 1; }; sleep 1; done; }

until_true 60 as own true
echo "user $(as own id -un)"
if as other true 2>/dev/null; then echo "a key that it does not know is accepted"; exit 1; fi
refused=$(ssh -v -p 2222 -o StrictHostKeyChecking=accept-new -o BatchMode=yes -o PubkeyAuthentication=no \
  -o PreferredAuthentications=password,keyboard-interactive xredline@dev true 2>&1 || true)
echo "without a key: $(printf '%s' "$refused" | sed -n 's/.*Authentications that can continue: //p' | tr -d '\r' | sort -u)"

asked() { curl -fsS -m 3 http://dev:8000/healthz/live >/dev/null; }
until_true 400 asked
echo "built and running after $SECONDS s"

named() { curl -sS -m 3 http://dev:8000/healthz | grep -q "\"$1\""; }
named start
main=src/cmd/xredline/main.go
from=$SECONDS
as own "sed -i 's/NewLatch(\"start\")/NewLatch(\"begun\")/' $main"
until_true 120 named begun
echo "an edit is running after $((SECONDS - from)) s"

as own "cp $main /tmp/main.go && echo broken >> $main"
sleep 10
until_true 60 named begun
as own "cp /tmp/main.go $main"
echo "after an edit that does not compile the program before runs"

if curl -sS -m 3 http://dev:2345 >/dev/null 2>&1; then echo "the debugger answers outside"; exit 1; fi
echo "the debugger is closed outside"
until_true 60 as own "bash -c ': < /dev/tcp/127.0.0.1/2345'"
as own "printf 'funcs ^main.start$\nexit -c\n' > /tmp/commands && timeout 30 dlv connect 127.0.0.1:2345 --init /tmp/commands" | sed -n 's/^main.start/the debugger knows main.start/p'
named begun
`
