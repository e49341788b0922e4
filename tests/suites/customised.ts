// Sources of the caller's own: a private git server, patches and files on top of a source. Its subject is the small shop.

import { randomUUID } from "node:crypto"
import { type Directory, dag, type Service } from "@dagger.io/dagger"
import { componentBinaries, componentImage } from "../../src/graph/build/components.js"
import type { GitSource, Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { withBuildCache, withModuleCache } from "../../src/graph/toolchains/go/caches.js"
import { goToolchain } from "../../src/graph/toolchains/go/container.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { casesOf, fails, same } from "./cases.js"
import { sshCases } from "./gitOverSsh.js"
import { shopFixture } from "./shopFixture.js"

const user = "reader"
const password = "t0ken-of-tests"
const day = "2025-03-04T05:06:07Z"

export async function customisedTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const { source, request, from } = await shopFixture(settings, checkout)
  const shop = from(source)
  const service = await gitServer(settings, source)
  const address = `http://${await service.hostname()}:8080/shop.git`
  const token = (text: string) => dag.setSecret(`git-${randomUUID()}`, text)
  const build = (custom: Partial<Settings["custom"]>) => componentImage({ ...shop, custom: { of: "shop", ...custom } }, request)
  const fromGit = (more: Partial<GitSource>) =>
    build({ git: { url: address, ref: "main", username: user, token: token(password), service, ...more } })
  const label = async (built: ReturnType<typeof build>, name: string) => (await built).container.label(`org.opencontainers.image.${name}`)
  const says = async (built: ReturnType<typeof build>) => (await built).container.withExec(["shop-api", "version"]).stdout()

  const overlay = dag.directory().withNewFile("patches/01-word.patch", patch("name, runtime", '"our", name, runtime'))
  return casesOf([
    [
      "a private repository is read with a token; the image names its commit and its time",
      async () => {
        const built = fromGit({})
        same(await says(built), "shop-api go1.22.7\n")
        const revision = await label(built, "revision")
        same(/^[0-9a-f]{40}$/.test(revision), true)
        same(await label(built, "version"), `main-g${revision.slice(0, 7)}`)
        same(await label(built, "created"), day)
      },
    ],
    [
      "a wrong token is one clear message without the token",
      async () => {
        const message = await fails(
          () => fromGit({ token: token("wrong-token-of-tests") }),
          "the server does not let this user read it. Next: check --git-token",
        )
        if (message.includes("wrong-token-of-tests")) throw new Error("the message has the token")
      },
    ],
    [
      "a private repository without a token is recognized",
      () => fails(() => fromGit({ token: undefined, username: undefined }), "does not let this user read it"),
    ],
    [
      "an unknown branch is named",
      () => fails(() => fromGit({ ref: "mian" }), 'it has no branch, tag or commit "mian". Next: check --git-ref'),
    ],
    [
      "a patch and a file lie on top of the source, and the version says so",
      async () => {
        const { go } = settings.catalogue.pins
        const goMod = `module example.com/shop\n\ngo ${go}\n`
        const built = build({ checkout: source, overlay: overlay.withNewFile("go.mod", goMod) })
        same(await says(built), `our shop-api go${go}\n`)
        const version = await label(built, "version")
        if (!/^checkout-checkout\.[0-9a-f]{8}-custom\.[0-9a-f]{8}$/.test(version)) throw new Error(`the version is ${version}`)
      },
    ],
    [
      "on top of a private repository too",
      async () =>
        same(
          await says(build({ git: { url: address, ref: "main", username: user, token: token(password), service }, overlay })),
          "our shop-api go1.22.7\n",
        ),
    ],
    [
      "code of a source that runs while it is built (mage) leaves nothing in the caches of other builds",
      async () => {
        const nonce = `left-${randomUUID()}`
        const left = source.withNewFile("magefile.go", magefile(nonce))
        const built = await componentBinaries(
          { ...shop, custom: { of: "shop", checkout: left } },
          { ...request, component: "shop-api", builder: "mage" },
        )
        same((await built.entries()).join(), "shop-api")
        const go = await goToolchain(shop, goOfShop)
        const others = withBuildCache(shop, go.version, withModuleCache(shop, go.container)).withEnvVariable("ASKED_FOR", nonce)
        same(await others.withExec(["sh", "-c", `ls -d /go/pkg/mod/${nonce} /root/.cache/go-build/${nonce} 2>/dev/null || :`]).stdout(), "")
        const own = withBuildCache(shop, go.version, withModuleCache(shop, go.container, "custom"), "custom").withEnvVariable(
          "ASKED_FOR",
          nonce,
        )
        same((await own.withExec(["sh", "-c", `ls -d /go/pkg/mod/${nonce} /root/.cache/go-build/${nonce}`]).stdout()).split("\n").length, 3)
      },
    ],
    [
      "a private module comes from a git server that asks for a password, and without it the module is named",
      async () => {
        const goMod = await source.file("go.mod").contents()
        const using = (version: string, sums: string) =>
          source
            .withNewFile("go.mod", `${goMod}\nrequire git.shop.example/tea.git ${version}\n`)
            .withNewFile("go.sum", sums)
            .withNewFile("internal/goods/tea.go", 'package goods\n\nimport _ "git.shop.example/tea.git"\n')
        const ours = { private: "git.shop.example", insecure: "git.shop.example", service: { host: "git.shop.example", service } }
        const netrc = (word: string) => token(`machine git.shop.example login ${user} password ${word}\n`)
        const built = async (word: string, checkout: Directory) =>
          (
            await componentImage(
              { ...shop, custom: { of: "shop", checkout }, toolchainOptions: { go: { access: { ...ours, netrc: netrc(word) } } } },
              request,
            )
          ).container
        same(await (await built(password, using("v1.0.0", teaSums))).withExec(["shop-api", "version"]).stderr(), "private tea\n")
        // Another version, because the first is kept now.
        const message = await fails(
          () => built("wrong-token-of-tests", using("v1.0.1", teaSums.replaceAll("v1.0.0", "v1.0.1"))),
          "the module that internal/goods/tea.go:3:8 imports cannot be fetched",
        )
        if (message.includes("wrong-token-of-tests")) throw new Error("the message has the password")
      },
    ],
    [
      "a patch that does not apply is named",
      () =>
        fails(
          () => build({ checkout: source, overlay: dag.directory().withNewFile("patches/02-old.patch", patch("name, gone", "x")) }),
          "--overlay: patches/02-old.patch does not apply",
        ),
    ],
    [
      "a patch without prefixes, or with another system's line ends, is answered with the reason and how to make it",
      async () => {
        const words = patch("name, runtime", '"our", name, runtime')
        const applied = (text: string) => build({ checkout: source, overlay: dag.directory().withNewFile("patches/03.patch", text) })
        await fails(() => applied(words.replaceAll(/(?<=^(?:---|\+\+\+) )[ab]\//gm, "")), "lack the a/ and b/ that git writes in front")
        await fails(() => applied(words.replaceAll("\n", "\r\n")), "its lines end with CR LF, those of the source with LF")
        await fails(() => applied(words.replace("runtime.Version", "runtime.Vers")), "error: patch failed: internal/goods/goods.go")
      },
    ],
    [
      "a commit's short hash is said to be one",
      async () => {
        const revision = await label(fromGit({}), "revision")
        await fails(() => fromGit({ ref: revision.slice(0, 7) }), "a server finds a commit by all its 40 characters only")
      },
    ],
    ...sshCases(settings, source, (git) => label(build({ git }), "revision")),
  ])
}

const goOfShop = "1.22.7"

/** Builds one program, and writes wherever compilers keep things. */
function magefile(nonce: string): string {
  return `//go:build mage

package main

import (
	"os"
	"os/exec"
)

func Build() error {
	for _, cache := range []string{"/go/pkg/mod", "/root/.cache/go-build"} {
		if err := os.WriteFile(cache+"/${nonce}", nil, 0o644); err != nil {
			return err
		}
	}
	return exec.Command("go", "build", "-o", "_output/bin/platforms/linux/amd64/shop-api", "./cmd/shop-api").Run()
}
`
}

/** Of the one line that prints a program's version. */
function patch(before: string, after: string): string {
  const line = (words: string) => `\t\tfmt.Println(${words}.Version())`
  const file = "internal/goods/goods.go"
  return [
    `diff --git a/${file} b/${file}`,
    `--- a/${file}`,
    `+++ b/${file}`,
    "@@ -17,5 +17,5 @@",
    " \tflag.Parse()",
    ' \tif flag.Arg(0) == "version" {',
    `-${line(before)}`,
    `+${line(after)}`,
    " \t\tos.Exit(0)",
    " \t}",
    "",
  ].join("\n")
}

/** git's own HTTP server behind nginx, which asks who is there. */
async function gitServer(settings: Settings, source: Directory): Promise<Service> {
  const box = await toolbox(settings, [], ["git", "nginx-light", "fcgiwrap", "apache2-utils"])
  return box
    .withDirectory("/work", source)
    .withEnvVariable("GIT_AUTHOR_DATE", day)
    .withEnvVariable("GIT_COMMITTER_DATE", day)
    .withExec(["sh", "-euc", repository, "repository", user, password])
    .withNewFile("/srv/nginx.conf", server)
    .withExposedPort(8080)
    .withExposedPort(80)
    .asService({
      args: [
        "sh",
        "-c",
        "/usr/sbin/fcgiwrap -s unix:/run/fcgi.sock & until [ -S /run/fcgi.sock ]; do sleep 0.1; done; exec /usr/sbin/nginx -c /srv/nginx.conf -g 'daemon off;'",
      ],
    })
}

/** Of the module that the git server has beside the shop. */
const teaSums = `git.shop.example/tea.git v1.0.0 h1:okgl6I425VtQtKiBL/QBHcu9pMMiTONJH8uTkf3pik4=
git.shop.example/tea.git v1.0.0/go.mod h1:lQ5V1ZTxCdR2hCJVLH0VAXlXNfBtfvay11s7c3UTVWk=
`

const repository = `
cd /work
git init -q -b main
git add -A
git -c user.name=Shop -c user.email=shop@example.com commit -qm "Open the shop"
git clone -q --bare . /srv/shop.git
mkdir /tea
cd /tea
printf 'module git.shop.example/tea.git\\n\\ngo 1.22\\n' > go.mod
printf 'package tea\\n\\nfunc init() { println("private tea") }\\n' > tea.go
git init -q -b main
git add -A
git -c user.name=Shop -c user.email=shop@example.com commit -qm "Make tea"
git tag v1.0.0
git tag v1.0.1
git clone -q --bare . /srv/tea
git config --system safe.directory '*'
htpasswd -Bbc /srv/htpasswd "$1" "$2" 2>/dev/null`

const server = `
user root;
events {}
http {
  server {
    listen 8080;
    listen 80;
    auth_basic "git";
    auth_basic_user_file /srv/htpasswd;
    location / {
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME /usr/lib/git-core/git-http-backend;
      fastcgi_param GIT_PROJECT_ROOT /srv;
      fastcgi_param GIT_HTTP_EXPORT_ALL "";
      fastcgi_param PATH_INFO $uri;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_pass unix:/run/fcgi.sock;
    }
  }
}`
