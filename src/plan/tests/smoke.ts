// The smoke test of an image, as a script that runs in it and a judgement of what it and the image's settings say.

import type { ImageEntry, InstalledEntry, SourceImageEntry } from "../../catalogue/types.js"
import { toolchains } from "../toolchains/toolchains.js"
import type { TestCase } from "./suites.js"

export interface ImageFacts {
  labels: string[]
  ports: number[]
  health: string[]
  /** Certificates that no package brought; undefined where the packages keep no list of single ones. */
  foreign?: string[]
}

/**
 * What is asked, and the shell command that succeeds when it is so. A missing program must never be a yes: what must not be there is
 * looked for by a command that shows in the same run that it finds what is there.
 */
export type SmokeQuestion = [what: string, command: string]

/** `configured`: the source brings configuration files. */
export function programQuestions({ config, logs, programs }: SourceImageEntry, names: string[], configured = true): SmokeQuestion[] {
  return [
    ...names.map((name): SmokeQuestion => [`${name} starts and answers --help`, `${programs}/${name} --help`]),
    ...(configured ? [["the configuration can be read", `[ -n "$(ls ${config}/*.y*ml)" ] && cat ${config}/*.y*ml`] as SmokeQuestion] : []),
    ["the log folder can be written", `touch ${logs}/smoke && rm ${logs}/smoke`],
    ["the binaries cannot be written", names.map((name) => fixed(`${programs}/${name}`)).join(" && ")],
  ]
}

export function serverQuestions({ server, start, data, versionOption, open }: InstalledEntry): SmokeQuestion[] {
  return [
    [`${server} starts and answers ${versionOption}`, `${server} ${versionOption}`],
    [
      "the data folder can be written, and is empty",
      `files=$(ls -A ${data}) && [ -z "$files" ] && touch ${data}/smoke && rm ${data}/smoke`,
    ],
    ...(open ? [] : [["the server does not start without a password", refusal(start)] as SmokeQuestion]),
    ["the programs cannot be written", [server, start].map(fixed).join(" && ")],
    ["the health check says whether the server answers", lifetime(start)],
  ]
}

/** It is there, it can be run, and neither it nor its name can be replaced. */
function fixed(program: string): string {
  return `path=$(command -v ${program}) && [ -x "$path" ] && [ ! -w "$path" ] && [ ! -w "\${path%/*}" ]`
}

/** It ends badly, and says what to set. */
function refusal(start: string): string {
  return `said=$(timeout 20 ${start} 2>&1); code=$?; echo "$said"; [ $code != 0 ] && case $said in *"${start}: no "*": set "*) ;; *) false ;; esac`
}

/** No before it runs, yes while it does, no again once it has ended. */
function lifetime(start: string): string {
  const lines = [
    `asked() { ${start} health; [ $? = "$1" ]; }`,
    "asked 1 || exit 1",
    "log=$(mktemp) || exit 1",
    `ALLOW_EMPTY_PASSWORD=yes ${start} > "$log" 2>&1 & server=$!`,
    "left=300",
    'until asked 0; do left=$((left - 1)); [ $left -gt 0 ] && kill -0 $server 2>/dev/null && sleep 0.2 || { tail -n 3 "$log"; exit 1; }; done',
    "kill $server",
    "wait $server",
    "asked 1",
  ]
  return `(\n${lines.join("\n")}\n)`
}

/** In the image, as its own user. */
export function imageQuestions(own: SmokeQuestion[]): SmokeQuestion[] {
  return [
    ...own,
    ["the user is not root", '[ "$(id -u)" -gt 0 ]'],
    [
      "CA certificates are there",
      "cat /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt 2>/dev/null | grep -q 'BEGIN CERTIFICATE'",
    ],
    ["time zones are there", "[ -s /usr/share/zoneinfo/Asia/Shanghai ]"],
  ]
}

const left = Object.values(toolchains).map(({ leftovers }) => leftovers)
const compilers = [...left.flatMap(({ programs }) => programs), "gcc", "cc", "g++", "clang", "rustc", "javac"]
const sources = left.flatMap(({ files }) => files)
const caches = ["var/lib/apt/lists", "var/cache/apt", "var/cache/dnf", "var/cache/yum", "var/cache/apk", "var/cache/zypp"]
const foreign = ["usr/local/share/ca-certificates", "etc/pki/ca-trust/source/anchors", "usr/share/pki/ca-trust-source/anchors"]

/**
 * Of the image's files below a folder, asked by a container that has the tools for it and may read all of them. An image for developers
 * has compilers, and the sources that they bring.
 */
