// The API of Kubernetes as schemas for kubeconform: it asks for a file for each kind, and has none itself.

interface Definition {
  type?: string
  format?: string
  properties?: Record<string, Definition>
  items?: Definition
  additionalProperties?: Definition | boolean
  $ref?: string
  "x-kubernetes-group-version-kind"?: { group: string; kind: string; version: string }[]
  [key: string]: unknown
}

/** From api/openapi-spec/swagger.json: files by name, as `-schema-location {{.ResourceKind}}{{.KindSuffix}}.json` finds them. */
export function kubernetesSchemas(swagger: string, wanted: string[]): Record<string, string> {
  const { definitions } = JSON.parse(swagger) as { definitions: Record<string, Definition> }
  const kinds = Object.entries(definitions).flatMap(([name, { "x-kubernetes-group-version-kind": kinds = [] }]) =>
    kinds
      .filter(({ kind }) => wanted.includes(kind))
      .map(({ group, kind, version }) => {
        const file = [kind, ...(group === "" ? [] : [group.split(".")[0]!]), version].join("-").toLowerCase()
        return { name, file: `${file}.json` }
      }),
  )
  const used = new Map<string, Definition>()
  const use = (name: string): void => {
    if (used.has(name)) return
    used.set(name, strict(definitions[name]!))
    for (const [, other] of JSON.stringify(definitions[name]).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) use(other!)
  }
  for (const { name } of kinds) use(name)
  return {
    ...Object.fromEntries(kinds.map(({ name, file }) => [file, JSON.stringify({ $ref: `_definitions.json#/definitions/${name}` })])),
    "_definitions.json": JSON.stringify({ definitions: Object.fromEntries(used) }),
  }
}

/** No properties but those that are known, so that a typo is found. */
function strict({ description: _, ...definition }: Definition): Definition {
  if (definition.$ref !== undefined) return { $ref: definition.$ref.replace("#/", "_definitions.json#/") }
  // Numbers are taken for quantities and ports, too.
  if (definition.format === "int-or-string" || definition.type === "string") {
    const { type: __, format: ___, ...rest } = definition
    return definition.format === "int-or-string" ? { ...rest, type: ["string", "integer"] as never } : { ...rest, type: "string" }
  }
  const { properties, items, additionalProperties } = definition
  return {
    ...definition,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, strict(one)])),
          additionalProperties: false,
        }),
    ...(items === undefined ? {} : { items: strict(items) }),
    ...(typeof additionalProperties === "object" ? { additionalProperties: strict(additionalProperties) } : {}),
  }
}
