// What a scan found, as people read it, and whether it is too much.

import { unknownName } from "../../base/nearest.js"
import { table } from "../../base/table.js"

/** From the least to the worst; what nobody has judged yet counts as none of them. */
export const severities = ["negligible", "low", "medium", "high", "critical"]

export function checkSeverity(name: string): void {
  if (!severities.includes(name)) throw unknownName("value of --fail-on", name, severities)
}

export interface Finding {
  id: string
  severity: string
  package: string
  version: string
  type: string
  fixed: string
}

/** What `grype -o json` printed, the worst first; a package that is in several binaries is named once. */
export function grypeFindings(text: string): Finding[] {
  interface Report {
    matches: {
      vulnerability: { id: string; severity: string; fix: { versions: string[] | null; state: string } }
      artifact: { name: string; version: string; type: string }
    }[]
  }
  const { matches } = JSON.parse(text) as Report
  const findings = matches.map(({ vulnerability, artifact }) => ({
    id: vulnerability.id,
    severity: vulnerability.severity.toLowerCase(),
    package: artifact.name,
    version: artifact.version,
    type: artifact.type,
    fixed: vulnerability.fix.versions?.join(", ") || vulnerability.fix.state,
  }))
  const unique = new Map(findings.map((finding) => [JSON.stringify(finding), finding]))
  const key = ({ id, package: name, version }: Finding) => `${name} ${version} ${id}`
  return [...unique.values()].sort((a, b) => rank(b) - rank(a) || (key(a) < key(b) ? -1 : 1))
}

function rank({ severity }: Finding): number {
  return severities.indexOf(severity)
}

/** Those that are as bad as this, or worse. */
export function atLeast(findings: Finding[], severity: string): Finding[] {
  return findings.filter((finding) => rank(finding) >= severities.indexOf(severity))
}

export function findingsTable(findings: Finding[]): string {
  if (findings.length === 0) return "no known vulnerabilities\n"
  const rows = findings.map((finding) => [finding.severity, finding.id, finding.package, finding.version, finding.fixed, finding.type])
  return table(["SEVERITY", "VULNERABILITY", "PACKAGE", "VERSION", "FIXED IN", "TYPE"], rows)
}
