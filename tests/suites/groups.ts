// What of a stack the suites test that no component is named for.

import { firstIn } from "../../src/base/entries.js"
import type { Catalogue, GroupEntry } from "../../src/catalogue/types.js"
import { runnableGroups } from "../../src/plan/stack/services.js"

/** The first group that can run: what one image is enough to show. */
export function firstGroup(catalogue: Catalogue): GroupEntry {
  return firstIn(runnableGroups(catalogue), "group that says what it needs")
}