export function fileQuestions(root: string, development = false): SmokeQuestion[] {
  const named = (names: string[]) => names.map((name) => `-name '${name}'`).join(" -o ")
  const below = (folders: string[]) => folders.map((folder) => `-path '${root}/${folder}/*'`).join(" -o ")
  const compiling: SmokeQuestion[] = [
    ["no compiler is there", nothing(root, `-perm /111 ! -path '*/share/*' \\( ${named(compilers)} -o -name 'gcc-[0-9]*' \\)`)],
    ["no source is there", nothing(root, `\\( ${named(sources)} \\)`)],
  ]
  return [
    ...(development
      ? [["no key of the SSH server is there", nothing(root, `-path '${root}/etc/ssh/ssh_host_*'`)] as SmokeQuestion]
      : compiling),
    ["no program can act as another user (setuid, setgid)", nothing(root, "-perm /6000")],
    ["no package cache is there", nothing(root, `-size +0 \\( ${below(caches)} \\)`)],
    ["no certificate was added by hand", nothing(root, `\\( ${below(foreign)} \\)`)],
    ["no account has the day on which it was made", undated(root)],
  ]
}

/** A search that finds the one file that every image has, and nothing else. */
function nothing(root: string, tests: string): string {
  const search = `find '${root}' -xdev \\( -path '${root}/etc/passwd' -o ! -type d ${tests} \\) -print`
  return `found=$(${search}); echo "$found"; [ "$found" = '${root}/etc/passwd' ]`
}

/** Accounts with today's day, and the one that every image has. */
function undated(root: string): string {
  const today = `cut -d : -f 1,3 '${root}/etc/shadow' | grep ":$(($(date +%s) / 86400))$"`
  return `found=$(${today}; cut -d : -f 1 '${root}/etc/passwd' | grep '^root$'); echo "$found"; [ "$found" = root ]`
}

/** Prints a line for each question: yes or no, a tab, what was asked; after a no another tab, and the end of what was printed. */
export function smokeScript(questions: SmokeQuestion[]): string {
  const lines = questions.map(
    ([what, command]) => `if said=$({\n${command}\n} 2>&1); then printf 'yes\\t%s\\n' '${what}'; else no '${what}' "$said"; fi`,
  )
  return [`no() { printf 'no\\t%s\\t%s\\n' "$1" "$(printf '%s' "$2" | tail -n 5 | tr '\\n\\t' '  ' | cut -c 1-1000)"; }`, ...lines].join(
    "\n",
  )
}

/** What was not answered was not asked: the script has ended before. */
export function answersOf(questions: SmokeQuestion[], output: string): TestCase[] {
  const lines = output.split("\n").map((line) => line.split("\t"))
  return questions.map(([what]) => {
    const [answer, , said] = lines.find(([, name]) => name === what) ?? []
    return { name: what, ok: answer === "yes", detail: answer === undefined ? "not answered" : said }
  })
}

// Not the revision: a checkout without its repository has none.
const wantedLabels = ["source", "version", "created", "title"].map((name) => `org.opencontainers.image.${name}`)

export function findingsOf(image: ImageFacts, component: ImageEntry): TestCase[] {
  const missing = wantedLabels.filter((label) => !image.labels.includes(label))
  const closed = component.ports.filter((port) => !image.ports.includes(port))
  const probed = component.kind !== "program" || component.probe !== undefined
  return [
    { name: "the labels are set", ok: missing.length === 0, detail: `missing: ${missing.join(", ")}` },
    { name: `the ports ${component.ports.join(", ") || "(none)"} are exposed`, ok: closed.length === 0 },
    { name: probed ? "a health check is set" : "there is no port for a health check", ok: !probed || image.health.length > 0 },
    certificates(image.foreign),
  ]
}

function certificates(foreign?: string[]): TestCase {
  const name = "no certificate of the building machine is left"
  if (foreign === undefined) return { name, ok: true, skipped: true, detail: "this distribution has no list of single certificates" }
  return { name, ok: foreign.length === 0, detail: foreign.join(", ") }
}

/** Which certificates no package has brought: by the names of files without their endings, and by how many the bundle holds. */
export function surplusCertificates({
  packaged,
  installed,
  bundled,
}: {
  packaged: string[]
  installed: string[]
  bundled: number
}): string[] {
  // update-ca-certificates makes file names plain; Alpine's puts a word before them.
  const plain = new Set(packaged.map((name) => name.replace(/[ ,]/g, "_").replace(/[()]/g, "=")))
  const surplus = bundled > packaged.length ? [`${bundled - packaged.length} certificates in the bundle`] : []
  return [...installed.filter((name) => !plain.has(name.replace(/^ca-cert-/, ""))), ...surplus]
}
