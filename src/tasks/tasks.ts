// What the functions of the main object do.

export * from "./build.js"
export * from "./bundle.js"
export * from "./deployment.js"
export * from "./dockerfiles.js"
export * from "./lists.js"
export * from "./publish.js"
export * from "./stack.js"
export * from "./supplychain.js"
export * from "./versions.js"
