import { describe, expect, it } from "vitest"
import { accessTo, type DaemonInfo } from "../../src/plan/deploy/registryAccess.js"

describe("how the daemon reaches a registry", () => {
  const info: DaemonInfo = {
    RegistryConfig: {
      InsecureRegistryCIDRs: ["::1/128", "127.0.0.0/8", "10.1.0.0/16"],
      IndexConfigs: {
        "docker.io": { Secure: true, Mirrors: ["https://mirror.example/"] },
        "registry.example:5000": { Secure: false, Mirrors: [] },
        "safe.example": { Secure: true, Mirrors: null },
      },
    },
  }
  it.each<[string, boolean, boolean]>([
    ["docker.io", false, true],
    ["registry.example:5000", true, false],
    ["registry.example", false, false],
    ["safe.example", false, false],
    ["other.example", false, false],
    ["localhost:5000", true, false],
    ["127.0.0.1:5000", true, false],
    ["10.1.2.3:5000", true, false],
    ["10.2.2.3:5000", false, false],
  ])("%s", (registry, insecure, detour) => {
    expect(accessTo(registry, info)).toEqual({ insecure, detour })
  })

  it("knows nothing of a daemon that says nothing, and that a proxy is another way", () => {
    expect(accessTo("10.1.2.3:5000", {})).toEqual({ insecure: false, detour: false })
    expect(accessTo("a.example", { RegistryConfig: { InsecureRegistryCIDRs: null, IndexConfigs: null } })).toEqual({
      insecure: false,
      detour: false,
    })
    expect(accessTo("a.example", { HttpsProxy: "http://proxy.example:3128" }).detour).toBe(true)
  })
})
