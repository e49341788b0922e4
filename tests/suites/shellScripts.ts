// Every shell script of the project by shellcheck: files, whatever their names, and those that the module writes.

import { type Container, type Directory, dag } from "@dagger.io/dagger"
import type { Settings } from "../../src/graph/call/settings.js"
import { waitScript } from "../../src/plan/build/supervisor.js"
import { fileQuestions, imageQuestions, programQuestions, serverQuestions, smokeScript } from "../../src/plan/tests/smoke.js"
import { fetchScript } from "../../src/plan/toolchains/go/sources.js"
import { same } from "./cases.js"

/** `box` has shellcheck; `checkout` the project's files. */
export function shellCases(settings: Settings, box: Container, checkout: Directory): [string, () => Promise<unknown>][] {
  const project = checkout.filter({ exclude: ["**/node_modules", "report", "sdk"] })
  const faulty = checkout.file("tests/fixtures/workflows/careless.sh")
  return [
    [
      "shellcheck finds nothing in the project's shell scripts",
      async () => {
        const found = await checked(box, project.withoutDirectory("tests/fixtures/workflows"))
        same(found.remarks, "")
        // Of each folder that has some, one that is known; by ending, and by first line alone.
        const known = [
          ".ci/run",
          "bench/run",
          "daggerw",
          "engine/rootfs/setup",
          "host/engine/inside.sh",
          "shell/publish.sh",
          "tests/host/run",
        ]
        same(known.filter((name) => !found.scripts.includes(name)).join(), "")
      },
    ],
    [
      "shellcheck finds nothing in the scripts that the module writes",
      async () => {
        const written = Object.entries(scripts(settings))
        const folder = written.reduce((files, [name, text]) => files.withNewFile(`${name}.sh`, text), dag.directory())
        const found = await checked(box, folder)
        same(found.remarks, "")
        same(found.scripts.length, written.length)
      },
    ],
    [
      "a careless script is found, with and without an ending",
      async () => {
        for (const name of ["careless.sh", "bin/careless"]) {
          const { remarks, scripts } = await checked(box, dag.directory().withFile(name, faulty))
          same(scripts.join(), name)
          same(["SC2086", "SC2115"].filter((fault) => !remarks.includes(fault)).join(), "")
        }
      },
    ],
  ]
}

/** As they run: with a first line that says which shell. */
function scripts({ catalogue }: Settings): Record<string, string> {
  const smoke = (questions: Parameters<typeof smokeScript>[0]) => `#!/bin/sh\n${smokeScript(questions)}\n`
  const installed = Object.values(catalogue.components).flatMap((entry) => (entry.kind === "installed" ? [entry] : []))
  const sources = Object.entries(catalogue.sources)
  return {
    ...Object.fromEntries(installed.map((entry) => [`smoke-${entry.name}`, smoke(imageQuestions(serverQuestions(entry)))])),
    ...Object.fromEntries(
      sources.map(([name, { image }]) => [`smoke-source-${name}`, smoke(imageQuestions(programQuestions(image, ["one", "two"])))]),
    ),
    "smoke-files": smoke(fileQuestions("/image")),
    "fetch-modules": fetchScript,
    ...Object.fromEntries(Object.entries(catalogue.bases).map(([name, base]) => [`wait-${name}`, `#!/bin/sh\n${waitScript(base)}\n`])),
  }
}

async function checked(box: Container, folder: Directory): Promise<{ scripts: string[]; remarks: string }> {
  const ran = box.withMountedDirectory("/project", folder).withWorkdir("/project").withExec(["bash", "-euo", "pipefail", "-c", check])
  const [list, remarks] = await Promise.all([ran.file("/tmp/scripts").contents(), ran.file("/tmp/remarks").contents()])
  return { scripts: list.trim().split("\n"), remarks: remarks.trim() }
}

/** Leaves the list of scripts, and what shellcheck says of them. One that it cannot read, or none at all, is an error. */
const check = `
find . -type f ! -name '*.ts' | sed 's|^./||' | sort | while read -r file; do
  case $file in *.sh) echo "$file"; continue ;; esac
  if head -n 1 "$file" | head -c 100 | grep -aqE '^#!.*[/ ](ba|da)?sh( |$)'; then echo "$file"; fi
done > /tmp/scripts
[ -s /tmp/scripts ]
code=0
tr '\\n' '\\0' < /tmp/scripts | xargs -0 shellcheck --format=gcc > /tmp/remarks || code=$?
case $code in 0) ;; 123 | 1) [ -s /tmp/remarks ] ;; *) exit "$code" ;; esac`
