// What a deployment needs and no package registry has, as images: a store in the place of MongoDB, a page in the place of the web client.

import { type Container, type Directory, dag } from "@dagger.io/dagger"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { controlTools, serviceParts } from "../../src/graph/stack/services.js"
import { nodePackages } from "../../src/graph/stack/tests.js"
import { binFolder, plainPath } from "../../src/plan/build/image.js"
import { serviceOf } from "../../src/plan/stack/services.js"

const user = "10001:10001"

/** It has the commands of the image that it stands for, and knows no passwords. */
export async function storeImage(settings: Settings): Promise<{ container: Container; standIn: string }> {
  const [parts, { stackctl }] = await Promise.all([
    serviceParts(settings, serviceOf(settings.catalogue, "mongodb-stand-in")),
    controlTools(settings),
  ])
  const script = `#!/bin/sh\nif [ "$1" = health ]; then exec stackctl probe mongodb://127.0.0.1:27017; fi\nexec ${parts.command.join(" ")} /data/db\n`
  const container = parts.container
    .withFile(`${binFolder}/stackctl`, stackctl, { permissions: 0o755 })
    .withNewFile(`${binFolder}/start-mongod`, script, { permissions: 0o755 })
    .withDirectory("/data/db", dag.directory(), { owner: user })
    .withWorkdir("/data/db")
    .withUser(user)
    .withEntrypoint(["start-mongod"])
    .withoutDefaultArgs()
  return { container, standIn: parts.standIn ?? "MongoDB" }
}

/** OpenIM's own SDK for browsers, and LiveKit's, each on a page that nginx serves. */
export async function webImage(settings: Settings, checkout: Directory): Promise<Container> {
  const page = checkout.directory("tests/deploy/page")
  const browser = (await nodePackages(settings, checkout))
    .withDirectory("/browser", checkout.directory("tests/deploy"), { include: ["package.json", "package-lock.json"] })
    .withWorkdir("/browser")
    .withExec(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
  const packages = browser.directory("/browser/node_modules")
  const sdk = packages.directory("@openim/wasm-client-sdk")
  return (await toolbox(settings, [], ["nginx-light", "curl"]))
    .withEnvVariable("PATH", plainPath)
    .withFile("/etc/nginx/page.conf", page.file("nginx.conf"))
    .withFile("/page/index.html", page.file("index.html"))
    .withFile("/page/call.html", page.file("call.html"))
    .withFile("/page/livekit-client.umd.js", packages.file("livekit-client/dist/livekit-client.umd.js"))
    .withDirectory("/page", sdk.directory("assets"))
    .withDirectory("/page/sdk", sdk.directory("lib"))
    .withEntrypoint(["/usr/sbin/nginx", "-c", "/etc/nginx/page.conf", "-g", "daemon off;"])
    .withoutDefaultArgs()
}
