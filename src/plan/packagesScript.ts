// Renders a package plan as one POSIX shell script that stands alone: for dash, bash and busybox ash, in a Dagger exec
// or in a Dockerfile's RUN.
//
// Arguments of the script: --mirror=FAMILY=URL (tried before the plan's mirrors), --proxy=URL, --record=FILE,
// --apt-archives=DIR (keeps apt's downloads, for a cache volume). A proxy with a password comes by the environment
// (http_proxy), never as an argument. The log goes to stderr, the record (readPackageRecord) to stdout or to --record.

import type { PackageAttempt, PackagePlan } from "./packages.js"

export interface PackageScriptOptions {
  /** Caches are cleaned and files are looked for below this folder: for tests on a machine that must not change. */
  root?: string
}

export function packageScript(plan: PackagePlan, options: PackageScriptOptions = {}): string {
  const parts = [
    "#!/bin/sh",
    `# Installs ${plan.subject}: ${plan.attempts.map((attempt) => attempt.name).join(", then ")}.`,
    `subject=${quoted(plan.subject)}`,
    `root=${quoted(options.root ?? "")}`,
    library,
    // Inside a function, so that a script that was cut off does nothing.
    "main() {",
    "prepare \"$@\"",
  ]
  let manager = ""
  for (const attempt of plan.attempts) {
    if (attempt.manager === "manual") continue
    if (attempt.manager !== manager) parts.push(managerLines(plan, attempt))
    manager = attempt.manager
    parts.push(attempt.mirror ? tryMirror(attempt) : "try_own")
  }
  parts.push(...manualLines(plan), "give_up", "}", "main \"$@\"", "")
  return parts.join("\n")
}

function managerLines(plan: PackagePlan, attempt: PackageAttempt): string {
  const family = attempt.family!
  return [
    "",
    `manager=${attempt.manager} family=${family} limit=${attempt.limitSeconds}`,
    `packages=${quoted(plan.packages[family]!.join(" "))}`,
    `files=${quoted(plan.files[family]!.join(" "))}`,
    `commands=${quoted(attempt.commands.join("\n"))}`,
    `repositories=${quoted(plan.repositories[family]!.join("\n"))}`,
    "start_manager",
  ].join("\n")
}

function tryMirror({ mirror }: PackageAttempt): string {
  const trust = mirror!.unsigned ? "unsigned" : "signed"
  return `try_mirror ${quoted(mirror!.url)} ${trust} ${quoted(mirror!.repositories!.join("\n"))}`
}

