// Builds and runs the small shop below tests/fixtures: what would take minutes with the real source.

import { type Container, type Directory, dag, ReturnType } from "@dagger.io/dagger"
import { firstIn } from "../../src/base/entries.js"
import { sourceEntry } from "../../src/catalogue/lookup.js"
import { componentBinaries, componentImage, openWorkshop } from "../../src/graph/build/components.js"
import { type BuiltImage, imageLayout } from "../../src/graph/build/layouts.js"
import type { Settings } from "../../src/graph/call/settings.js"
import { toolbox } from "../../src/graph/call/toolbox.js"
import { planGaps, sourceGaps } from "../../src/graph/versions/sourceParts.js"
import { changedInputs, inputsLabel, readInputs } from "../../src/plan/build/inputs.js"
import type { TestCase } from "../../src/plan/tests/suites.js"
import { planInputs } from "../../src/tasks/plan.js"
import { casesOf, fails, has, same } from "./cases.js"
import { shopFixture } from "./shopFixture.js"

/** Builds where upstream's does, and leaves its nonce in the version of Go that programs print. */
const magefile = `//go:build mage

package main

import (
	"os"
	"os/exec"
)

func Build() error {
	for _, name := range []string{"shop-api", "shop-worker"} {
		command := exec.Command("go", "build", "-ldflags=-X runtime.buildVersion=mage", "-o", "_output/bin/platforms/linux/amd64/"+name, "./cmd/"+name)
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		if err := command.Run(); err != nil {
			return err
		}
	}
	return nil
}
`

