import { describe, expect, it } from "vitest"
import { kubernetesSchemas } from "../suites/kubernetesSchemas.js"
import { manifestFaults, manifestsOf } from "../suites/manifests.js"

const good = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  template:
    spec:
      automountServiceAccountToken: false
      securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: api
          image: api:1
          env: [{ name: PASSWORD_FILE, value: /run/secrets/password }]
          securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
          resources: { requests: { cpu: 10m, memory: 16Mi }, limits: { memory: 64Mi } }
      volumes: [{ name: tmp, emptyDir: {} }]
---
# Nothing.
---
kind: Service
metadata: { name: api }
`
const faults = (text: string) => manifestFaults(manifestsOf(text), ["PASSWORD"])

describe("manifests", () => {
  it("that keep the policy have no fault", () => {
    expect(manifestsOf(good).map(({ kind }) => kind)).toEqual(["Deployment", "Service"])
    expect(faults(good)).toEqual([])
  })

  it.each([
    ["runAsNonRoot: true", "runAsNonRoot: false", "it may run as root"],
    ["runAsUser: 10001", "runAsUser: 0", "it may run as root"],
    ["type: RuntimeDefault", "type: Unconfined", "it has no seccomp profile"],
    ["automountServiceAccountToken: false", "automountServiceAccountToken: true", "it gets a token"],
    ["      containers:", "      hostNetwork: true\n      containers:", "it uses namespaces of the node"],
    ["runAsUser: 10001,", "runAsUser: 1, sysctls: [{ name: kernel.panic, value: '1' }],", "it sets a sysctl"],
    ["emptyDir: {}", "hostPath: { path: / }", "it has a volume that the policy refuses"],
    ["allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "container api: it may get more rights"],
    ["drop: [ALL]", "drop: [ALL], add: [SYS_ADMIN]", "container api: it keeps capabilities"],
    ["readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "container api: its root can be written"],
    ["requests: { cpu: 10m, memory: 16Mi }", "requests: { cpu: 10m }", "container api: it requests no memory"],
    ["limits: { memory: 64Mi }", "limits: {}", "container api: its memory has no limit"],
    ["name: PASSWORD_FILE", "name: PASSWORD", "PASSWORD is a secret, and a value here"],
    ["kind: Service\nmetadata: { name: api }", "kind: Secret\nmetadata: { name: api }", "Secret api: it is a Secret"],
    ["kind: Service\n", "kind: Deployment\n", "Deployment api: it is there twice"],
  ])("with a fault are found: %s → %s", (before, after, fault) => {
    const text = good.replace(before, after)
    expect(text).not.toBe(good)
    expect(faults(text).join("\n")).toContain(fault)
  })
})

describe("schemas of Kubernetes", () => {
  const swagger = JSON.stringify({
    definitions: {
      Shop: {
        type: "object",
        description: "A shop",
        properties: {
          port: { type: "string", format: "int-or-string" },
          owner: { $ref: "#/definitions/Owner" },
          rooms: { type: "array", items: { $ref: "#/definitions/Room" } },
        },
        "x-kubernetes-group-version-kind": [{ group: "trade.example.com", version: "v1", kind: "Shop" }],
      },
      Owner: { type: "object", properties: { name: { type: "string", format: "byte" } } },
      Room: { type: "object", additionalProperties: { $ref: "#/definitions/Owner" } },
      Other: { type: "object", "x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "Other" }] },
    },
  })

  it("have a file for each kind that is asked for, with what it needs, and refuse what is not known", () => {
    const files = kubernetesSchemas(swagger, ["Shop"])
    expect(Object.keys(files)).toEqual(["shop-trade-v1.json", "_definitions.json"])
    const { definitions } = JSON.parse(files["_definitions.json"]!) as { definitions: Record<string, Record<string, never>> }
    expect(Object.keys(definitions)).toEqual(["Shop", "Owner", "Room"])
    expect(definitions["Shop"]).toMatchObject({
      additionalProperties: false,
      properties: { port: { type: ["string", "integer"] }, owner: { $ref: "_definitions.json#/definitions/Owner" } },
    })
  })
})
