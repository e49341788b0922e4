// Writes into the checkout at $AGED what a bump of everything writes, or of the names in $BUMPED.

import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { dockerfiles } from "../../src/plan/dockerfile/dockerfile.js"
import { withChanges } from "../../src/plan/versions/changelog.js"
import { envTemplate } from "../../src/plan/versions/envTemplate.js"
import { pinPaths } from "../../src/plan/versions/pinFiles.js"
import { aged } from "./aged.js"

const checkout = process.env.AGED ?? ""
const read = (path: string) => readFileSync(join(checkout, path), "utf8")
const write = (path: string, text: string) => writeFileSync(join(checkout, path), text)

const { versions, env, changelog } = pinPaths("openim")
const before = read(versions)
const names = process.env.BUMPED?.split(",")
write(versions, aged(before, names && ((name) => names.includes(name))))
if (read(versions) === before) throw new Error("nothing was bumped")
const catalogue = await loadCatalogue("openim", async (name) => read(`stacks/openim/${name}`))
write(env, envTemplate(catalogue, read(env)))
write(changelog, withChanges(read(changelog), ["everything: old → new"], "2031-02-03"))
for (const [name, text] of Object.entries(dockerfiles(catalogue))) write(`dockerfiles/${name}`, text)
