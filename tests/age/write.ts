// Writes into the checkout at $AGED what a bump of everything writes, or of the names in $BUMPED.

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readDeployment } from "../../src/catalogue/deployment.js"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { dockerfilesByPath } from "../../src/plan/dockerfile/dockerfile.js"
import { deploymentFilesByPath } from "../../src/plan/kubernetes/repository.js"
import { withChanges } from "../../src/plan/versions/changelog.js"
import { pinPaths } from "../../src/plan/versions/pinFiles.js"
import { aged } from "./aged.js"

const checkout = process.env.AGED ?? ""
const read = (path: string) => readFileSync(join(checkout, path), "utf8")
const write = (path: string, text: string) => writeFileSync(join(checkout, path), text)

const { versions, changelog, deployment } = pinPaths("openim")
const before = read(versions)
const names = process.env.BUMPED?.split(",")
write(versions, aged(before, names && ((name) => names.includes(name))))
if (read(versions) === before) throw new Error("nothing was bumped")
const catalogue = await loadCatalogue("openim", async (name) => read(`stacks/openim/${name}`))
const files = deploymentFilesByPath(catalogue, readDeployment("deployment.yaml", read(deployment!), catalogue))
for (const [name, text] of Object.entries(files)) write(name, text)
write(changelog, withChanges(read(changelog), ["everything: old → new"], "2031-02-03"))
for (const [name, text] of Object.entries(dockerfilesByPath(catalogue))) write(name, text)
