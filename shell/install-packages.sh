#!/bin/sh
# Installs packages by the first package manager and source that delivers: functions for dash, bash and busybox's shell.
#
# A plan calls them in order. It comes after this text in one file, or reads this file in with ".":
#   begin 'tree' 300                            what messages call it; the seconds that each attempt may take
#   if has_manager dnf 'tree' '/usr/bin/tree'; then         packages to install; files that prove it; where the packages are
#                                             locked with all that they need, the names of those that are wanted themselves
#     via_mirror 'https://mirror.example/os' signed '/$basearch'        an address; repositories below it
#     via_own_sources                           what the image brings
#   fi
#   no_download 'tree'                          or: if can_download && fetch … && place …; then succeed manual; fi
#   give_up
# The log goes to stderr. Its lines "SUBJECT: NAME refused: REASON" and "SUBJECT: done by NAME" are read by the module.

export LC_ALL=C DEBIAN_FRONTEND=noninteractive
# For tests: the folder that holds the system's release, caches and the files that prove a package.
root=
# Where apt keeps its downloads, for a cache volume. Where this is empty they are removed with the rest.
apt_archives=
# Where this names a folder, nothing is installed: it gets the files of just these packages and becomes a repository of them.
fetch_to=
refused=

say() { printf '%s: %s\n' "$subject" "$*" >&2; }

refuse() { # name, reason
  say "$1 refused: $2"
  refused="$refused${refused:+; }$1 ($2)"
}

succeed() { # name
  say "done by $1"
  exit 0
}

give_up() {
  say "nothing worked: $refused." \
    "Next: name a mirror or a proxy that this machine reaches, or a download for the manual step"
  exit 1
}

# --- Preparation

begin() { # what messages call the wanted packages, seconds for each attempt
  subject=$1 limit=$2
  scratch=$(mktemp -d "${TMPDIR:-/tmp}/packages.XXXXXX") || exit 1
  trap 'rm -rf "$scratch"' EXIT
  # apt downloads as a user of its own.
  chmod 755 "$scratch"
  work=$scratch/work log=$scratch/log

  # The managers read the names in small letters; many sites set the others only.
  if [ -n "${HTTP_PROXY:-}" ]; then export http_proxy="${http_proxy:-$HTTP_PROXY}"; fi
  if [ -n "${HTTPS_PROXY:-}" ]; then export https_proxy="${https_proxy:-$HTTPS_PROXY}"; fi
  if [ -n "${NO_PROXY:-}" ]; then export no_proxy="${no_proxy:-$NO_PROXY}"; fi

  # Older busybox knows no -k. A session of its own can be ended as a whole; not every image has setsid.
  limiter="timeout -s KILL"
  if timeout -k 1 9 true 2>/dev/null; then limiter="timeout -k 5"; fi
  if command -v setsid >/dev/null; then limiter="setsid $limiter"; fi
}

start_attempt() {
  rm -rf "$work"
  mkdir -p "$work"
  : >"$log"
  began=$(date +%s)
}

# Runs a command under a time limit. What ignored the signals of timeout must not go on behind our back.
limited() { # seconds, command
  # shellcheck disable=SC2086 # a command with its options
  $limiter "$@" >>"$log" 2>&1 </dev/null &
  group=$!
  ended=0
  wait "$group" || ended=$?
  kill -KILL "-$group" 2>/dev/null
  return "$ended"
}

# The same with what is left of the attempt's time, a second at least.
in_time() { # command
  left=$((began + limit - $(date +%s)))
  if [ "$left" -lt 1 ]; then left=1; fi
  limited "$left" "$@"
}

# --- Attempts by package managers

# Is the manager here at all, and is there anything left to do?
has_manager() { # manager, packages, files that prove them, names of the wanted ones where the packages are locked
  manager=$1 packages=$2 files=$3 wanted=${4:-}
  case $manager in
    microdnf | dnf | yum) family=dnf ;;
    apt-get) family=apt ;;
    *) family=$manager ;;
  esac
  if ! program=$(command -v "$manager"); then
    refuse "$manager" "not installed"
    return 1
  fi
  program=$(readlink -f "$program")
  if [ "$manager" = yum ] && [ "$program" = "${dnf:-}" ]; then
    refuse yum "the same program as dnf here"
    return 1
  fi
  if [ "$manager" = dnf ]; then dnf=$program; fi
  if [ -z "$fetch_to" ] && [ -z "$(missing)" ]; then succeed "$manager (already installed)"; fi
}

