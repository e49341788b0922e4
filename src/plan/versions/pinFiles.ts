// Which files a bump changes.

export interface PinPaths {
  versions: string
  changelog: string
  /** Images and their versions, for a catalogue elsewhere. This project's own stand in the files of deployment.yaml. */
  env?: string
  deployment?: string
}

/** Their paths in a checkout with this stack, or in the folder of a custom catalogue, which has them side by side. */
export function pinPaths(stack?: string): PinPaths {
  if (stack === undefined) return { versions: "versions.yaml", env: "env.template", changelog: "CHANGELOG.md" }
  const folder = `stacks/${stack}`
  return { versions: `${folder}/versions.yaml`, changelog: `${folder}/CHANGELOG.md`, deployment: `${folder}/deployment.yaml` }
}
