// npm packages from a lock file, checked against its integrity hashes.
import { cpSync } from "node:fs"
import { join } from "node:path"
import { temporary } from "../cache"
import { paths } from "../paths"
import { step } from "../progress"
import { require } from "../requirements"
import { run } from "../run"

/**
 * Installs a lock file's packages into a new temporary folder and answers with it. No package's script is run. The cache is shared,
 * unless one is to be filled with just these packages.
 */
export async function npmCi(source: string, title: string, name: string, cache = join(paths.downloads, "npm")): Promise<string> {
  await require(["npm"])
  const folder = temporary("npm")
  for (const file of ["package.json", "package-lock.json"]) cpSync(join(source, file), join(folder, file))
  await step({ name, title, seconds: 10 }, () =>
    run(["npm", "ci", "--omit=dev", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: folder,
      // Without a network, npm would try again for minutes without a word.
      env: {
        npm_config_fetch_retry_mintimeout: "1000",
        npm_config_fetch_retry_maxtimeout: "5000",
        npm_config_cache: cache,
        npm_config_update_notifier: "false",
      },
      log: "npm.log",
      purpose: title,
    }),
  )
  return folder
}

/** npm files what it has fetched under the registry's address, without the user in it, whom it also refuses to print. */
export async function npmRegistry(): Promise<string> {
  const given = process.env["npm_config_registry"] ?? process.env["NPM_CONFIG_REGISTRY"]
  const address = given || (await run(["npm", "config", "get", "registry"], { purpose: "asking npm for its registry" })).stdout.trim()
  return address.replace(/^([a-z]+:\/\/)[^/]*@/, "$1")
}