function manualLines(plan: PackagePlan): string[] {
  if (plan.withoutDownload.length > 0) {
    return ["", `refuse manual ${quoted(`no download is named for ${plan.withoutDownload.join(", ")}`)}`]
  }
  const limit = plan.attempts[plan.attempts.length - 1].limitSeconds
  const all = (action: (download: PackagePlan["downloads"][number], number: number) => string) =>
    plan.downloads.map(action).join(" &&\n  ")
  return [
    "",
    `limit=${limit}`,
    "if start_manual &&",
    "  " +
      all(
        (download, number) =>
          `fetch ${quoted(download.name)} ${number} ${download.sha256} ${download.urls.map(quoted).join(" ")}`,
      ) +
      " &&",
    "  " +
      all((download, number) =>
        download.unpack
          ? `unpack ${number} ${quoted(download.to)} ${download.stripTop ? "top" : "all"} ` +
            quoted(download.files!.join(" "))
          : `place ${number} ${quoted(download.to)} ${download.mode}`,
      ),
    "then",
    "  succeed manual",
    "fi",
  ]
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

const library = `
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
refused= scratch= record= running= untrusted=

say() { printf '%s: %s\\n' "$subject" "$*" >&2; }

prepare() {
  separators=$(printf ' \\t\\r')
  given_mirrors= apt_archives= given_proxy=
  for argument in "$@"; do
    case $argument in
      --*://*@*)
        say "\${argument%%=*}: the address holds credentials; a proxy with a password is set as http_proxy"
        exit 2 ;;
      --mirror=*=*) given_mirrors="$given_mirrors \${argument#--mirror=}" ;;
      --proxy=*) given_proxy=\${argument#--proxy=} ;;
      --record=*) record=\${argument#--record=} ;;
      --apt-archives=*) apt_archives=\${argument#--apt-archives=} ;;
      *)
        say "unknown argument $argument: use --mirror=FAMILY=URL, --proxy=URL, --record=FILE, --apt-archives=DIR"
        exit 2 ;;
    esac
  done
  # The managers read the names in small letters; many sites set the others only.
  http_proxy=\${given_proxy:-\${http_proxy:-\${HTTP_PROXY:-}}}
  https_proxy=\${given_proxy:-\${https_proxy:-\${HTTPS_PROXY:-}}}
  no_proxy=\${no_proxy:-\${NO_PROXY:-}}
  if [ -n "$http_proxy" ]; then export http_proxy; else unset http_proxy; fi
  if [ -n "$https_proxy" ]; then export https_proxy; else unset https_proxy; fi
  if [ -n "$no_proxy" ]; then export no_proxy; else unset no_proxy; fi

  trap 'clean_up' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  scratch=$(mktemp -d "\${TMPDIR:-/tmp}/packages.XXXXXX") || { say "there is no place for temporary files"; exit 1; }
  # apt downloads as a user of its own.
  chmod 755 "$scratch"
  work=$scratch/work log=$scratch/output
  : >"$scratch/record"

  if timeout -k 1 9 sh -c : 2>/dev/null; then limiter="timeout -k 5"
  elif timeout 9 sh -c : 2>/dev/null; then limiter="timeout"
  elif timeout -t 9 sh -c : 2>/dev/null; then limiter="timeout -t"
  else
    limiter=
    say "there is no timeout command here, so attempts have no time limit"
  fi
  # A process group to end as a whole; not every timeout makes one.
  if [ -n "$limiter" ] && command -v setsid >/dev/null; then limiter="setsid $limiter"; fi

  codename=$(release_field VERSION_CODENAME)
  version=$(release_field VERSION_ID)
  # "3.19.1" → "3.19"; "24.03 (LTS-SP1)" → "24.03-LTS-SP1"
  case $version in *.*.*) minor=\${version%.*} ;; *) minor=$version ;; esac
  edition=$(release_field VERSION)
  case $edition in *" ("*")") edition="\${edition%% (*}-\${edition##*(}"; edition=\${edition%")"} ;; esac
}

release_field() {
  [ -r /etc/os-release ] && (
    VERSION_CODENAME= VERSION_ID= VERSION=
    . /etc/os-release
    eval "printf %s \\"\\$$1\\""
  )
}

clean_up() {
  status=$?
  trap - EXIT
  end_running
  if [ -n "$scratch" ] && [ -f "$scratch/record" ]; then
    if [ -n "$record" ]; then cat "$scratch/record" >"$record"; else cat "$scratch/record"; fi
    rm -rf "$scratch"
  fi
  exit "$status"
}

# Runs a command under a time limit. What ignored the signals of timeout must not go on behind our back.
limited() {
  seconds=$1
  shift
  if [ -z "$limiter" ]; then
    "$@"
    return
  fi
  $limiter "$seconds" "$@" &
  running=$!
  ended=0
  wait "$running" || ended=$?
  end_running
  return "$ended"
}

end_running() {
  if [ -n "$running" ]; then kill -KILL "-$running" 2>/dev/null; fi
  running=
}

refuse() {
  say "$1 refused: $2"
  refused="$refused\${refused:+; }$1 ($2)"
  printf 'refused\\t%s\\t%s\\n' "$1" "$2" >>"$scratch/record"
}

succeed() {
  printf 'done\\t%s\\n' "$1" >>"$scratch/record"
  say "done by $1"
  exit 0
}

give_up() {
  say "nothing worked: $refused." \\
    "Next: name a mirror or a proxy that this machine reaches, or a download for the manual step"
  exit 1
}

# Is the manager here at all, and is there anything left to do?
start_manager() {
  usable=
  if ! program=$(command -v "$manager"); then
    refuse "$manager" "not installed"
    return
  fi
  if [ "$manager" = yum ] && [ -n "\${dnf_program:-}" ] && [ "$program" -ef "$dnf_program" ]; then
    refuse yum "the same program as dnf here"
    return
  fi
  [ "$manager" = dnf ] && dnf_program=$program
  if [ -z "$(missing)" ]; then succeed "$manager (already installed)"; fi
  usable=yes
  for given in $given_mirrors; do
    case $given in "$family="*)
      if [ -n "$repositories" ]; then try_mirror "\${given#*=}" signed "$repositories"
      else refuse "$manager via \${given#*=}" "no usual layout of repositories is known for this distribution"
      fi ;;
    esac
  done
}

try_own() {
  [ -n "$usable" ] || return 0
  from=
  attempt "$manager"
}

try_mirror() { # address, signed or unsigned, repositories
  [ -n "$usable" ] || return 0
  rm -rf "$work"
  mkdir -p "$work/sources"
  if ! write_sources "$1" "$2" "$3"; then
    refuse "$manager via $1" "/etc/os-release doesn't tell this system's release"
    return
  fi
  case $manager in
    apt-get) from="-o Dir::Etc::SourceList=$work/sources/sources.list -o Dir::Etc::SourceParts=/dev/null" ;;
    apk)
      from="--repositories-file $work/sources/repositories"
      [ "$2" = signed ] || from="$from --allow-untrusted" ;;
    zypper) from="--reposd-dir $work/sources" ;;
    *) from="--setopt=reposdir=$work/sources" ;;
  esac
  attempt "$manager via $1"
}

# The image's own sources are never touched: each manager is pointed at a file of ours instead.
write_sources() { # address, signed or unsigned, repositories
  case $manager in
    apt-get)
      trust=
      for keyring in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/ubuntu-archive-keyring.gpg; do
        [ -r "$keyring" ] && trust="[signed-by=$keyring] "
      done
      [ "$2" = signed ] || trust="[trusted=yes] " ;;
    *)
      keys=
      for key in /etc/pki/rpm-gpg/*; do [ -r "$key" ] && keys="$keys file://$key"; done
      check=1
      [ "$2" = signed ] || check=0 ;;
  esac
  number=0
  printf '%s\\n' "$3" >"$work/repositories"
  while IFS= read -r repository; do
    fill "$repository" || return 1
    number=$((number + 1))
    case $manager in
      apt-get) printf 'deb %s%s%s\\n' "$trust" "$1" "$filled" >>"$work/sources/sources.list" ;;
      apk) printf '%s%s\\n' "$1" "$filled" >>"$work/sources/repositories" ;;
      *)
        {
          printf '[mirror-%s]\\nname=mirror-%s\\nbaseurl=%s%s\\n' "$number" "$number" "$1" "$filled"
          printf 'enabled=1\\nautorefresh=1\\ngpgcheck=%s\\n' "$check"
          # zypper knows its distribution's keys from the rpm database, and would ask about any other.
          if [ "$check" = 1 ] && [ -n "$keys" ] && [ "$manager" != zypper ]; then printf 'gpgkey=%s\\n' "$keys"; fi
        } >>"$work/sources/mirror.repo" ;;
    esac
  done <"$work/repositories"
}

fill() { # puts the system's release into the placeholders; fails where it is not known
  filled=$1
  for hole in codename version minor edition; do
    eval "value=\\$$hole"
    while :; do
      case $filled in
        *"{$hole}"*)
          [ -n "$value" ] || return 1
          pattern="{$hole}"
          filled=\${filled%%"$pattern"*}$value\${filled#*"$pattern"} ;;
        *) break ;;
      esac
    done
  done
}

attempt() { # name
  mkdir -p "$work/log" "$work/lists/partial" "$work/cache"
  archives=\${apt_archives:-$work/cache/archives}
  # apt wants the folder "partial" to be there.
  if [ "$manager" = apt-get ]; then mkdir -p "$archives/partial"; fi
  say "trying $1, at most $limit s"
  before=$(present)
  began=$(date +%s)
  code=0
  export work archives from
  limited "$limit" sh -c "set -e
$commands" >"$log" 2>&1 </dev/null || code=$?
  # zypper says with 100 to 103 that there is news: updates, a restart to make.
  if [ "$family" = zypper ] && [ "$code" -ge 100 ] && [ "$code" -le 103 ]; then code=0; fi
  if [ "$code" -eq 0 ]; then
    reason=$(missing)
    [ -z "$reason" ] || reason="it reported success, but $reason is not there"
  else
    reason=$(reason_of "$code" "$began")
  fi
  rm -rf "$work"
  if [ -z "$reason" ]; then
    clean_caches
    succeed "$1"
  fi
  show_log
  take_back
  clean_caches
  refuse "$1" "$reason"
}

installed() { # one package
  case $family in
    apt) [ "$(dpkg-query -W -f '\${db:Status-Status}' "\${1%%=*}" 2>/dev/null)" = installed ] ;;
    apk) apk info -e "$1" >/dev/null 2>&1 ;;
    *) rpm -q "$1" >/dev/null 2>&1 || rpm -q --whatprovides "$1" >/dev/null 2>&1 ;;
  esac
}

present() {
  for package in $packages; do
    if installed "$package"; then printf ' %s ' "$package"; fi
  done
}

# A manager's word is not enough: the first wanted thing that isn't there.
missing() {
  for package in $packages; do
    installed "$package" || { printf 'package %s' "$package"; return; }
    case $untrusted in *" $family/$package "*) printf 'a whole package %s' "$package"; return ;; esac
  done
  for file in $files; do
    [ -s "$root$file" ] || { printf 'file %s' "$file"; return; }
  done
}

# What a refused attempt left half-installed must not look installed to the next one.
take_back() {
  for package in $packages; do
    case $before in *" $package "*) continue ;; esac
    case $family in
      apt)
        case $(dpkg-query -W -f '\${db:Status-Status}' "\${package%%=*}" 2>/dev/null) in
          "" | not-installed | config-files) ;;
          *) dpkg --purge --force-all "\${package%%=*}" ;;
        esac ;;
      apk) if apk info -e "$package"; then apk del --no-network "$package"; fi ;;
      *) if rpm -q "$package"; then rpm -e --nodeps --noscripts "$package"; fi ;;
    esac
    if installed "$package"; then untrusted="$untrusted $family/$package "; fi
  done >/dev/null 2>&1 </dev/null
  if [ "$family" = apt ]; then limited 60 dpkg --configure -a >/dev/null 2>&1 </dev/null || :; fi
}

clean_caches() {
  case $family in
    apt)
      apt=$root/var/cache/apt
      rm -rf "$root"/var/lib/apt/lists/* "$apt"/*.bin "$apt"/archives/*.deb "$apt"/archives/partial/* ;;
    apk) rm -rf "$root"/var/cache/apk/* ;;
    zypper) rm -rf "$root"/var/cache/zypp/* ;;
    *) rm -rf "$root"/var/cache/dnf/* "$root"/var/cache/yum/* "$root"/var/cache/libdnf5/* ;;
  esac
}

show_log() {
  tail -n 15 "$log" | while IFS= read -r line; do say "  | $line"; done
}

# Why it failed, from the exit code, the time it took and what it wrote.
reason_of() { # exit code, start
  took=$(($(date +%s) - $2))
  case $1 in
    # 124 is what timeout says; some say the signal they sent.
    124 | 137 | 143)
      if [ -n "$limiter" ] && [ "$took" -ge "$limit" ]; then
        printf 'no answer within %s s' "$limit"
        return
      fi ;;
  esac
  code=$1 last= error= status=
  set -f
  while IFS= read -r line || [ -n "$line" ]; do
    IFS=$separators
    set -- $line
    unset IFS
    [ $# -gt 0 ] || continue
    last="$*"
    case $last in
      E:\\ * | [Ee]rror:* | ERROR:* | *rror:\\ * | Problem:* | *Errno*) error=$last ;;
      *"Permission to access "*" denied"*) status=403 ;;
    esac
    # "Status code: 403", "HTTP Error 403", "ERROR 403", "error: 403", "HTTP/1.1 403", "403 Forbidden"
    previous=
    for word in "$@"; do
      word=\${word%[.:,]}
      case $previous/$word in
        code:/[45][0-9][0-9] | *rror:/[45][0-9][0-9] | ERROR/[45][0-9][0-9] | \\
        response:/[45][0-9][0-9] | HTTP*/[45][0-9][0-9]) status=$word ;;
        [45][0-9][0-9]/Forbidden | [45][0-9][0-9]/Not | [45][0-9][0-9]/Unauthorized | [45][0-9][0-9]/Gone | \\
        [45][0-9][0-9]/Proxy | [45][0-9][0-9]/Too | [45][0-9][0-9]/Bad | [45][0-9][0-9]/Internal | \\
        [45][0-9][0-9]/Service | [45][0-9][0-9]/Gateway) status=$previous ;;
      esac
      previous=$word
      case $word in code | *rror | response) previous=$word: ;; esac
    done
  done <"$log"
  set +f
  if [ -n "$status" ]; then printf 'mirror answered %s' "$status"
  elif [ -n "$error$last" ]; then printf 'exit code %s: %.200s' "$code" "\${error:-$last}"
  else printf 'exit code %s, no output' "$code"
  fi
}

start_manual() {
  say "manual fallback: no package manager delivered, downloading $subject, at most $limit s per address"
  mkdir -p "$work"
  if command -v curl >/dev/null; then fetcher="curl -fsSL -o"
  elif command -v wget >/dev/null; then fetcher="wget -O"
  else refuse manual "neither curl nor wget is installed"; return 1
  fi
}

checksum() {
  if command -v sha256sum >/dev/null; then sum=$(sha256sum <"$1")
  elif command -v openssl >/dev/null; then sum=$(openssl dgst -sha256 -r <"$1")
  else sum=none
  fi
  printf %s "\${sum%% *}"
}

fetch() { # name, number, checksum, addresses
  name=$1 file=$work/$2 expected=$3
  shift 3
  for address in "$@"; do
    say "manual fallback: downloading $name from $address"
    began=$(date +%s)
    code=0
    limited "$limit" $fetcher "$file" "$address" >"$log" 2>&1 </dev/null || code=$?
    if [ "$code" -ne 0 ]; then
      refuse "manual via $address" "$(reason_of "$code" "$began")"
      continue
    fi
    found=$(checksum "$file")
    if [ "$found" = "$expected" ]; then return 0; fi
    rm -f "$file"
    if [ "$found" = none ]; then refuse manual "nothing here computes a SHA-256 checksum"; return 1; fi
    refuse "manual via $address" "checksum is $found, expected $expected"
  done
  return 1
}

# Under another name first, so that nothing half-written ever stands in its place.
place() { # number, where, mode
  target=$root$2
  if mkdir -p "\${target%/*}" && cp "$work/$1" "$target.new" &&
    chmod "$3" "$target.new" && mv "$target.new" "$target"; then return 0; fi >"$log" 2>&1
  rm -f "$target.new"
  refuse manual "cannot write $2: $(reason_of 1 0)"
  return 1
}

unpack() { # number, where, whole archive or without its top folder, files that prove it
  target=$root$2 folder=$work/$1.unpacked unpacked=
  # Not every busybox finds out the compression by itself.
  for compression in "" z J j; do
    rm -rf "$folder"
    mkdir -p "$folder"
    if tar "-x\${compression}f" "$work/$1" -C "$folder" >"$log" 2>&1; then unpacked=yes; break; fi
  done
  if [ -z "$unpacked" ]; then
    refuse manual "cannot unpack: $(reason_of 1 0)"
    return 1
  fi
  if [ "$3" = top ]; then
    for folder in "$folder"/*; do break; done
  fi
  if ! { mkdir -p "$target" && cp -R -p "$folder/." "$target/"; } >"$log" 2>&1; then
    refuse manual "cannot write below $2: $(reason_of 1 0)"
    return 1
  fi
  for file in $4; do
    [ -s "$root$file" ] || { refuse manual "the archive did not bring $file"; return 1; }
  done
}
`