via_own_sources() {
  start_attempt
  attempt "$manager"
}

# The image's own sources are never touched: each manager is pointed at a file of ours instead.
via_mirror() { # address, signed or unsigned, repositories
  start_attempt
  address=$1 trust=$2
  shift 2
  if ! fill_in "$@"; then
    refuse "$manager via $address" "/etc/os-release doesn't tell this system's release"
    return
  fi
  case $manager in
    apt-get)
      apt_sources >"$work/sources.list"
      set -- -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
      # A folder may be for root alone to read; apt's own user would be refused.
      case $address in file:*) set -- "$@" -o APT::Sandbox::User=root ;; esac ;;
    apk)
      sed "s|^|$address|" "$work/repositories" >"$work/apk"
      set -- --repositories-file "$work/apk"
      if [ "$trust" = unsigned ]; then set -- "$@" --allow-untrusted; fi ;;
    *)
      mkdir "$work/repos"
      rpm_sources >"$work/repos/mirror.repo"
      if [ "$manager" = zypper ]; then set -- --reposd-dir "$work/repos"
      else set -- --setopt=reposdir="$work/repos"
      fi ;;
  esac
  attempt "$manager via $address" "$@"
}

# Puts this system's release into the placeholders; fails where it is not known.
fill_in() { # repositories
  {
    placeholder codename "$(release VERSION_CODENAME)"
    placeholder version "$(release VERSION_ID)"
    # "3.19.1" → "3.19"
    placeholder minor "$(release VERSION_ID | sed -E 's/^([^.]*\.[^.]*)\..*/\1/')"
    # "24.03 (LTS-SP1)" → "24.03-LTS-SP1"
    placeholder edition "$(release VERSION | sed -E 's/ \((.*)\)$/-\1/')"
  } >"$work/placeholders.sed"
  printf '%s\n' "$@" | sed -f "$work/placeholders.sed" >"$work/repositories"
  ! grep -q "{" "$work/repositories"
}

placeholder() { # name, value if it is known
  if [ -n "$2" ]; then printf 's|{%s}|%s|g\n' "$1" "$2"; fi
}

release() { # field of /etc/os-release
  sed -n "s/^$1=[\"']\{0,1\}\([^\"']*\).*/\1/p" "$root/etc/os-release" 2>/dev/null
}

apt_sources() {
  options=
  for keyring in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/ubuntu-archive-keyring.gpg; do
    if [ -r "$keyring" ]; then options="[signed-by=$keyring] "; fi
  done
  if [ "$trust" = unsigned ]; then options="[trusted=yes] "; fi
  sed "s|^|deb $options$address|" "$work/repositories"
}

rpm_sources() {
  check=1 keys=
  if [ "$trust" = unsigned ]; then check=0; fi
  for key in /etc/pki/rpm-gpg/*; do
    if [ -r "$key" ]; then keys="$keys file://$key"; fi
  done
  number=0
  while IFS= read -r repository; do
    number=$((number + 1))
    printf '[mirror-%s]\nname=mirror-%s\nbaseurl=%s%s\n' "$number" "$number" "$address" "$repository"
    printf 'enabled=1\nautorefresh=1\ngpgcheck=%s\n' "$check"
    # zypper knows its distribution's keys from the rpm database, and would ask about any other.
    if [ "$check" = 1 ] && [ -n "$keys" ] && [ "$manager" != zypper ]; then printf 'gpgkey=%s\n' "$keys"; fi
  done <"$work/repositories"
}

attempt() { # name, options that select the sources
  name=$1
  shift
  say "trying $name, at most $limit s"
  before=$(for package in $packages; do if installed "$package"; then printf ' %s ' "$package"; fi; done)
  accounts=$(sed 's/:.*//' "$root/etc/shadow" 2>/dev/null | tr '\n' ' ')
  code=0
  if [ -n "$fetch_to" ]; then fetch_packages "$@" || code=$?
  else run_manager "$@" || code=$?
  fi
  if [ "$code" -ne 0 ]; then reason=$(reason_of "$code")
  elif [ -n "$fetch_to" ]; then reason=
  else
    reason=$(missing)
    reason=${reason:+it reported success, but $reason is not there}
  fi
  clean_caches
  undate_accounts
  if [ -z "$reason" ]; then succeed "$name"; fi
  # In quotes, as what was ended often stopped in the middle of a line.
  printf '%s\n' "$(tail -n 15 "$log" | sed "s/^/$manager | /")" >&2
  refuse "$name" "$reason"
  if [ -z "$fetch_to" ]; then take_back; fi
}

