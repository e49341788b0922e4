import { describe, expect, it } from "vitest"
import { functionsFile, moduleFunctions } from "./moduleFunctions.js"

const root = new URL("../..", import.meta.url).pathname
const list = moduleFunctions(root, "Openim")

describe("the list of functions that ./daggerw knows", () => {
  it("is that of src/", async () => {
    await expect(
      functionsFile(list),
      "host/call/functions.ts is not what src/ says: run npm run generate and commit the file",
    ).toMatchFileSnapshot("../../host/call/functions.ts")
  })

  it("has types, and which options must be given", () => {
    const { options, functions } = list.objects["Openim"]!
    expect(options).toMatchObject({
      source: "Directory",
      "git-token": "Secret",
      mirrors: "[String]",
      "git-ssh": "Socket",
      version: "String",
      "registry-password": "Secret",
    })
    expect(functions["build"]).toMatchObject({ gives: "Container", options: { component: "String!", builder: "String" } })
    expect(functions["bump"]).toMatchObject({ gives: "Changeset", options: { checkout: "Directory", bases: "Boolean" } })
    expect(functions["test-report"]!.gives).toBe("Directory")
    expect(list.objects["Tests"]!.functions["smoke"]).toMatchObject({ gives: "String", options: { component: "String" } })
    expect(list.objects["ReleaseResult"]!.functions["report"]).toEqual({ gives: "String", options: {} })
  })

  it("takes registry access once, for the whole call", () => {
    const { functions } = list.objects["Openim"]!
    const access = /^(registry-)?(username|password|config|ca|service)$|^plain-http$/
    for (const [name, { options }] of Object.entries(functions))
      expect(
        Object.keys(options).filter((option) => access.test(option)),
        name,
      ).toEqual([])
  })

  it("has what a call goes on with", () => {
    expect(list.objects["Container"]!.functions["export"]!.options).toMatchObject({ path: "String!", "media-types": "ImageMediaTypes" })
    expect(list.objects["Container"]!.functions["export-image"]!.options).toHaveProperty("name", "String!")
    expect(list.objects["Container"]!.functions["import"]!.options).toHaveProperty("source")
    expect(list.objects["Service"]!.functions["up"]!.options).toMatchObject({ ports: "[PortForward]", random: "Boolean" })
  })
})
