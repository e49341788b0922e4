// Servers that are installed, as a compose file runs them: as the image's user, without capabilities, on a root file system that
// cannot be written; only the data folder and /tmp can.

import { type Container, dag, ReturnType } from "@dagger.io/dagger"
import { componentImage } from "../../src/graph/build/components.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { smokeTest } from "../../src/graph/stack/tests.js"
import { imageOf } from "../../src/plan/build/components.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, emptied, has, same } from "./cases.js"

interface Server {
  /** The variable of the password, and one with what a configuration file or a shell could take for something else. */
  password?: { variable: string; value: string }
  env?: Record<string, string>
  /** Shell functions for the commands below. */
  functions?: string
  /** It refuses who does not know the password; it takes and gives what it keeps, "yes". */
  refuses?: string
  put: string
  get: string
  /** It runs without a folder that it can write. */
  stateless?: true
  /** Its compile takes minutes: only the suite that names it tests it. */
  named?: true
}

const servers: Record<string, Server> = {
  etcd: {
    password: { variable: "ETCD_ROOT_PASSWORD", value: `sesame"open"\\n$HOME#1'!` },
    functions: 'export ETCDCTL_API=3; as() { ETCDCTL_USER=root ETCDCTL_PASSWORD="$1" etcdctl get kept --print-value-only; }',
    refuses: "no etcdctl get kept && no as wrong",
    put: 'ETCDCTL_USER=root ETCDCTL_PASSWORD="$PASSWORD" etcdctl put kept yes',
    get: 'as "$PASSWORD"',
  },
  kafka: {
    env: { KAFKA_LOG_CLEANUP_POLICY: "compact" },
    // The image has no other client; messages are sent and received in the suite integration.
    functions:
      "configs() { java -cp '/opt/kafka/libs/*' kafka.admin.ConfigCommand --bootstrap-server=127.0.0.1:9092 --entity-type=brokers \"$@\" 2>/dev/null; }",
    refuses: "grep -x log.cleanup.policy=compact server.properties",
    put: "configs --entity-default --alter --add-config=log.retention.ms=777001",
    get: "configs --entity-default --describe | grep -q log.retention.ms=777001 && echo yes",
  },
  minio: {
    password: { variable: "MINIO_ROOT_PASSWORD", value: `sesame "open" $HOME #1'` },
    env: { MINIO_ROOT_USER: "root" },
    // Signed as S3's clients did it before version 4, which takes a few lines.
    functions: `s3() {
      day=$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S GMT')
      sum=$(printf '%s\n\n\n%s\n%s' "$1" "$day" "$2" | openssl dgst -sha1 -hmac "$PASSWORD" -binary | base64)
      bash -c 'exec 3<>/dev/tcp/127.0.0.1/9000; printf "%b" "$0" >&3; cat <&3' "$1 $2 HTTP/1.0\\r\\nHost: 127.0.0.1:9000\\r\\nDate: $day\\r\\nAuthorization: AWS root:$sum\\r\\nContent-Length: \${#3}\\r\\n\\r\\n$3"
    }`,
    refuses: 'PASSWORD=wrong s3 GET / "" | grep -q "403 Forbidden"',
    put: 's3 PUT /kept "" | grep -q "200 OK" && s3 PUT /kept/word yes | grep -q "200 OK"',
    get: 's3 GET /kept/word "" | tail -n 1',
  },
  livekit: {
    named: true,
    password: { variable: "LIVEKIT_SECRET", value: "sesame0123456789sesame0123456789sesame" },
    env: { LIVEKIT_KEY: "key", LIVEKIT_ADDRESS: "127.0.0.1" },
    functions: `words() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
    token() {
      text=$(printf '{"alg":"HS256","typ":"JWT"}' | words).$(printf '{"iss":"%s","sub":"ann","nbf":0,"exp":4102444800,"video":{"room":"r","roomJoin":true}}' "$1" | words)
      printf '%s.%s' "$text" "$(printf '%s' "$text" | openssl dgst -sha256 -hmac "$2" -binary | words)"
    }
    answer() { bash -c 'exec 3<>/dev/tcp/127.0.0.1/7880; printf "GET /rtc/validate?protocol=9&access_token=%s HTTP/1.0\r\nHost: localhost\r\n\r\n" "$0" >&3; head -n 1 <&3' "$(token "$1" "$2")"; }`,
    refuses: `answer APIGPW3gnFTzqHH 23ztfSqsfQ8hKkHzHTl3Z4bvaxro0snjk5jwbp5p6Q3 | grep -q " 401 " && answer key wrong | grep -q " 401 "`,
    put: 'answer key "$PASSWORD" | grep -q " 200 "',
    get: 'answer key "$PASSWORD" | grep -q " 200 " && echo yes',
    stateless: true,
  },
  victorialogs: {
    named: true,
    functions: `insert() { bash -c 'exec 3<>/dev/tcp/127.0.0.1/9428; printf "POST /insert/jsonline?_stream_fields=name HTTP/1.0\r\nContent-Length: %s\r\n\r\n%s" "\${#0}" "$0" >&3; cat <&3' "$1"; }
      ask() { start-victorialogs ask "$@"; }`,
    refuses: "no ask 'word |' && no ask '' && no ask word none && [ -z \"$(ask word)\" ]",
    put: `insert '{"_msg":"a word & 100%","_time":"0","name":"yes"}' && until ask word | grep -q yes; do sleep 0.2; done`,
    get: `ask 'name:yes "word"' 1 | grep -o '"name":"yes"' | cut -d'"' -f4`,
  },
  vlagent: {
    named: true,
    env: { VLAGENT_CONTAINERS: "/tmp/containers", VLAGENT_STORE: "127.0.0.1:1" },
    // What it has read is known after it ended. The store is away.
    functions: `mkdir -p /tmp/containers/one; echo '{"log":"a word","stream":"stdout","time":"2026-01-02T03:04:05Z"}' > /tmp/containers/one/one-json.log`,
    refuses: "mkdir -m 0 /tmp/closed && (export VLAGENT_CONTAINERS=/tmp/closed; no start-vlagent)",
    put: "sleep 1",
    get: "grep -q '\"offset\": [1-9]' vlagent-file-checkpoints.json && echo yes",
    stateless: true,
  },
  haproxy: {
    functions: `page() { bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'; }`,
    refuses: 'page | grep -q "HAProxy has no configuration yet"; start-haproxy check',
    put: "echo yes > kept",
    get: "cat kept",
    stateless: true,
  },
  nginx: {
    functions: `page() { bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3'; }`,
    // A configuration that names them itself decides: nginx refuses a directive that comes twice.
    refuses: `page | grep -q "nginx has no site yet"; start-nginx check 2>/dev/null
      { echo "daemon off; pid /tmp/own.pid;"; cat /etc/nginx/nginx.conf; } > /tmp/own.conf; start-nginx check -c /tmp/own.conf -g "master_process on;" 2>/dev/null`,
    put: "echo yes > kept",
    get: "cat kept",
    stateless: true,
  },
  postgresql: {
    password: { variable: "POSTGRES_PASSWORD", value: `sesame "open" $HOME \\n #1'` },
    env: { POSTGRES_USER: "im", POSTGRES_DB: "im-kept" },
    functions: `as() { PGPASSWORD="$1" psql --no-psqlrc --quiet --tuples-only --no-align --host=127.0.0.1 --username=im --dbname=im-kept --command="$2"; }`,
    refuses: 'no as wrong "select 1" && no as "" "select 1"',
    // A client that stays must not keep it from ending.
    put: `as "$PASSWORD" "create table kept as select 'yes' as word"; { PGPASSWORD="$PASSWORD" psql --host=127.0.0.1 --username=im --dbname=im-kept --command="select pg_sleep(300)" >/tmp/asleep 2>&1 & }; sleep 1`,
    get: 'as "$PASSWORD" "select word from kept"',
  },
}