# The files of packages, named with their versions, without what they depend on: all of it is among them. What apt has kept of
# earlier downloads is not fetched again.
# shellcheck disable=SC2086 # $packages is a list of words
fetch_packages() { # options that select the sources
  case $manager in
    apt-get)
      wanting=
      for package in $packages; do
        file=$(printf '%s_%s_' "${package%%=*}" "${package#*=}" | sed 's/:/%3a/g')
        for kept in "${apt_archives:-/none}/$file"*.deb; do
          if [ -f "$kept" ]; then cp "$kept" "$fetch_to/"; else wanting="$wanting $package"; fi
        done
      done
      if [ -n "$wanting" ]; then
        mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
        set -- -q -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root "$@"
        in_time apt-get "$@" -o APT::Update::Error-Mode=any update &&
          (cd "$fetch_to" && in_time apt-get "$@" download $wanting) || return
      fi
      apt_index >"$fetch_to/Packages" ;;
    dnf | yum) in_time "$manager" -y --setopt=cachedir="$work/cache" --setopt=logdir="$work/log" "$@" \
      install --downloadonly --downloaddir="$fetch_to" $packages ;;
    zypper) in_time zypper --non-interactive --cache-dir "$work/cache" --pkg-cache-dir "$fetch_to" "$@" \
      install --download-only --no-recommends $packages ;;
    apk)
      mkdir -p "$fetch_to/$(apk --print-arch)"
      in_time apk fetch --no-cache "$@" --output "$fetch_to/$(apk --print-arch)" $packages &&
        (cd "$fetch_to/$(apk --print-arch)" && in_time apk index --output APKINDEX.tar.gz -- *.apk) ;;
    *)
      echo "error: $manager cannot fetch without installing" >>"$log"
      return 1 ;;
  esac
}

# What apt needs to know of each file in a folder.
apt_index() {
  for deb in "$fetch_to"/*.deb; do
    dpkg-deb --field "$deb"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${deb##*/}" "$(stat -c %s "$deb")" "$(sha256sum <"$deb" | cut -d ' ' -f 1)"
  done
}

