// npm packages from a lock file, checked against its integrity hashes.
import { cpSync } from "node:fs"
import { join } from "node:path"
import { temporary } from "../cache"
import { paths } from "../paths"
import { step } from "../progress"
import { require } from "../requirements"
import { run } from "../run"

/** Installs a lock file's packages into a new temporary folder and answers with it. No package's script is run. */
export async function npmCi(source: string, title: string, name: string): Promise<string> {
  await require(["npm"])
  const folder = temporary("npm")
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(source, file), join(folder, file))
  await step({ name, title, seconds: 10 }, () =>
    run(["npm", "ci", "--omit=dev", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: folder,
      // Without a network, npm would try again for minutes without a word.
      env: { npm_config_fetch_retry_mintimeout: "1000", npm_config_fetch_retry_maxtimeout: "5000", npm_config_cache: join(paths.downloads, "npm"), npm_config_update_notifier: "false" },
      log: "npm.log",
      purpose: title,
    }),
  )
  return folder
}
