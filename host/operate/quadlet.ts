// quadlet: units of systemd for podman, for those who want the services of a machine in one place. Nothing is started.
import { mkdirSync, readdirSync, rmSync } from "node:fs"
import { join, resolve } from "node:path"
import { blocking } from "../../src/plan/deploy/preflight"
import { quadletFiles, quadletServices } from "../../src/plan/deploy/quadlet"
import { checkEnv } from "../../src/plan/deploy/settings"
import { chosenProfiles } from "../../src/plan/deploy/stages"
import { writeFileAtomic } from "../files"
import { refused } from "./deploy"
import { type Folder, projectName, readEnv, readState, settingsOf } from "./folder"
import { locked } from "./lock"
import { EXIT, result, say } from "./print"
import { profilesOr } from "./start"
import { prepareFiles } from "./tls"

export async function quadlet(folder: Folder, named: string[], output: string | undefined): Promise<number> {
  const settings = settingsOf(folder)
  const project = projectName(folder, settings)
  const profiles = chosenProfiles(folder.deployment, profilesOr(folder, settings, readState(folder), named))
  const faults = blocking(checkEnv(folder.deployment, readEnv(folder) ?? ""), [])
  if (faults.length > 0) throw refused(faults, { json: false })
  const target = resolve(output ?? join(folder.path, "quadlet"))
  const files = quadletFiles(folder.deployment, { profiles, settings, project, folder: folder.path })
  await locked(folder, "quadlet", async () => {
    await prepareFiles(folder, settings)
    mkdirSync(target, { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileAtomic(join(target, name), text, 0o644)
    // Of a service that is not deployed any more.
    for (const name of readdirSync(target))
      if (name.startsWith(`${project}-`) && /\.(container|network|volume)$/.test(name) && !(name in files)) rmSync(join(target, name))
  })
  say(`wrote ${Object.keys(files).length} units to ${target}; they need podman 5 or newer, and the images on this machine or in a registry`)
  result(
    [
      "openimctl clean",
      `sudo cp ${target}/${project}-* /etc/containers/systemd/`,
      "sudo systemctl daemon-reload",
      `sudo systemctl start ${quadletServices(folder.deployment, { profiles, project }).join(" ")}`,
      "",
    ].join("\n"),
  )
  return EXIT.fine
}