# What a manager writes besides the packages goes to $work, so the image keeps neither caches nor new sources.
# shellcheck disable=SC2086 # $packages is a list of words
run_manager() { # options that select the sources
  case $manager in
    # It refuses options it doesn't know, so its cache stays where it is and is removed afterwards.
    microdnf) in_time microdnf install -y --nodocs --setopt=install_weak_deps=0 "$@" $packages ;;
    dnf | yum)
      in_time "$manager" -y --setopt=install_weak_deps=False --setopt=tsflags=nodocs \
        --setopt=cachedir="$work/cache" --setopt=logdir="$work/log" "$@" install $packages ;;
    zypper)
      result=0
      in_time zypper --non-interactive --cache-dir "$work/cache" "$@" install --no-recommends $packages || result=$?
      # 100 to 103 are news: updates, a restart to make.
      case $result in 10[0-3]) ;; *) return "$result" ;; esac ;;
    apk)
      # Locked packages would stay in the list of what is wanted, with their versions.
      if [ -n "$wanted" ]; then cp "$root/etc/apk/world" "$work/world" || return; fi
      in_time apk add --no-cache "$@" $packages || return
      if [ -n "$wanted" ]; then
        cp "$work/world" "$root/etc/apk/world" && in_time apk add --no-network "$@" $wanted
      fi ;;
    apt-get)
      archives=${apt_archives:-$work/cache/archives}
      # apt wants the folders "partial" to be there.
      mkdir -p "$work/lists/partial" "$archives/partial" "$work/log"
      set -- -q -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" -o "Dir::Cache::archives=$archives" \
        -o "Dir::Log=$work/log" "$@"
      if [ -n "$wanted" ]; then dependencies=$(apt-mark "$@" showauto 2>>"$log"); fi
      # Without Error-Mode=any a mirror that cannot be reached is only a warning.
      in_time apt-get "$@" -o APT::Update::Error-Mode=any update &&
        in_time apt-get "$@" -y --no-install-recommends -o Dpkg::Use-Pty=0 \
          -o Dpkg::Options::=--log="$work/log/dpkg.log" install $packages || return
      if [ -n "$wanted" ]; then mark_dependencies "$@"; fi ;;
  esac
}

# apt keeps a list of what was installed only because others need it. Locked packages are all named, so it does not know.
# shellcheck disable=SC2086 # a list of words
mark_dependencies() { # options of apt
  unmarked=
  for package in $packages; do
    one=${package%%=*}
    case " $wanted " in *" $one "*) continue ;; esac
    # What the base has keeps its mark, also in a newer version.
    case $before in *" $package "*) printf '%s\n' "$dependencies" | grep -qxF "$one" || continue ;; esac
    unmarked="$unmarked $one"
  done
  if [ -n "$unmarked" ]; then in_time apt-mark "$@" auto $unmarked; fi
}

installed() { # one package
  case $family in
    apt) [ "$(dpkg-query -W -f '${db:Status-Status}' "${1%%=*}" 2>/dev/null)" = installed ] ;;
    apk) apk info -e "$1" >/dev/null 2>&1 ;;
    *) rpm -q "$1" >/dev/null 2>&1 || rpm -q --whatprovides "$1" >/dev/null 2>&1 ;;
  esac
}

# A manager's word is not enough: the first wanted thing that isn't there.
missing() {
  for package in $packages; do
    installed "$package" || { printf 'package %s' "$package"; return; }
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
      apt) limited 60 dpkg --purge --force-all "${package%%=*}" ;;
      apk) limited 60 apk del --no-network "$package" ;;
      *) limited 60 rpm -e --nodeps --noscripts "$package" ;;
    esac
    if installed "$package"; then
      refuse "$name" "what it left of $package cannot be removed"
      give_up
    fi
  done
  if [ "$family" = apt ]; then limited 60 dpkg --configure -a; fi
}