/** Those that are named, or all but those that are tested by name only. */
export async function installedTests(settings: Settings, names: string[] = []): Promise<TestCase[]> {
  const found: TestCase[] = []
  const chosen = Object.entries(servers).filter(([name, server]) => (names.length === 0 ? !server.named : names.includes(name)))
  for (const [name, server] of chosen) {
    const cases = await casesOf(await serverCases(settings, name, server))
    found.push(...cases.map((one) => ({ ...one, name: `${name}: ${one.name}` })))
  }
  return found
}

async function serverCases(settings: Settings, name: string, server: Server): Promise<[string, () => Promise<unknown>][]> {
  const entry = imageOf(settings.catalogue, name)
  if (entry.kind !== "installed") throw new Error(`${name} is not installed`)
  const { start, data } = entry
  const { uid } = settings.catalogue.user
  const request = { component: name, base: "debian", layout: "multicall" } as const
  const image = (await componentImage(settings, request)).container
  const volume = image.withMountedCache(data, dag.cacheVolume(`installed-test-${name}`), { owner: `${uid}:${uid}` })
  const secret = server.password && dag.setSecret(`installed-test-${name}`, server.password.value)
  const secretFile = "/run/secrets/password"
  const prepared = Object.entries({ ...server.env }).reduce((made, [key, value]) => made.withEnvVariable(key, value), volume)
  const ready =
    server.password === undefined || secret === undefined
      ? prepared
      : prepared
          .withMountedSecret(secretFile, secret, { owner: `${uid}:${uid}`, mode: 0o400 })
          .withEnvVariable(`${server.password.variable}_FILE`, secretFile)
  /** As `docker run --read-only --cap-drop=ALL --security-opt=no-new-privileges --tmpfs=/tmp` does it. */
  const confined = (script: string): Container =>
    ready
      .withMountedTemp("/tmp")
      .withUser("0")
      .withEnvVariable("ASKED_AT", String(Date.now()))
      .withExec(["sh", "-euc", readOnly, "confined", String(uid), script], { insecureRootCapabilities: true })

  return [
    [
      "the version in the labels is the one that runs",
      async () =>
        has(
          await image.withExec(["sh", "-c", `${entry.server} ${entry.versionOption} 2>&1`]).stdout(),
          await image.label("org.opencontainers.image.version"),
        ),
    ],
    [
      "it says what is missing when nobody says how to protect it",
      async () => {
        if (server.password === undefined) return
        const refused = image.withExec([], { useEntrypoint: true, expect: ReturnType.Failure })
        has(await refused.stderr(), `${start}: no password: set ${server.password.variable} or ${server.password.variable}_FILE`)
      },
    ],
    [
      "it runs on a root file system that cannot be written, without capabilities, and keeps its data",
      async () => {
        await emptied(ready.withUser("0"), data)
        const output = await confined(`
          no() { if "$@" 2>/dev/null; then echo "this worked: $*" >&2; exit 1; fi; }
          up() { ${start} > /tmp/log 2>&1 & server=$!; until ${start} health 2>/dev/null; do kill -0 $server || { cat /tmp/log; exit 1; }; sleep 0.2; done; }
          down() { kill $server; wait $server || [ $? = 143 ]; no ${start} health; }
          ${server.password === undefined ? "" : `PASSWORD=$(cat ${secretFile})`}
          ${server.functions ?? ""}
          up
          no grep -aF sesame /proc/$server/environ /proc/$server/cmdline
          { ${server.refuses ?? ":"}; } || { echo "it does not refuse" >&2; exit 1; }
          { ${server.put}; } >/dev/null || { echo "it does not take" >&2; exit 1; }
          down
          up
          echo "found: $(${server.get})"
          down`).stdout()
        has(output, "found: yes")
      },
    ],
    [
      "it names the folder that it cannot write",
      async () => {
        if (server.stateless) return
        const closed = volume
          .withEnvVariable("ALLOW_EMPTY_PASSWORD", "yes")
          .withUser("65534:65534")
          .withExec([start], { expect: ReturnType.Failure })
        has(await closed.stderr(), `user 65534 cannot`)
      },
    ],
    [
      "it passes the test that each image must pass before it is published",
      async () => {
        const failed = (await smokeTest(settings, entry, image)).filter(({ ok }) => !ok)
        same(failed.map(({ name, detail }) => `${name}: ${detail ?? ""}`).join("\n"), "")
      },
    ],
    ["its user is the one of all images", async () => same(await image.user(), `${uid}:${uid}`)],
  ]
}

const readOnly = `
mount -o remount,bind,ro /
if touch /written 2>/dev/null; then echo "the root file system can be written" >&2; exit 1; fi
exec setpriv --reuid="$1" --regid="$1" --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs sh -euc "$2"
`
