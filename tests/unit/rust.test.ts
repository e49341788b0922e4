import { describe, expect, it } from "vitest"
import { loadCatalogue } from "../../src/catalogue/load.js"
import { baseOf, imageOf } from "../../src/plan/build/components.js"
import { bundleItems, itemTitle } from "../../src/plan/bundle/items.js"
import { dockerfile } from "../../src/plan/dockerfile/dockerfile.js"
import { cargoConfig, cargoRefusal, rootFiles } from "../../src/plan/toolchains/rust/cargo.js"
import { rust } from "../../src/plan/toolchains/rust/toolchain.js"
import { foundRust, isVersion, rustVersionOf } from "../../src/plan/toolchains/rust/version.js"

describe("the Rust that a source needs", () => {
  const manifest = '[package]\nname = "shop"\nversion = "1.0.0"\nrust-version = "1.80"\n'
  it.each([
    ['[toolchain]\nchannel = "1.87.0"\ncomponents = ["clippy"]\n', "1.87.0"],
    ["1.86\n", "1.86"],
    ['[toolchain]\nchannel = "stable"\n', "1"],
  ])("is the channel of its toolchain file: %j", (text, version) => {
    expect(rustVersionOf([manifest, text])).toBe(version)
  })

  it("is the least one of its manifest where it has no such file, else any", () => {
    expect(rustVersionOf([manifest])).toBe("1.80")
    expect(rustVersionOf(['[package]\nname = "shop"\n'])).toBe("1")
  })

  it("must be one that can be installed", () => {
    expect(() => rustVersionOf([manifest, 'channel = "nightly-2026-01-01"\n'])).toThrow(
      'rust-toolchain.toml asks for Rust "nightly-2026-01-01", which no image and no package has',
    )
  })

  it("is another one where it is a distribution's", () => {
    const makers = "rustc 1.87.0 (17067e9ac 2025-05-09)\nhost: x86_64-unknown-linux-musl\nrelease: 1.87.0\n"
    expect(foundRust(makers)).toBe("1.87.0")
    const debians = "host: x86_64-unknown-linux-gnu\nrelease: 1.85.0\npackage: 1.85.0+dfsg3-1\n"
    expect(foundRust(debians)).toBe("1.85.0+dfsg3-1")
    expect(() => foundRust("sh: rustc: not found\n")).toThrow("rustc does not say its version")
  })

  it.each([
    ["1.87", "1.87.0", true],
    ["1.85.0", "1.85.0+dfsg3-1", true],
    ["1", "1.85.0+dfsg3-1", true],
    ["1.8", "1.85.0", false],
    ["1.87.0", "1.85.0+dfsg3-1", false],
  ])("%s is there as %s: %s", (wanted, found, same) => {
    expect(isVersion(wanted, found)).toBe(same)
  })
})

describe("the files that cargo must find before the source is there", () => {
  it("are the roots of programs, libraries and build scripts, and what manifests name", () => {
    const manifests = {
      "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
      "crates/a/Cargo.toml":
        '[package]\nname = "a"\nbuild = "make.rs"\n[[bin]]\nname = "one"\npath = "programs/one.rs"\n[dependencies]\nb = { path = "../b" }\n',
      "crates/b/Cargo.toml": '[package]\nname = "b"\n[[bench]]\nname = "fast"\n',
    }
    const files = [
      "crates/a/programs/one.rs",
      "crates/a/programs/other.rs",
      "crates/a/make.rs",
      "crates/a/tests/all.rs",
      "crates/b/src/lib.rs",
      "crates/b/src/store.rs",
      "crates/b/src/bin/two.rs",
      "crates/b/src/bin/three/main.rs",
      "crates/b/src/bin/three/parts.rs",
      "crates/b/benches/fast.rs",
      "crates/b/build.rs",
    ]
    expect(rootFiles(manifests, files)).toEqual([
      "crates/a/make.rs",
      "crates/a/programs/one.rs",
      "crates/b/benches/fast.rs",
      "crates/b/build.rs",
      "crates/b/src/bin/three/main.rs",
      "crates/b/src/bin/two.rs",
      "crates/b/src/lib.rs",
    ])
  })

  it("are the same after an edit, and after a new module", () => {
    const manifests = { "Cargo.toml": '[package]\nname = "a"\n' }
    expect(rootFiles(manifests, ["src/main.rs", "src/new.rs"])).toEqual(rootFiles(manifests, ["src/main.rs"]))
  })
})

