// Every environment variable daggerw reads, in one table: help and doctor print it, the code asks for names from it only.

export interface Variable {
  name: string
  purpose: string
}

export const VARIABLES = [
  { name: "OPENIM_CACHE", purpose: "the one folder for all that daggerw makes (default: $XDG_CACHE_HOME or ~/.cache, openim-dagger)" },
  {
    name: "OPENIM_DOWNLOADS",
    purpose: "Go module, Go build, npm and deb caches (default: downloads/ in the cache folder); may be shared by several cache folders",
  },
  {
    name: "OPENIM_BUNDLE",
    purpose: "an offline bundle that has the CLI, the engine and Node (default: the folder of the call's --bundle)",
  },
  {
    name: "OPENIM_BUNDLE_SHA256",
    purpose:
      "the digest that every bundle must have, as ./daggerw bundle DIR printed it where the bundle was made; compared before anything of a bundle is used",
  },
  { name: "OPENIM_CACHE_SHARED", purpose: "yes accepts a cache folder that others own or may write to: they can change what runs as you" },
  { name: "DAGGER_BIN", purpose: "the Dagger CLI to use, whatever its version" },
  {
    name: "_EXPERIMENTAL_DAGGER_RUNNER_HOST",
    purpose: "an engine to use: unix:// tcp:// tls:// ssh:// container:// image:// kube-pod:// …, passed on to dagger as it is",
  },
  {
    name: "_EXPERIMENTAL_DAGGER_RUNNER_IMAGESTORE",
    purpose: "where export-image puts images: docker-image, podman-image, nerdctl-image or finch-image (default: the first that answers)",
  },
  { name: "OPENIM_ENGINE", purpose: "auto, docker (never without Docker) or packages (never the official image); default auto" },
  { name: "OPENIM_CLI", purpose: "auto, release (never build the CLI) or packages (never download it); default auto" },
  { name: "OPENIM_DAGGER_RELEASES", purpose: "mirror of https://dl.dagger.io/dagger/releases" },
  {
    name: "OPENIM_ENGINE_IMAGE",
    purpose:
      "mirror of the engine image registry.dagger.io/engine, such as registry.example/dagger/engine; the digest stays the recorded one",
  },
  {
    name: "OPENIM_ENGINE_INSECURE",
    purpose:
      "yes or no: may a module start containers with all rights of root on this host? Default yes, as Dagger has it; counts when an engine is started",
  },
  {
    name: "OPENIM_MIRRORS",
    purpose:
      "presets (china, aliyun, tuna, ustc, tencent, huawei) and FAMILY=ADDRESS, as in the module's --mirrors, separated by commas: sets, from those that answer, GOPROXY, npm_config_registry, OPENIM_DEBIAN_MIRROR and OPENIM_REGISTRY_MIRRORS where they are not set",
  },
  {
    name: "OPENIM_REGISTRY_MIRRORS",
    purpose:
      "mirrors of Docker Hub for the engine from packages, separated by commas, asked in this order, by tag where versions.yaml pins no digest (bump --bases does): name only those that you trust as much as Docker Hub; http://HOST:PORT for one without TLS",
  },
  {
    name: "OPENIM_DEBIAN_MIRROR",
    purpose: "mirror of Debian's archive (http://…/debian), for the builds and in the base images built here",
  },
  {
    name: "OPENIM_DEBIAN_SECURITY_MIRROR",
    purpose: "mirror of Debian's security archive (default: OPENIM_DEBIAN_MIRROR with -security behind it)",
  },
  { name: "OPENIM_DNS", purpose: "name servers for the engine, separated by commas (default: the host's)" },
  {
    name: "OPENIM_ENGINE_HOST_PORTS",
    purpose:
      "TCP ports of this host that builds in an engine without Docker may reach, separated by commas, or all (default: name servers alone, and proxies and mirrors that run here)",
  },
  {
    name: "OPENIM_CA_BUNDLE",
    purpose:
      "PEM file with certificates that the engine and its containers trust in addition to the usual ones (default: the host's bundle)",
  },
  { name: "OPENIM_ENGINE_START_SECONDS", purpose: "how long a new engine may take until it answers (default 600)" },
  {
    name: "GOPROXY",
    purpose:
      "Go module proxy, for what is built on this machine (CLI, engine); likewise GONOPROXY, GOSUMDB, GONOSUMDB, GOPRIVATE, GOINSECURE. Builds of images take --goproxy, --go-private, --go-nosumdb, --go-insecure and --netrc",
  },
  { name: "npm_config_registry", purpose: "npm registry, for the builds; .npmrc files are read, too" },
  {
    name: "HTTP_PROXY",
    purpose: "proxy, for the builds, the engine and its containers; likewise HTTPS_PROXY, NO_PROXY, ALL_PROXY, and each in lower case",
  },
  { name: "SSL_CERT_FILE", purpose: "the host's CA bundle, where it is not in a usual place" },
  {
    name: "DAGGER_NO_UPDATE_CHECK",
    purpose: "daggerw sets it to 1 unless you set it: the check hangs where Dagger's registry is out of reach",
  },
  { name: "DO_NOT_TRACK", purpose: "daggerw sets it to 1 unless you set it" },
  { name: "DAGGER_NO_NAG", purpose: "daggerw sets it to 1 unless you set it" },
] as const satisfies readonly Variable[]

export type VariableName = (typeof VARIABLES)[number]["name"]

/** A variable's value; an empty one counts as not set. */
export function env(name: VariableName): string | undefined {
  return process.env[name] || undefined
}

/** A variable with few possible values. */
export function choice<T extends string>(name: VariableName, known: readonly [T, ...T[]]): T {
  const value = env(name)
  if (value === undefined) return known[0]
  if ((known as readonly string[]).includes(value)) return value as T
  throw new Error(`${name}=${value} is not known: use one of ${known.join(", ")}`)
}

const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"]

/** The proxy variables that are set, in both spellings: tools disagree on which one they read. */
export function proxies(): Record<string, string> {
  const found: Record<string, string> = {}
  for (const upper of PROXIES) {
    const value = process.env[upper] || process.env[upper.toLowerCase()]
    if (value) found[upper] = found[upper.toLowerCase()] = value
  }
  return found
}
