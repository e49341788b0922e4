// What stack.yaml and versions.yaml say, after validation. The schemas say what each key is for; docs/catalogue.md lists them.

import type { InferOutput } from "valibot"
import type * as stack from "./stack.js"
import type * as versions from "./versions.js"

export interface Catalogue extends stack.StackPart {
  pins: Pins
}

export type SourceEntry = InferOutput<typeof stack.sourceSchema>
export type SourceImageEntry = InferOutput<typeof stack.sourceImageSchema>
export type UserEntry = InferOutput<typeof stack.userSchema>
export type InstallEntry = InferOutput<typeof stack.installSchema>
export type ContentEntry = InferOutput<typeof stack.contentSchema>
export type BaseEntry = InferOutput<typeof stack.baseSchema>
export type FrontEntry = InferOutput<typeof stack.frontSchema>
export type PackagedService = InferOutput<typeof stack.packagedServiceSchema>

/** An entry knows its name, which is its key in the file. */
interface Named {
  name: string
}

/** One program of a source. */
export type ProgramEntry = Named & InferOutput<typeof stack.programSchema>
/** Several programs of a source under a supervisor. */
export type GroupEntry = Named & InferOutput<typeof stack.groupSchema>
/** A server that is installed, from packages or an archive of its makers, instead of being built. */
export type InstalledEntry = Named & InferOutput<typeof stack.installedSchema>
/** An image that others publish: never built, never pushed. */
export type ReferenceEntry = Named & InferOutput<typeof stack.referenceSchema>
/** What is built from a source. */
export type BuiltEntry = ProgramEntry | GroupEntry
/** Whose image is made here. */
export type ImageEntry = BuiltEntry | InstalledEntry
export type ComponentEntry = ImageEntry | ReferenceEntry
/** What a stack needs to run. Its name is its host name as well. */
export type ServiceEntry = Named & InferOutput<typeof stack.serviceSchema>

export type Pins = InferOutput<typeof versions.versionsSchema>
export type PinnedSource = InferOutput<typeof versions.pinnedSourceSchema>
export type SourcePin = InferOutput<typeof versions.sourcePinSchema>
export type ArchivePin = InferOutput<typeof versions.archiveSchema>
export type ArchiveVersion = InferOutput<typeof versions.archiveVersionSchema>
export type ArchiveBuild = versions.BuildAddresses
export type ToolPin = InferOutput<typeof versions.toolSchema>
