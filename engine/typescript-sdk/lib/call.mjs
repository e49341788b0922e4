// One function call of a module: what the SDK's own entrypoint does, with the scan already made and the call's
// description read in one request instead of one for each field.
import { revive } from "./scan-data.mjs"
import { classes, closeTelemetry, connection, dag, ExecError, Executor, GraphQLRequestError, invoke, Register } from "./sdk.mjs"

const currentCall = "{ currentFunctionCall { parentName name parent inputArgs { name value } } }"

/**
 * @param modules the module's source files, imported
 * @param scanned what prepare.mjs found in them
 */
export async function call(modules, scanned) {
  // Nothing but loading the code, so that Node's compile cache is written when the module is prepared.
  if (process.env.DAGGER_PREPARE) return
  const scan = revive(scanned, classes)
  await connection(
    async () => {
      const { currentFunctionCall: asked } = await dag.getGQLClient().request(currentCall)
      const result = asked.parentName === "" ? await new Register(scan).run() : await run(modules, scan, asked)
      await dag.currentFunctionCall().returnValue(JSON.stringify(result ?? null))
    },
    { LogOutput: process.stdout },
  )
}

async function run(modules, scan, asked) {
  try {
    return await invoke(new Executor(modules, scan), scan, {
      parentName: asked.parentName,
      fnName: asked.name,
      parentArgs: JSON.parse(asked.parent) ?? {},
      fnArgs: Object.fromEntries(asked.inputArgs.map(({ name, value }) => [name, JSON.parse(value)])),
    })
  } catch (error) {
    await dag.currentFunctionCall().returnError(asDaggerError(error))
    await closeTelemetry()
    process.exit(1)
  }
}

/** Only the message crosses to the caller; failed commands and requests also carry their details. */
function asDaggerError(error) {
  if (!(error instanceof Error)) return dag.error(typeof error === "string" ? error : JSON.stringify(error))
  let result = dag.error(error.message)
  if (error instanceof ExecError || error instanceof GraphQLRequestError) {
    for (const [key, value] of Object.entries(error.extensions ?? {})) {
      if (value !== "" && value != null) result = result.withValue(key, JSON.stringify(value))
    }
  }
  return result
}