clean_caches() {
  # The times of libraries, for the next run of ldconfig: different after each installation.
  rm -f "$root"/var/cache/ldconfig/aux-cache
  case $family in
    apt)
      drop_lent_certificates
      rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin \
        "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/archives/partial/* ;;
    apk) rm -rf "$root"/var/cache/apk/* ;;
    zypper) rm -rf "$root"/var/cache/zypp/* ;;
    *) rm -rf "$root"/var/cache/dnf/* "$root"/var/cache/yum/* "$root"/var/cache/libdnf5/* ;;
  esac
}

# Accounts that packages make have the day on which they were made: another one each day. For accounts without a password it means
# nothing.
undate_accounts() {
  for file in "$root/etc/shadow" "$root/etc/shadow-"; do
    if ! [ -f "$file" ]; then continue; fi
    while IFS= read -r line; do
      case " $accounts " in
        *" ${line%%:*} "*) printf '%s\n' "$line" ;;
        *) printf '%s\n' "$line" | sed -E 's/^([^:]*:[!*]+:)[0-9]+:/\1:/' ;;
      esac
    done <"$file" >"$work/accounts"
    # As it is: with its owner and mode.
    if [ "$(cat "$work/accounts")" != "$(cat "$file")" ]; then cat "$work/accounts" >"$file"; fi
  done
}

# An engine with certificates of its own lends them to each command, and Debian's ca-certificates links what it finds. The
# certificates go with the command, so the links to them, and those by their hashes, must go too.
drop_lent_certificates() {
  for link in "$root"/etc/ssl/certs/*; do
    case $(readlink "$link") in /usr/local/share/ca-certificates/*) rm -f "$link" ;; esac
  done
  for link in "$root"/etc/ssl/certs/*; do
    if [ -L "$link" ] && ! [ -e "$link" ]; then rm -f "$link"; fi
  done
}

# Why it failed, from the exit code, the time it took and what it wrote.
reason_of() { # exit code
  case $1 in
    # 124 is what timeout says; some say the signal they sent.
    124 | 137 | 143)
      if [ "$(date +%s)" -ge $((began + limit)) ]; then
        printf 'no answer within %s s' "$limit"
        return
      fi ;;
  esac
  # "Status code: 403", "HTTP Error 403", "ERROR 403", "error: 403", "HTTP/1.1 403", "403  Forbidden"
  status=$(sed -n -E \
    -e "s/.*Permission to access .* denied.*/403/p" \
    -e "s/.*([Cc]ode|[Ee]rror|ERROR|response|HTTP[^ ]*):? ([45][0-9][0-9])([^0-9].*)?$/\2/p;t" \
    -e "s/^(.*[^0-9])?([45][0-9][0-9]) +(Forbidden|Not|Unauthorized|Gone|Proxy|Too|Bad|Internal|Service|Gateway).*/\2/p" \
    "$log" | tail -n 1)
  if [ -n "$status" ]; then
    printf 'mirror answered %s' "$status"
    return
  fi
  words=$(tr -s '\t\r ' ' ' <"$log" | sed 's/^ //; s/ $//; /^$/d')
  error=$(printf '%s\n' "$words" | grep -E '^E: |^([Ee]rror|ERROR|Problem):|rror: |Errno' | tail -n 1)
  last=$(printf '%s\n' "$words" | tail -n 1)
  if [ -n "$last" ]; then printf 'exit code %s: %.200s' "$1" "${error:-$last}"
  else printf 'exit code %s, no output' "$1"
  fi
}

# --- The manual step

no_download() { # wanted packages
  refuse manual "no download is named for $1"
}

can_download() {
  say "manual fallback: no package manager delivered, downloading $subject, at most $limit s per address"
  downloads=$scratch/downloads
  mkdir -p "$downloads"
  for fetcher in curl wget; do
    if command -v "$fetcher" >/dev/null; then return; fi
  done
  refuse manual "neither curl nor wget is installed"
  return 1
}

fetch() { # name, number, checksum, addresses
  name=$1 file=$downloads/$2 expected=$3
  shift 3
  for address in "$@"; do
    say "manual fallback: downloading $name from $address"
    start_attempt
    code=0
    case $fetcher in
      curl) in_time curl -fsSL -o "$file" "$address" || code=$? ;;
      wget) in_time wget -O "$file" "$address" || code=$? ;;
    esac
    if [ "$code" -ne 0 ]; then
      refuse "manual via $address" "$(reason_of "$code")"
      continue
    fi
    found=$(sha256sum <"$file")
    found=${found%% *}
    if [ "$found" = "$expected" ]; then return; fi
    refuse "manual via $address" "checksum is $found, expected $expected"
  done
  return 1
}

place() { # number, where, mode
  start_attempt
  target=$root$2
  if ! { mkdir -p "${target%/*}" && cp "$downloads/$1" "$target" && chmod "$3" "$target"; } >"$log" 2>&1; then
    refuse manual "cannot write $2: $(reason_of 1)"
    return 1
  fi
}

unpack() { # number, where, how many leading folders to leave out
  start_attempt
  target=$root$2
  if ! { mkdir -p "$target" && tar -x -f "$downloads/$1" -C "$target" --strip-components="$3"; } >"$log" 2>&1; then
    refuse manual "cannot unpack into $2: $(reason_of 1)"
    return 1
  fi
}

# --- The plan
