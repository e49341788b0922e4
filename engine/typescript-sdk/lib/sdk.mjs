// The parts of the npm package @dagger.io/dagger that its public index does not export. The version is exact in
// package.json, so these paths hold.

export { dag } from "../node_modules/@dagger.io/dagger/dist/src/api/client.gen.js"
export { ExecError } from "../node_modules/@dagger.io/dagger/dist/src/common/errors/ExecError.js"
export { GraphQLRequestError } from "../node_modules/@dagger.io/dagger/dist/src/common/errors/GraphQLRequestError.js"
export { connection } from "../node_modules/@dagger.io/dagger/dist/src/connect.js"
export { invoke } from "../node_modules/@dagger.io/dagger/dist/src/module/entrypoint/invoke.js"
export { Register } from "../node_modules/@dagger.io/dagger/dist/src/module/entrypoint/register.js"
export { Executor } from "../node_modules/@dagger.io/dagger/dist/src/module/executor.js"
export { close as closeTelemetry } from "../node_modules/@dagger.io/dagger/dist/src/telemetry/telemetry.js"

import * as enumClass from "../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/enumClass.js"
import * as objects from "../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/index.js"
import * as interfaceFunction from "../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/interfaceFunction.js"
import * as property from "../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/property.js"
import * as typeObjectProperty from "../node_modules/@dagger.io/dagger/dist/src/module/introspector/dagger_module/typeObjectProperty.js"

export const classes = { ...objects, ...enumClass, ...interfaceFunction, ...property, ...typeObjectProperty }