export async function shopTests(settings: Settings, checkout: Directory): Promise<TestCase[]> {
  const { source, request, from } = await shopFixture(settings, checkout)
  const image = async (directory: Directory) => (await componentImage(from(directory), request)).container
  const version = (container: Container) => container.withExec(["shop-api", "version"]).stdout()

  return casesOf([
    ["Go 1.22.7 is chosen by go.mod", async () => same(await version(await image(source)), "shop-api go1.22.7\n")],
    [
      "another Go is chosen by another go.mod",
      async () => {
        const { go } = settings.catalogue.pins
        const newer = source.withNewFile("go.mod", `module example.com/shop\n\ngo ${go}\n`)
        same(await version(await image(newer)), `shop-api go${go}\n`)
      },
    ],
    [
      "one binary holds both programs",
      async () => {
        const entries = await (await componentBinaries(from(source), request)).entries()
        same(entries.sort().join(" "), "shop shop-api shop-worker")
      },
    ],
    [
      "a program with init() is built separately",
      async () => {
        const odd = source.withNewFile("cmd/shop-api/init.go", "package main\n\nfunc init() {}\n")
        const built = await image(odd)
        same(await version(built), "shop-api go1.22.7\n")
        same((await built.directory("/usr/local/bin").entries()).includes("shop"), false)
      },
    ],
    [
      "programs that start alone, but not in one binary, are built separately",
      async () => {
        // Seen by running it alone: who reads the source does not know which add() this is.
        const registry = `package registry\n\ntype list map[string]bool\n\nvar List = list{}\n\nfunc (l list) Add(name string) {\n\tif l[name] {\n\t\tpanic(name + " is there already")\n\t}\n\tl[name] = true\n}\n`
        const user = (name: string) =>
          `package ${name}\n\nimport "example.com/shop/internal/registry"\n\nfunc init() { registry.List.Add("price") }\n`
        const clashing = ["api", "worker"].reduce(
          (directory, name) =>
            directory
              .withNewFile(`internal/of${name}/of.go`, user(`of${name}`))
              .withNewFile(`cmd/shop-${name}/of.go`, `package main\n\nimport _ "example.com/shop/internal/of${name}"\n`),
          source.withNewFile("internal/registry/registry.go", registry),
        )
        const built = await image(clashing)
        same(await version(built), "shop-api go1.22.7\n")
        same((await built.directory("/usr/local/bin").entries()).includes("shop"), false)
        // A plan, which builds nothing, must take this image for what it would build.
        const own = readInputs(await built.label(inputsLabel))!
        const planned = firstIn(await planInputs(from(clashing), request, ["shop"]), "component")
        same(changedInputs(own, planned.otherwise!), undefined)
        same(changedInputs(own, planned.inputs!), "the recipe changed")
      },
    ],
    [
      "a program whose packages end the process when they are initialised does not end the others",
      async () => {
        const pay =
          'package pay\n\nimport (\n\t"log"\n\t"os"\n)\n\nfunc init() {\n\tif os.Getenv("PAY_KEY") == "" {\n\t\tlog.Fatal("PAY_KEY is not set")\n\t}\n}\n'
        const paid = source
          .withNewFile("internal/pay/pay.go", pay)
          .withNewFile("cmd/shop-worker/pay.go", 'package main\n\nimport _ "example.com/shop/internal/pay"\n')
        same(await version(await image(paid)), "shop-api go1.22.7\n")
      },
    ],
    [
      "a build whose programs all end at once is none, in one binary or separately, and says why",
      async () => {
        const dead = source.withNewFile("internal/goods/licence.go", 'package goods\n\nfunc init() { panic("no licence") }\n')
        for (const layout of ["multicall", "separate"] as const) {
          await fails(
            () => componentBinaries(from(dead), { ...request, layout }),
            "the image would not start:\nshop-worker (exit code 2):\n  panic: no licence\n",
          )
        }
      },
    ],
    [
      "a module from a folder of the source, a vendored one and one that only tests need are built as go build does it",
      async () => {
        const { go } = settings.catalogue.pins
        const tea = (word: string) => `package tea\n\nfunc init() { println("${word} tea") }\n`
        const module = "module example.com/tea\n\ngo 1.22\n"
        const using = source.withNewFile("internal/goods/tea.go", 'package goods\n\nimport _ "example.com/tea"\n')
        const goMod = `${await source.file("go.mod").contents()}\nrequire example.com/tea v1.0.0\n`
        const vendored = using.withNewFile("go.mod", goMod).withNewFile("vendor/example.com/tea/tea.go", tea("vendored"))
        const sources = [
          using
            .withNewFile("go.mod", `${goMod}\nreplace example.com/tea => ./third_party/tea\n`)
            .withNewFile("third_party/tea/go.mod", module)
            .withNewFile("third_party/tea/tea.go", tea("replaced")),
          vendored.withNewFile("vendor/modules.txt", "# example.com/tea v1.0.0\n## explicit; go 1.22\nexample.com/tea\n"),
          using
            .withNewFile("go.work", `go ${go}\n\nuse (\n\t.\n\t./tea\n)\n`)
            .withNewFile("tea/go.mod", module)
            .withNewFile("tea/tea.go", tea("a workspace's")),
          source.withNewFile("go.mod", `${await source.file("go.mod").contents()}\nrequire private.invalid/only/tests v1.0.0\n`),
        ]
        const versions = ["1.22.7", "1.22.7", go, "1.22.7"]
        const said = ["replaced tea\n", "vendored tea\n", "a workspace's tea\n", ""]
        for (const [index, directory] of sources.entries()) {
          // Without a network: nothing of this is to be fetched.
          const { container } = await componentImage({ ...from(directory), toolchainOptions: { go: { proxy: "off" } } }, request)
          const ran = container.withExec(["shop-api", "version"])
          same(await ran.stdout(), `shop-api go${versions[index]}\n`)
          same(await ran.stderr(), said[index])
        }
      },
    ],
    [
      "the modes of the caller's machine reach neither the image nor what it says about itself",
      async () => {
        const box = (await toolbox(settings, [])).withDirectory("/plain", source).withDirectory("/odd", source)
        const odd = box
          // A strict umask, a group that shares a folder, and a file that only its owner may run.
          .withExec([
            "sh",
            "-euc",
            "chmod -R go-rwx /odd; chmod g+ws /odd/config; chmod u+x /odd/config/shop.yml; chmod +x /plain/config/shop.yml",
          ])
        const plain = await componentImage(from(odd.directory("/plain")), request)
        const strict = await componentImage(from(odd.directory("/odd")), request)
        const config = (built: BuiltImage) =>
          built.container.withExec(["sh", "-c", "cd /shop/config && find . -printf '%p %m %U\\n' | sort && cat shop.yml"]).stdout()
        same(await config(strict), await config(plain))
        same(await strict.container.label(inputsLabel), await plain.container.label(inputsLabel))
        same((await imageLayout(settings, strict)).digest, (await imageLayout(settings, plain)).digest)
      },
    ],
    [
      "a program that is not asked for keeps none from being built; one that is asked for is named",
      async () => {
        const one = { ...request, component: "shop-api" }
        const without = from(source.withoutDirectory("cmd/shop-worker"))
        same(await version((await componentImage(without, one)).container), "shop-api go1.22.7\n")
        const why = "shop cannot be built: this source (checkout) has no cmd/shop-worker (shop-worker), which stack.yaml names for it."
        await fails(() => componentImage(without, request), why)
        const rows = await planInputs(without, request)
        same(rows.find(({ component }) => component === "shop")?.refused?.startsWith(why), true)
        same(rows.find(({ component }) => component === "shop-api")?.refused, undefined)
        const broken = source.withNewFile("cmd/shop-worker/broken.go", 'package main\n\nvar x int = "tea"\n')
        same(await version((await componentImage(from(broken), one)).container), "shop-api go1.22.7\n")
        const tagged = source
          .withoutFile("cmd/shop-worker/main.go")
          .withNewFile("cmd/shop-worker/main.go", "//go:build never\n\npackage main\n\nfunc main() {}\n")
        same(await version((await componentImage(from(tagged), one)).container), "shop-api go1.22.7\n")
        const planned = await planInputs(from(tagged), request)
        same(
          planned
            .filter(({ refused }) => refused === undefined)
            .map(({ component }) => component)
            .join(),
          "shop-api",
        )
      },
    ],
    [
      "a source without the folder of its configuration is said to be one",
      () =>
        fails(
          () => image(source.withoutDirectory("config")),
          "this source (checkout) has no config/, which stack.yaml names as its configuration",
        ),
    ],
    [
      "a module in a folder of a repository finds the folder beside it",
      async () => {
        const goMod = await source.file("go.mod").contents()
        const repository = dag
          .directory()
          .withDirectory("services/shop", source.withNewFile("internal/goods/tea.go", 'package goods\n\nimport _ "example.com/tea"\n'))
          .withNewFile("services/shop/go.mod", `${goMod}\nrequire example.com/tea v1.0.0\n\nreplace example.com/tea => ../../shared/tea\n`)
          .withNewFile("shared/tea/go.mod", "module example.com/tea\n\ngo 1.22\n")
          .withNewFile("shared/tea/tea.go", 'package tea\n\nfunc init() { println("shared tea") }\n')
        const shared = (path: string, checkout = repository) => ({ ...from(checkout), custom: { of: "shop", checkout, path } })
        for (const layout of ["multicall", "separate"] as const) {
          const { container } = await componentImage(shared("services/shop"), { ...request, layout })
          same(await container.withExec(["shop-api", "version"]).stderr(), "shared tea\n")
        }
        const edited = repository.withNewFile("shared/tea/tea.go", "package tea\n\nvar Milk = true\n")
        const [before, after] = await Promise.all(
          [repository, edited].map(async (one) => (await planInputs(shared("services/shop", one), request, ["shop"]))[0]?.inputs?.source),
        )
        same(before === after, false)
        await fails(() => componentImage(shared("services"), request), "--source-path: the source has no services/go.mod; it has one in: ")
      },
    ],
    [
      "the commit of a checkout is read from packed branches too, and left out where it is elsewhere",
      async () => {
        const commit = "1234567890".repeat(4)
        const revision = async (checkout: Directory) => (await image(checkout)).label("org.opencontainers.image.revision")
        const packed = source
          .withNewFile(".git/HEAD", "ref: refs/heads/main\n")
          .withNewFile(".git/packed-refs", `${commit} refs/heads/main\n`)
        same(await revision(packed), commit)
        same((await revision(source.withNewFile(".git", "gitdir: ../.git/worktrees/shop\n"))) || "", "")
      },
    ],
    [
      "mage builds the programs, by the source's own magefile",
      async () => {
        const mage = { ...request, builder: "mage" } as const
        const own = source.withNewFile("magefile.go", magefile)
        const { container } = await componentImage(from(own), mage)
        same(await version(container), "shop-api mage\n")
        const entries = await (await componentBinaries(from(own), mage)).entries()
        same(entries.sort().join(" "), "shop-api shop-worker")
        const broken = own.withNewFile("magefile.go", magefile.replace('"./cmd/"', '"./nowhere/"'))
        await fails(() => componentBinaries(from(broken), mage), "nowhere/shop-api")
        await fails(() => componentBinaries(from(source), mage), "mage build tag")
      },
    ],
    [
      "a source that does not compile ends with the compiler's words",
      async () => {
        const broken = source.withNewFile("internal/goods/broken.go", 'package goods\n\nvar x int = "tea"\n')
        await fails(() => componentBinaries(from(broken), request), "internal/goods/broken.go:3:13: cannot use")
      },
    ],
    [
      "a program that no image gets is named, and one that the catalogue leaves out on purpose is not",
      async () => {
        const more = source.withFile("cmd/shop-bot/main.go", source.file("cmd/shop-api/main.go"))
        const gaps = async (settings: Settings) => {
          const { source, toolchain } = await openWorkshop(settings, "shop", "debian")
          return (await sourceGaps(settings, "shop", source, toolchain)).join("\n")
        }
        same(await gaps(from(source)), "")
        has(await gaps(from(more)), "has programs that are in no image: cmd/shop-bot. Add them to stack.yaml")
        has(
          (await planGaps(from(more.withoutDirectory("cmd/shop-worker")))).join("\n"),
          "does not have these programs of stack.yaml: cmd/shop-worker (shop-worker)",
        )
        same((await planGaps(from(source.withoutFile("go.mod")))).join(), "")
        const { catalogue, ...rest } = from(more)
        const sources = { shop: { ...sourceEntry(catalogue, "shop"), otherPrograms: ["cmd/shop-bot"] } }
        same(await gaps({ ...rest, catalogue: { ...catalogue, sources } }), "")
      },
    ],
    [
      "a source without go.mod is recognized",
      () => fails(() => componentBinaries(from(source.withoutFile("go.mod")), request), "the source has no go.mod. Next: give the top"),
    ],
    [
      "the supervisor gives up when a program cannot run",
      async () => {
        const ill = (await image(source)).withEnvVariable("SHOP_WORKER", "ill")
        const ended = ill.withExec([], { useEntrypoint: true, expect: ReturnType.Any })
        const [code, output] = await Promise.all([ended.exitCode(), ended.stdout()])
        if (code === 0) throw new Error("the container ended with exit code 0")
        if (!output.includes("the worker is ill")) throw new Error("the programs' output is not on the standard output")
      },
    ],
    [
      "a healthy stack becomes ready",
      async () => {
        const service = (await image(source)).asService({ useEntrypoint: true })
        await service.start()
        await service.stop()
      },
    ],
  ])
}
