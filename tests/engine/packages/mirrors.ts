// A machine with real package managers and a server that delivers, refuses or hangs by path.
import { type Container, dag, type File, type Service } from "@dagger.io/dagger"
import { withPackages } from "../../../src/graph/build/packages.js"
import { planPackages } from "../../../src/plan/packages/packages.js"

export const bookworm = "docker.io/library/debian:bookworm-slim"
export const mirrors = "http://mirrors:8000"

/** The tests are not a module, so nobody can be asked for its files. */
export const functions = (): File => dag.host().file("shell/install-packages.sh")

/**
 * Debian with the managers of three families; microdnf, yum and apk are missing. Debian keeps rpm's database in the
 * user's home, zypper looks for it where all others have it.
 */
export async function withManagers(): Promise<Container> {
  const want = ["dnf", "zypper", "rpm", "createrepo-c", "python3-minimal", "curl", "busybox", "shellcheck"]
  const plan = planPackages({ distribution: "debian", want })
  const machine = await withPackages(dag.container().from(bookworm), plan, functions())
  return machine.withNewFile("/root/.rpmmacros", "%_dbpath /var/lib/rpm\n")
}

/** Package "probe" for rpm: its only file says where it came from. AutoReqProv, as nothing provides /bin/sh here. */
const spec = (version: string, more = "") => `
Name: probe
Version: ${version}
Release: 1
Summary: Proves that a package was installed
License: MIT
BuildArch: noarch
AutoReqProv: no
%description
One file.
%install
mkdir -p %{buildroot}/usr/share/probe
echo rpm ${version} >%{buildroot}/usr/share/probe/from
%files
/usr/share/probe/from
${more}
`

/** A scriptlet that never ends: the package counts as installed from before it runs. */
const endless = "%post -p <lua>\nwhile true do end\n"

const server = `
import http.server, time

class Handler(http.server.SimpleHTTPRequestHandler):
    def send_head(self):
        kind = self.path.split("/")[1]
        if kind == "hanging":
            time.sleep(3600)
        if kind == "forbidden":
            return self.send_error(403)
        return super().send_head()

http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
`

/**
 * /good/rpm, /good/deb, /good/files: what is wanted; /empty/rpm: a repository without it; /half/rpm: its installation
 * never ends; /forbidden/…: 403; /hanging/…: no answer.
 */
export function mirrorService(managers: Container): Service {
  const build = `set -e
    rpmbuild -bb --quiet --define "_topdir /build" --define "_rpmdir /srv/good/rpm" /build/good.spec
    rpmbuild -bb --quiet --define "_topdir /build" --define "_rpmdir /srv/half/rpm" /build/half.spec
    mkdir -p /srv/empty/rpm /srv/good/deb /srv/good/files
    for repository in good half empty; do createrepo_c --quiet /srv/$repository/rpm; done

    mkdir -p /build/deb/DEBIAN /build/deb/usr/share/probe
    echo deb >/build/deb/usr/share/probe/from
    printf '%s: %s\\n' Package probe Version 1 Architecture all Maintainer nobody Description probe \\
      >/build/deb/DEBIAN/control
    cd /srv/good/deb
    dpkg-deb --build --root-owner-group /build/deb probe.deb
    { dpkg-deb --field probe.deb
      printf 'Filename: ./probe.deb\\nSize: %s\\n' "$(stat -c %s probe.deb)"
      printf 'SHA256: %s\\n' "$(sha256sum <probe.deb | cut -d ' ' -f 1)"
    } >Packages
    printf '${download}' >/srv/good/files/probe`
  return managers
    .withNewFile("/build/good.spec", spec("1"))
    .withNewFile("/build/half.spec", spec("2", endless))
    .withNewFile("/server.py", server)
    .withExec(["sh", "-c", build])
    .withWorkdir("/srv")
    .withExposedPort(8000)
    .asService({ args: ["python3", "/server.py"] })
}

/** The content of /good/files/probe. */
export const download = "downloaded"
