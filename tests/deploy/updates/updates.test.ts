// Updates and more containers while users are connected, on a machine with a real Docker daemon, as a story.

import { afterAll, beforeAll } from "vitest"
import { works } from "../support/kit.js"
import { stopDaemon } from "../support/machine.js"
import { prepareMachine } from "../support/prepared.js"
import { scaleCases } from "./scale.js"
import { updateCases } from "./update.js"

beforeAll(async () => {
  await prepareMachine()
  works("deploy", "--ignore=disk")
})

afterAll(async () => {
  await stopDaemon()
})

updateCases()
scaleCases()
