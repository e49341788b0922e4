// Which files a bump changes.

export interface PinPaths {
  versions: string
  env: string
  changelog: string
}

/** Their paths in a checkout with this stack, or in the folder of a custom catalogue, which has them side by side. */
export function pinPaths(stack?: string): PinPaths {
  if (stack === undefined) return { versions: "versions.yaml", env: "env.template", changelog: "CHANGELOG.md" }
  return { versions: `stacks/${stack}/versions.yaml`, env: "compose/env.template", changelog: `stacks/${stack}/CHANGELOG.md` }
}
