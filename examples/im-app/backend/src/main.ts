import { configOf } from "./config.ts"
import { log, report } from "./log.ts"
import { startService } from "./service.ts"

try {
  const service = await startService(configOf())
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, async () => {
      log("stopping", { signal })
      await service.stop()
      process.exit(0)
    })
  }
} catch (error) {
  report("start", error)
  process.exit(1)
}
