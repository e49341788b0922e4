// What a mirror is asked to know it from a page that wants a login, from another server, and from one that refuses.

import type { MirrorAnswer } from "./ask.js"
import { distributionFamilies, type MirrorEntry, type MirrorFamily } from "./entries.js"

interface Expected {
  /** Below the mirror's address. */
  path: string
  /** How the right content begins, or what is near its beginning. */
  content: RegExp
}

const repository = /<repomd/

/** A file that every whole mirror of the distribution has. */
const ofDistribution: Record<string, Expected> = {
  debian: { path: "/dists/stable/InRelease", content: /^-----BEGIN PGP SIGNED MESSAGE/ },
  ubuntu: { path: "/dists/devel/InRelease", content: /^-----BEGIN PGP SIGNED MESSAGE/ },
  anolis: { path: "/8/BaseOS/x86_64/os/repodata/repomd.xml", content: repository },
  openeuler: { path: "/openEuler-24.03-LTS/OS/x86_64/repodata/repomd.xml", content: repository },
  opensuse: { path: "/distribution/leap/15.6/repo/oss/repodata/repomd.xml", content: repository },
  alpine: { path: "/latest-stable/main/x86_64/APKINDEX.tar.gz", content: /^\x1f\x8b/ },
}

const ofFamily: Partial<Record<MirrorFamily, Expected>> = {
  docker: { path: "/v2/", content: /^(?!\s*<)/ },
  go: { path: "/github.com/pkg/errors/@v/list", content: /^v\d/ },
  npm: { path: "/ms", content: /^\s*\{[^]*"ms"/ },
  maven: { path: "/junit/junit/maven-metadata.xml", content: /<metadata/ },
  pypi: { path: "/six/", content: /six-\d/ },
  cargo: { path: "/config.json", content: /^\s*\{[^]*"dl"/ },
  // Downloads are checked against their checksums.
  archive: { path: "/", content: /^/ },
}

export interface MirrorQuestion {
  url: string
  /** Why the answer shows that it is not a mirror, if it does. */
  refusal(answer: MirrorAnswer): string | undefined
}

export function questionFor(entry: MirrorEntry, distribution = entry.distribution): MirrorQuestion {
  const { path, content } = ofFamily[entry.family] ?? ofDistribution[distributionOf(entry.family, distribution)]!
  return {
    url: `${rootOf(entry)}${path}`,
    refusal({ status, type, start }) {
      if (status === 200 && content.test(start)) return undefined
      if (status === 200) return `it answers with something else (${type || "of no type"}): a login page, or no mirror of ${entry.family}`
      if (status === 401 && entry.family === "docker") return undefined
      // Somebody's own need not have all that a whole mirror has.
      if (status === 404 && entry.preset === undefined && entry.family in partial) return undefined
      return `it answers ${status}`
    },
  }
}

const partial: Partial<Record<MirrorFamily, true>> = { apt: true, dnf: true, zypper: true, apk: true, archive: true }

function distributionOf(family: MirrorFamily, distribution: string | undefined): string {
  const known = Object.keys(distributionFamilies).filter((name) => distributionFamilies[name] === family)
  return known.find((name) => name === distribution) ?? known[0]!
}

/** A registry answers at its top, whatever the path of its images. */
function rootOf({ family, address }: MirrorEntry): string {
  if (family !== "docker") return address
  const [, scheme = "https://", host] = /^(http:\/\/)?([^/]+)/.exec(address)!
  return `${scheme}${host}`
}
