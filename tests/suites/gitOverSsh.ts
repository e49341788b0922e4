// A repository that is read over SSH: a real sshd, and real agents with keys, all in one service of the engine.

import { randomUUID } from "node:crypto"
import { connect, createServer } from "node:net"
import { type Container, type Directory, dag, type Service, type Socket, type SocketID } from "@dagger.io/dagger"
import type { GitSource, Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { fails, same } from "./cases.js"

/** `revision` builds from a repository, and gives the commit that the image names. */
export function sshCases(
  settings: Settings,
  source: Directory,
  revision: (git: GitSource) => Promise<string>,
): [string, () => Promise<unknown>][] {
  let opening: Promise<Opened> | undefined
  const opened = () => (opening ??= open(settings, source))
  const read = async (agent?: keyof typeof agents, hostKey: HostKey = "right") => {
    const { server, service, sockets } = await opened()
    const host = await service.hostname()
    const knownHosts = `${host} ${await server.file(`/srv/${hostKey}.pub`).contents()}`
    return revision({ url: `ssh://git@${host}/srv/shop.git`, ref: "main", ssh: agent && sockets[agent], knownHosts, service })
  }
  // The engine keeps git's reason to its log: the message names the possible ones.
  const refused =
    '"Host key verification failed": --git-known-hosts does not have the key that the server has now. "Permission denied": no key in the agent of --git-ssh'
  let first: string
  return [
    ["ssh: a server with another host key is not read", () => fails(() => read("reader", "wrong"), refused)],
    [
      "ssh: a key in an agent reads a private repository; the image names its commit",
      async () => {
        first = await read("reader")
        same(first, (await (await opened()).server.withExec(["git", "-C", "/srv/shop.git", "rev-parse", "main"]).stdout()).trim())
      },
    ],
    [
      "ssh: an agent without the key, and no agent at all, is one clear message",
      async () => {
        await fails(() => read("stranger"), refused)
        await fails(() => read(), "the server does not let this user read it. Next: check --git-token (and --git-user), or --git-ssh")
      },
    ],
    [
      "ssh: after a good read, nothing more is taken from a server with another host key",
      async () => {
        const { server, service } = await opened()
        try {
          const pushed = (
            await server.withServiceBinding("git", service).withEnvVariable("AT", randomUUID()).withExec(["sh", "-euc", push]).stdout()
          ).trim()
          if (pushed === first) throw new Error("nothing was pushed")
          await fails(() => read("both", "wrong"), refused)
          // Within a call the engine asks a server once for each agent. What it has read then was read with the right key.
          same(await read("reader", "wrong").catch(() => first), first)
          same(await read("both"), pushed)
        } finally {
          await service.stop()
        }
      },
    ],
  ]
}

type HostKey = "right" | "wrong"

/** Agents by name: where each listens. */
const agents = { reader: 2201, stranger: 2202, both: 2203 }

interface Opened {
  server: Container
  service: Service
  sockets: Record<keyof typeof agents, Socket>
}

async function open(settings: Settings, source: Directory): Promise<Opened> {
  const box = await toolbox(settings, [], ["git", "openssh-server", "openssh-client", "socat"])
  const server = box.withDirectory("/work", source).withNewFile("/srv/sshd_config", sshdConfig).withExec(["sh", "-euc", prepare])
  const ports = [22, ...Object.values(agents)]
  const service = ports.reduce((container, port) => container.withExposedPort(port), server).asService({ args: ["sh", "-euc", serve] })
  await service.start()
  const sockets = {} as Opened["sockets"]
  for (const [name, port] of Object.entries(agents)) {
    const [host] = (await service.endpoint({ port })).split(":")
    const path = `/tmp/agent-${name}-${randomUUID()}.sock`
    const relay = createServer((one) => {
      const other = connect(port, host)
      one.pipe(other).pipe(one)
      for (const end of [one, other]) end.on("error", () => [one, other].forEach((each) => each.destroy()))
    })
    await new Promise<void>((done) => relay.listen(path, done))
    // It must not keep this process when the tests are over.
    relay.unref()
    sockets[name as keyof typeof agents] = await socketAt(path)
  }
  return { server, service, sockets }
}

/** A socket of the container that this module runs in: as a caller's --git-ssh is one of the caller's machine. */
async function socketAt(path: string): Promise<Socket> {
  const { DAGGER_SESSION_PORT: port, DAGGER_SESSION_TOKEN: token } = process.env
  const answer = await fetch(`http://127.0.0.1:${port}/query`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Basic ${Buffer.from(`${token}:`).toString("base64")}` },
    // The SDK leaves the host out for modules.
    body: JSON.stringify({ query: "query($path: String!) { host { unixSocket(path: $path) { id } } }", variables: { path } }),
  })
  const { data, errors } = (await answer.json()) as { data?: { host: { unixSocket: { id: SocketID } } }; errors?: unknown }
  if (!data) throw new Error(`the engine gives no socket: ${JSON.stringify(errors)}`)
  return dag.loadSocketFromID(data.host.unixSocket.id)
}

const sshdConfig = `
HostKey /srv/right
AuthorizedKeysFile /srv/authorized_keys
AllowUsers git
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
`

const prepare = `
for key in right wrong reader stranger; do ssh-keygen -q -t ed25519 -N "" -C "$key" -f /srv/$key; done
cp /srv/reader.pub /srv/authorized_keys
cd /work
git init -q -b main
git add -A
git -c user.name=Shop -c user.email=shop@example.com commit -qm "Open the shop"
git clone -q --bare . /srv/shop.git
/usr/sbin/useradd --create-home --shell /bin/sh --password '*' git
chown -R git /srv/shop.git
git config --system safe.directory '*'
mkdir -p /run/sshd`

const serve = `
agent() { # name, port, keys
  ssh-agent -a /run/$1 >/dev/null
  at=$2 name=$1
  shift 2
  SSH_AUTH_SOCK=/run/$name ssh-add -q "$@"
  socat TCP-LISTEN:$at,fork,reuseaddr UNIX-CONNECT:/run/$name &
}
mkdir -p /run/sshd
agent reader ${agents.reader} /srv/reader
agent stranger ${agents.stranger} /srv/stranger
agent both ${agents.both} /srv/stranger /srv/reader
exec /usr/sbin/sshd -D -e -f /srv/sshd_config`

const push = `
cd /work
git -c user.name=Shop -c user.email=shop@example.com commit -q --allow-empty -m "Look again"
export GIT_SSH_COMMAND="ssh -i /srv/reader -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
git push -q ssh://git@git/srv/shop.git main
git rev-parse main`
