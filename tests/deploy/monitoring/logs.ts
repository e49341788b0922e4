// The profile logs: what containers say is found by its words, with the name of the service, also when the container is gone.

import { randomUUID } from "node:crypto"
import { describe, expect, test } from "vitest"
import { eventually } from "../../stacks/openim/support/eventually.js"
import { keepFigure } from "../../stacks/openim/support/results.js"
import { publicName } from "../support/kit.js"
import { containerOf, docker } from "../support/machine.js"
import { client } from "../support/users.js"

const label = "com.docker.compose.service"

interface Line {
  _msg: string
  [field: string]: string
}

const ask = (query: string): Line[] =>
  docker("exec", containerOf("victorialogs"), "start-victorialogs", "ask", query)
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)

const found = (query: string) =>
  eventually(
    `${query} is found`,
    () => {
      const lines = ask(query)
      expect(lines).not.toEqual([])
      return lines
    },
    { within: 60, every: 1000 },
  )

/** Of the machine that the containers run on. */
const pages = () => {
  const address = docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", containerOf("victorialogs"))
  return `http://${address}:9428/select/vmui/`
}

export function logCases(): void {
  describe("the profile logs", () => {
    test("a login that is refused is found by its operationID, with the name of the service", async () => {
      const operationID = randomUUID()
      const { ask: askApi } = await client()
      const began = Date.now()
      const body = { secret: "wrong", userID: "imAdmin", platformID: 1 }
      expect((await askApi("/auth/get_admin_token", body, { operationID })).errCode).not.toBe(0)
      const lines = await found(`"${operationID}"`)
      keepFigure({ name: "from a line of the server until it is found", value: Math.round((Date.now() - began) / 100) / 10, unit: "s" })
      for (const line of lines) {
        expect(line._msg).toContain(operationID)
        expect(line[`attrs.${label}`]).toBe("server")
      }
      expect(await found(`{attrs.${label}="server"} "${operationID}"`)).toHaveLength(lines.length)
    })

    test("every service that logs is there by its name", async () => {
      const names = (await found(`* | uniq by (attrs.${label})`)).map((line) => line[`attrs.${label}`])
      expect(names).toEqual(expect.arrayContaining(["server", "edge", "kafka"]))
    })

    test("the last words of a container that is gone are found", async () => {
      const words = `last words ${randomUUID()}`
      const image = docker("inspect", "-f", "{{.Config.Image}}", containerOf("edge"))
      const options = ["--label", `${label}=passing`, "--log-driver", "json-file", "--log-opt", `labels=${label}`]
      // Files that are new are seen within 10 s.
      docker("run", "--rm", "--network=none", "--entrypoint=sh", ...options, image, "-c", `sleep 15; echo ${words}`)
      const [line] = await found(`"${words}"`)
      expect(line![`attrs.${label}`]).toBe("passing")
    })

    test("its pages are reached on the machine, not through the edge, and not by other services", async () => {
      const page = await fetch(pages())
      expect(page.status).toBe(200)
      const script = /src="\.\/(assets\/[^"]+\.js)"/.exec(await page.text())?.[1]
      expect((await fetch(new URL(script ?? "no script", pages()))).headers.get("content-type")).toContain("javascript")
      expect(await (await fetch(`https://${publicName}/select/vmui/`)).text()).not.toContain("VictoriaLogs")
      const other = `bash -c ': </dev/tcp/victorialogs/9428' 2>/dev/null && echo open || echo closed`
      expect(docker("exec", containerOf("server"), "sh", "-c", other)).toBe("closed")
      expect(docker("port", containerOf("victorialogs"))).toBe("")
    })

    test("the shipper may read the logs, and nothing else", () => {
      const vlagent = containerOf("vlagent")
      expect(docker("exec", vlagent, "sh", "-c", "grep ^CapEff: /proc/self/status")).toMatch(/CapEff:\s+0+$/)
      expect(docker("exec", vlagent, "sh", "-c", "touch /containers/new 2>&1 || true")).toContain("Read-only file system")
      for (const name of ["victorialogs", "vlagent"]) {
        const used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", containerOf(name)).split(" /")[0]!
        keepFigure({ name: `memory of ${name}`, value: Math.round(Number.parseFloat(used)), unit: "MiB" })
      }
    })
  })
}
