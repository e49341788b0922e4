// Runs before any suite.

import { ready } from "./ready.js"

export default async function setup(): Promise<void> {
  await ready()
}
