// JSON schemas of stack.yaml and versions.yaml, for editors.

import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema"
import type { GenericSchema } from "valibot"
import type { Shapes } from "../../src/catalogue/fields.js"

export type { JsonSchema }

/** A file's schema without what only code can check: names that point to other entries, and keys that depend on each other. */
export function jsonSchema(schema: GenericSchema, title: string): JsonSchema {
  const { $schema, ...rest } = converted(schema)
  return { $schema, title, ...rest }
}

function converted(schema: GenericSchema): JsonSchema {
  const { $defs: _, ...json } = toJsonSchema(schema, {
    typeMode: "input",
    ignoreActions: ["partial_check"],
    overrideSchema: ({ valibotSchema }) => {
      // Never the type of a file's value: it stands for an entry without a shape.
      if (valibotSchema.type === "custom") return {}
      if (valibotSchema.type !== "lazy") return undefined
      const { shapes, called } = valibotSchema as unknown as Shapes
      return {
        anyOf: Object.entries(shapes).map(([mark, shape]) => ({ title: `${called} with ${mark}`, ...withoutDialect(converted(shape)) })),
      }
    },
  })
  return json
}

function withoutDialect({ $schema: _, ...json }: JsonSchema): JsonSchema {
  return json
}

export function jsonText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`
}
