// How Maven gets to know a mirror of its central repository.

import { markup } from "../../base/markup.js"

export function mavenSettings(mirror: string): string {
  return markup`<settings><mirrors><mirror><id>mirror</id><mirrorOf>central</mirrorOf><url>${mirror}</url></mirror></mirrors></settings>
`.text
}
