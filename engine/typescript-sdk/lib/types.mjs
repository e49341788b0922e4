// Registers a module's types with the engine from what prepare.mjs found.
//
// usage: types.mjs, in the module's folder. Writes the module's ID to the file named by TYPEDEF_OUTPUT_FILE.
import { readFileSync, writeFileSync } from "node:fs"
import { revive } from "./scan-data.mjs"
import { classes, connection, Register } from "./sdk.mjs"

const scan = revive(JSON.parse(readFileSync(".dagger/scan.json", "utf8")), classes)
await connection(async () => {
  writeFileSync(process.env.TYPEDEF_OUTPUT_FILE, JSON.stringify(await new Register(scan).run()))
})
