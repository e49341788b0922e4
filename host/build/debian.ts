// Root file systems from Debian packages, by mmdebstrap.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { withoutCredentials } from "../../src/base/addresses"
import { Problem } from "../../src/base/problem"
import { artefact, remove, temporary } from "../cache"
import { env, proxies } from "../env"
import { keys } from "../keys"
import { recipeDir } from "../paths"
import { step } from "../progress"
import { isRoot, require } from "../requirements"
import { attempt, run } from "../run"

/** Files get no younger time than this, so that equal packages give equal archives. */
const EPOCH = "1700000000"

export interface Bootstrap {
  suite: "bookworm" | "trixie"
  packages: string[]
  /** mmdebstrap options. */
  options?: string[]
  title: string
  name: string
  seconds: number
}

/** What Debian's own slim images leave out; the setting stays in the image, as it does there. */
export const SLIM = [
  "path-exclude=/usr/share/doc/*",
  "path-include=/usr/share/doc/*/copyright",
  ...["man", "info", "locale", "groff", "linda", "lintian"].map((name) => `path-exclude=/usr/share/${name}/*`),
].map((option) => `--dpkgopt=${option}`)

/**
 * bookworm asks for `usrmerge | usr-is-merged`, apt takes the first, and that brings all of Perl (12 MB compressed). The folders are
 * merged from the start instead, so that the second will do.
 */
const MERGED = [
  "--hook-dir=/usr/share/mmdebstrap/hooks/maybe-merged-usr",
  '--setup-hook=mkdir -p "$1"/etc/apt/preferences.d && printf "Package: usrmerge\\nPin: release *\\nPin-Priority: -1\\n" > "$1"/etc/apt/preferences.d/usrmerge',
  '--customize-hook=rm "$1"/etc/apt/preferences.d/usrmerge',
]

/** Where packages come from, and stay to come from in the image: Debian's own addresses (mmdebstrap's default), or the user's mirror. */
function sources(suite: string): string[] {
  const mirror = env("OPENIM_DEBIAN_MIRROR")?.replace(/\/+$/, "")
  if (mirror === undefined) return []
  const security = env("OPENIM_DEBIAN_SECURITY_MIRROR") ?? `${mirror}-security`
  if ([mirror, security].some((url) => withoutCredentials(url) !== url)) {
    throw new Problem(
      "OPENIM_DEBIAN_MIRROR holds a password, which would stay in the images that are built from it",
      "use a mirror without one, or a proxy that knows the password",
    )
  }
  return [`deb ${mirror} ${suite} main`, `deb ${mirror} ${suite}-updates main`, `deb ${security} ${suite}-security main`]
}

/** Makes a root file system as a tar archive. */
export async function bootstrap(what: Bootstrap, archive: string): Promise<void> {
  await require(["mmdebstrap", "keyring", "tar"])
  const work = temporary("mmdebstrap")
  // apt's unprivileged user works in there.
  await run(["chmod", "755", work])
  const command = [
    "mmdebstrap",
    "--variant=minbase",
    "--format=tar",
    "--architectures=amd64",
    "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
    `--aptopt=Acquire::Languages "none"`,
    `--aptopt=Acquire::Retries "3"`,
    ...aptOptions(await hostAptProxies(), work),
    ...(what.packages.length > 0 ? [`--include=${what.packages.join(",")}`] : []),
    ...(what.suite === "bookworm" ? MERGED : []),
    ...(what.options ?? []),
    // Its own cleaning leaves apt's folders to root or to _apt, depending on who may read the working folder.
    "--skip=cleanup/apt",
    `--customize-hook=find "$1"/var/lib/apt/lists "$1"/var/cache/apt ! -type d -delete`,
    `--customize-hook=chown -R 0:0 "$1"/var/lib/apt/lists "$1"/var/cache/apt; rm -rf "$1"/var/lib/apt/lists/auxfiles`,
    `--customize-hook=rm -rf "$1"/var/cache/ldconfig/* "$1"/var/log/* "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/hostname "$1"/etc/resolv.conf`,
    what.suite,
    archive,
    ...sources(what.suite),
  ]
  // Mounts and daemons it leaves behind when it is killed go with its own namespaces.
  const fence = isRoot() ? ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"] : []
  try {
    await step({ name: what.name, title: what.title, seconds: what.seconds }, (note) =>
      run([...fence, ...command], {
        env: { ...proxies(), TMPDIR: work, SOURCE_DATE_EPOCH: EPOCH, DEBIAN_FRONTEND: "noninteractive" },
        log: "debian.log",
        purpose: what.title,
        onLine: (line) => {
          if (line.startsWith("I: ")) note(line.slice(3, 73))
        },
      }),
    )
  } finally {
    await remove(work)
  }
}

/** The engine's root file system without its programs. */
export async function engineDebian(): Promise<string> {
  const root = join(recipeDir, "rootfs")
  const folder = await artefact("engine-debian", keys.debian(), (folder) =>
    bootstrap(
      {
        suite: "bookworm",
        packages: readFileSync(join(root, "packages"), "utf8").split(/\s+/).filter(Boolean),
        title: "Making the engine's root file system from Debian packages",
        name: "engine-debian",
        seconds: 30,
        options: [
          ...SLIM,
          `--customize-hook=sync-in ${join(root, "files")} /`,
          `--customize-hook=copy-in ${join(root, "setup")} /tmp`,
          '--customize-hook=chroot "$1" /tmp/setup && rm "$1"/tmp/setup',
        ],
      },
      join(folder, "root.tar"),
    ),
  )
  return join(folder, "root.tar")
}

/** A proxy that only the host's apt knows of. */
async function hostAptProxies(): Promise<string[]> {
  const dump = await attempt(["apt-config", "dump", "Acquire"], { limitSeconds: 10 })
  return dump.stdout.split("\n").filter((line) => /^Acquire::https?::Proxy\S* "[^"]+";$/.test(line))
}

/** By a file, which mmdebstrap takes as well: a proxy's address may hold a password, and everybody may read a command line. */
export function aptOptions(lines: string[], folder: string): string[] {
  if (lines.length === 0) return []
  const file = join(folder, "apt.conf")
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 })
  return [`--aptopt=${file}`]
}

/** Unpacks archives one over the other; a folder on the way that is a link (as /bin is) stays one. */
export async function unpack(archives: string[], folder: string, strict: boolean): Promise<void> {
  const options = strict && isRoot() ? ["--same-owner", "--numeric-owner", "-p"] : ["--no-same-owner"]
  // Device nodes need root and are the container's own anyway.
  for (const archive of archives)
    await run(["tar", "-xf", archive, "-C", folder, "--keep-directory-symlink", "--exclude=./dev/*", ...options], {
      purpose: `unpacking ${archive}`,
    })
}

/** Packs a folder so that equal contents give equal archives. */
export async function pack(folder: string, archive: string): Promise<void> {
  const same = [
    "--sort=name",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    `--mtime=@${EPOCH}`,
    "--format=posix",
    "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
  ]
  await run(["tar", "-cf", archive, ...same, "-C", folder, "."], { purpose: `packing ${archive}` })
}