describe("a failure of cargo", () => {
  it.each([
    ["error: the lock file /src/Cargo.lock needs to be updated but --locked was passed to prevent this\n", "cargo update --workspace"],
    ["error: cannot update the lock file /src/Cargo.lock because --locked was passed to prevent this\n", "cargo update --workspace"],
    ["error: rustc 1.85.0 is not supported by the following package:\n  shop@1.0.0 requires rustc 1.99\n", "it needs Rust 1.99"],
    ["error: no bin target named `shop` in default-run packages\n", "Cargo.toml has no program shop"],
    ["error: failed to download from `https://static.crates.io/crates/bytes/1.0.0/download`\n", "cannot be fetched: check the network"],
    ["error: failed to run custom build command for `shop v1.0.0 (/src)`\n", "the build script of shop v1.0.0 (/src) failed"],
  ])("%j says what to do", (output, words) => {
    expect(cargoRefusal(output)).toContain(words)
  })

  it("of the source itself is left to the compiler's words", () => {
    expect(cargoRefusal("error[E0425]: cannot find value `x` in this scope\n --> src/main.rs:1:1\n")).toBeUndefined()
  })

  it("of a program is known by its panic", () => {
    expect("thread 'main' (12) panicked at src/main.rs:3:5:\nno port\n").toMatch(rust.crash.begins)
    expect("thread 'main' panicked at src/main.rs:3:5:\nno port\n").toMatch(rust.crash.begins)
    expect("all is well\n").not.toMatch(rust.crash.begins)
  })
})

describe("a Rust source", () => {
  it("is called as its package", () => {
    expect(rust.moduleOf('[workspace]\n[package]\nedition = "2024"\nname = "shop"\n[[bin]]\nname = "other"\n')).toBe("shop")
    expect(rust.moduleOf('[workspace]\nmembers = ["a"]\n')).toBeUndefined()
  })

  it("asks a mirror where there is one", () => {
    expect(cargoConfig()).toBe("")
    expect(cargoConfig("https://mirror.example/index")).toContain('registry = "sparse+https://mirror.example/index/"')
  })
})

describe("a stack with a Rust source", async () => {
  const catalogue = await loadCatalogue("v7")
  const [name = ""] = Object.entries(catalogue.components).flatMap(([name, entry]) =>
    "source" in entry && catalogue.sources[entry.source].toolchain === "rust" ? [name] : [],
  )

  it("has Dockerfiles that fetch and compile crates before the source is there", () => {
    const text = dockerfile(catalogue, imageOf(catalogue, name), baseOf(catalogue, "debian"))
    const steps = [
      "FROM ${RUST} AS rust",
      "COPY --from=source /Cargo.toml",
      "cargo fetch --locked",
      "COPY --from=source / .",
      "FROM ${BASE}",
    ]
    expect(steps.map((step) => text.indexOf(step))).toEqual([...steps.map((step) => text.indexOf(step))].sort((a, b) => a - b))
    expect(steps.every((step) => text.includes(step))).toBe(true)
    expect(text).not.toContain("multicall")
  })

  it("needs its compiler in a bundle; a stack without one does not", async () => {
    const titles = async (stack: string) => {
      const found = await loadCatalogue(stack)
      return bundleItems(found, { components: [], base: "debian", tools: [], services: [] }).map((item) => itemTitle(found, item))
    }
    expect((await titles("v7")).join()).toMatch(/packages .*\bcargo-web\b/)
    expect((await titles("openim")).join()).not.toMatch(/cargo/)
  })
})
