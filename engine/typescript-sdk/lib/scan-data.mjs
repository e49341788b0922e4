// What the SDK's scan found in a module's sources, as plain data and back.
//
// The SDK scans the sources with the TypeScript compiler, and its own entrypoint does so again at every call (about a
// second). Here it is done once, when the module is loaded: `dump` writes the result without the syntax tree, `revive`
// gives it back as objects of the SDK's own classes, so that the SDK's code works on it unchanged.

/** Fields that hold the compiler's syntax tree, and `location`, which stands for it. */
const treeFields = new Set(["__node", "node", "ast", "symbol", "signature", "userModule", "references", "checker"])

/** @returns plain data: each object of a class is marked with the name of its class in `$class`. */
export function dump(value) {
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map(dump)
  const data = {}
  if (value.constructor !== Object) data.$class = value.constructor.name
  if (value.__node) data.$location = value.getLocation()
  for (const [key, field] of Object.entries(value)) {
    if (!treeFields.has(key) && typeof field !== "function") data[key] = dump(field)
  }
  return data
}

/** @param classes the SDK's classes by name, as exported by its dagger_module/index.js and its neighbours */
export function revive(data, classes) {
  if (data === null || typeof data !== "object") return data
  if (Array.isArray(data)) return data.map((item) => revive(item, classes))
  const { $class, $location, ...fields } = data
  if ($class && !classes[$class]) throw new Error(`the TypeScript SDK has no class ${$class}`)
  const value = $class ? Object.create(classes[$class].prototype) : {}
  for (const [key, field] of Object.entries(fields)) value[key] = revive(field, classes)
  if ($location) value.getLocation = () => $location
  return value
}
