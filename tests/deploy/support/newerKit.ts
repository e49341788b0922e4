// A newer kit, as its user has it: the folder beside the one that runs, with an image of a service that is not the same.

import { createHash } from "node:crypto"
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { containerOf, docker } from "./machine.js"

interface Description {
  release: string
  settings: { name: string; default?: string }[]
  services: { name: string; imageSetting: string }[]
}

interface Newer {
  service?: string
  /** What is done to the files of the image before. */
  edit?: (container: string) => void
}

/** `change` is what docker commit does to the service's image, such as LABEL or ENTRYPOINT. */
export function newerKit(name: string, release: string, change: string, { service = "server", edit }: Newer = {}): string {
  const folder = `/srv/${name}`
  rmSync(folder, { recursive: true, force: true })
  cpSync("/kit", folder, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.startsWith("/kit/images") && !path.startsWith("/kit/node"),
  })
  const description = JSON.parse(readFileSync(join(folder, "deployment.json"), "utf8")) as Description
  const wanted = description.services.find((one) => one.name === service)?.imageSetting
  const image = description.settings.find((setting) => setting.name === wanted)?.default
  if (image === undefined) throw new Error(`the kit names no image of ${service}`)
  const changed = `${image}-${name}`
  const container = docker("create", image)
  edit?.(container)
  docker("commit", "--change", change, container, changed)
  docker("rm", container)
  for (const file of ["deployment.json", "docker-compose.prod.yml", "env.template"]) {
    const text = readFileSync(join(folder, file), "utf8").replaceAll(image, changed)
    writeFileSync(
      join(folder, file),
      file === "deployment.json" ? text.replace(JSON.stringify(description.release), JSON.stringify(release)) : text,
    )
  }
  writeFileSync(
    join(folder, "SHA256SUMS"),
    files(folder)
      .map((file) => `${sha256(join(folder, file))}  ${file}\n`)
      .join(""),
  )
  return folder
}

/** The server's API answers each request with 500; its other programs are as they were, and the container is healthy. */
export function answers500(container: string): void {
  const [program, layer] = ["/srv/answers-500", "/srv/layer.yaml"]
  writeFileSync(
    program,
    `#!/usr/bin/perl
use IO::Socket::INET;
$SIG{PIPE} = "IGNORE";
my $server = IO::Socket::INET->new(LocalPort => 10002, Listen => 64, ReuseAddr => 1) or die $!;
while (my $client = $server->accept) {
  sysread $client, my $request, 65536;
  print $client "HTTP/1.1 500 Internal Server Error\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n";
  close $client;
}
`,
    { mode: 0o755 },
  )
  docker("cp", program, `${container}:/usr/local/bin/answers-500`)
  const inside = "/var/lib/pebble/default/layers/001-server.yaml"
  docker("cp", `${container}:${inside}`, layer)
  const text = readFileSync(layer, "utf8")
  const changed = text.replace("/usr/local/bin/openim-api ", "/usr/local/bin/answers-500 ")
  if (changed === text) throw new Error(`${inside} does not start openim-api`)
  writeFileSync(layer, changed)
  docker("cp", layer, `${container}:${inside}`)
}

const files = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file !== "SHA256SUMS" && statSync(join(folder, file)).isFile())
    .sort()

const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex")

/** The image that the service's containers were made from. */
export const imageOf = (service: string): string => docker("inspect", "--format", "{{.Config.Image}}", containerOf(service))
