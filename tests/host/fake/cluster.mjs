#!/usr/bin/env node
// kubectl and helm of a cluster that is a JSON file, for tests of openimctl. Its behaviour is in the same file:
//   down: nobody answers; version; refused: kinds that may not be made; classes: storage classes with their default
//   namespace: whether it is there; pods, events: what the cluster lists; helm: { fails: text, manifest: of the release }; diff: text
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"

const file = process.env.FAKE_CLUSTER
const [tool, ...args] = process.argv.slice(2)
const input = args.includes("--filename=-") ? readFileSync(0, "utf8") : undefined
appendFileSync(`${file}.calls`, `${JSON.stringify({ tool, args, input })}\n`)
const state = JSON.parse(readFileSync(file, "utf8"))
const print = (text) => process.stdout.write(`${typeof text === "string" ? text : JSON.stringify(text)}\n`)
const end = (code, text = "") => {
  if (text) process.stderr.write(`${text}\n`)
  process.exit(code)
}
const words = args.filter((word) => !word.startsWith("--"))

if (tool === "helm") {
  if (state.helm?.fails) end(1, state.helm.fails)
  if (words[0] === "history") print(state.history ?? [])
  if (words[0] === "get") print(state.helm?.manifest ?? "")
  if (words[0] === "template") print("apiVersion: v1\nkind: Service\nmetadata:\n  name: shop-api\n")
  end(0)
}
if (words[0] === "config") {
  if (words[1] === "get-contexts") print((state.contexts ?? ["here"]).join("\n"))
  else if (state.current !== "") print(state.current ?? "here")
  else end(1, "error: current-context is not set")
} else if (state.down) end(1, "Unable to connect to the server: dial tcp 192.0.2.1:6443: connect: connection refused")
else if (words[0] === "version") print({ serverVersion: { major: "1", minor: state.version ?? "34+" } })
else if (words[0] === "auth") print((state.refused ?? []).includes(words[3]) ? "no" : "yes")
else if (words[0] === "create" && words[1] === "namespace") writeFileSync(file, JSON.stringify({ ...state, namespace: true }))
else if (words[0] === "get" && words[1] === "namespace") end(state.namespace ? 0 : 1, state.namespace ? "" : "not found")
else if (words[0] === "get" && words[1] === "storageclasses")
  print({
    items: Object.entries(state.classes ?? { fast: true }).map(([name, standard]) => ({
      metadata: { name, annotations: { "storageclass.kubernetes.io/is-default-class": String(standard) } },
    })),
  })
else if (words[0] === "logs") print("a line of the log")
else if (words[0] === "get") print({ items: state[words[1]] ?? [] })
else if (words[0] === "diff") {
  if (state.diff) print(state.diff)
  end(state.diff ? 1 : 0)
}
