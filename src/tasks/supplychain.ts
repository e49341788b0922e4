// What an image holds, what it was made from, what is known to be wrong with it, and who signed it: for a caller.

import { randomUUID } from "node:crypto"
import type { File, Secret } from "@dagger.io/dagger"
import { checkFormat, formatted } from "../base/format.js"
import { type CallOptions, pinnedSettings, registryAccess } from "../graph/call/options.js"
import { imageProvenance, imageSbom } from "../graph/publish/attachments.js"
import { scanImage } from "../graph/publish/scans.js"
import { readSigning, signImages, verifyImages } from "../graph/publish/signing.js"
import { atLeast, checkSeverity, findingsTable } from "../plan/supplychain/findings.js"
import { checkBuilder } from "../plan/supplychain/provenance.js"
import { sbomFormat } from "../plan/supplychain/sbom.js"
import { builtLayout } from "./build.js"

export async function componentSbom(options: CallOptions, component: string, format: string): Promise<File> {
  sbomFormat(format)
  const { settings, request, image, layout } = await builtLayout(options, component, ["syft"])
  return imageSbom(settings, request, image, layout, format)
}

export async function componentProvenance(options: CallOptions, component: string, builderId: string): Promise<File> {
  checkBuilder(builderId)
  const { settings, request, image, layout } = await builtLayout(options, component)
  return imageProvenance(settings, request, image, layout, builderId)
}

export interface ScanCall {
  database?: File | null
  failOn?: string | null
  format: string
}

export async function scanReport(options: CallOptions, component: string, { database, failOn, format }: ScanCall): Promise<string> {
  if (failOn) checkSeverity(failOn)
  checkFormat(format)
  const { settings, layout } = await builtLayout(options, component, ["grype"])
  const findings = await scanImage(settings, layout, { file: database ?? undefined }, randomUUID())
  const text = formatted(format, () => findingsTable(findings), findings)
  const bad = failOn ? atLeast(findings, failOn) : []
  if (bad.length > 0) throw new Error(`${component}: ${bad.length} known vulnerabilities are ${failOn} or worse:\n${text}`)
  return text
}

export async function signedReport(options: CallOptions, images: string[], key: Secret, password?: Secret | null): Promise<string> {
  const signing = (await readSigning(key, password))!
  const access = await registryAccess(options)
  return signImages(await pinnedSettings(options, { tools: ["cosign"] }), images, signing, access, randomUUID())
}

export async function verifiedReport(options: CallOptions, images: string[], publicKey: File): Promise<string> {
  const access = await registryAccess(options)
  return verifyImages(await pinnedSettings(options, { tools: ["cosign"] }), images, publicKey, access, randomUUID())
}
