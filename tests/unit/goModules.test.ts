import { describe, expect, it } from "vitest"
import { checkModuleRules, moduleVariables, refusedModule } from "../../src/plan/toolchains/go/modules.js"

describe("rules for private modules", () => {
  it("become Go's own variables", () => {
    expect(moduleVariables({})).toEqual({})
    expect(moduleVariables({ private: "git.example.com/im", nosumdb: "*.example.com", insecure: "git.example.com" })).toEqual({
      GOPRIVATE: "git.example.com/im",
      GONOSUMDB: "*.example.com",
      GOINSECURE: "git.example.com",
    })
  })

  it.each([
    "https://bob:hunter2@goproxy.example",
    "https://goproxy.cn,https://hunter2@goproxy.example|direct",
    "bob:hunter2@goproxy.example",
  ])("a password in --goproxy is refused without showing it: %s", (goproxy) => {
    const message = (() => {
      try {
        checkModuleRules(goproxy, {})
      } catch (error) {
        return (error as Error).message
      }
    })()
    expect(message).toContain("give --netrc=file://$HOME/.netrc")
    expect(message).not.toContain("hunter2")
  })

  it.each([undefined, "off", "direct", "https://goproxy.cn,direct", "https://goproxy.example:8443/a@b|direct", "file:///bundle/go"])(
    "--goproxy=%s is in order",
    (goproxy) => {
      expect(() => checkModuleRules(goproxy, {})).not.toThrow()
    },
  )

  it("are paths of modules, not addresses", () => {
    expect(() => checkModuleRules(undefined, { private: "git.example.com/im,*.corp.example.com", insecure: "git" })).not.toThrow()
    expect(() => checkModuleRules(undefined, { private: "https://git.example.com" })).toThrow(
      '--go-private "https://git.example.com": expected paths of modules',
    )
    expect(() => checkModuleRules(undefined, { nosumdb: "a b" })).toThrow("--go-nosumdb")
  })
})

describe("a module that cannot be fetched", () => {
  it.each([
    [
      "go: example.com/im/tea@v1.2.3: reading https://proxy.golang.org/example.com/im/tea/@v/v1.2.3.mod: 403 Forbidden",
      "example.com/im/tea v1.2.3",
      "403 Forbidden",
    ],
    [
      'go: github.com/a/b@v0.0.0-20240101000000-abcdef123456: Get "https://p/x.zip": dial tcp: lookup p: no such host',
      "github.com/a/b v0.0.0-20240101000000-abcdef123456",
      "no such host",
    ],
    [
      "main.go:3:2: git.corp.example/x@v1.0.0: git fetch -f origin: exit status 128:\n\tfatal: could not read Username for 'https://git.corp.example': terminal prompts disabled",
      "git.corp.example/x v1.0.0",
      "could not read Username",
    ],
    ["go: a.example/b@v1.0.0: verifying module: checksum mismatch\n\tSECURITY ERROR", "a.example/b v1.0.0", "checksum mismatch"],
  ])("%s", (output, module, why) => {
    const said = refusedModule(output)
    expect(said).toContain(`the module ${module} cannot be fetched (${why})`)
    expect(said).toContain("--mirrors=go=")
  })

  it("is known by what imports it where git refuses", () => {
    const said = refusedModule("internal/goods/tea.go:3:8: no protocol found for repository")
    expect(said).toContain("the module that internal/goods/tea.go:3:8 imports cannot be fetched")
    expect(said).toContain("--netrc")
  })

  it("is none where a source does not compile", () => {
    expect(refusedModule('internal/x.go:3:13: cannot use "tea" (untyped string constant) as int value')).toBeUndefined()
    expect(refusedModule("go: downloading example.com/tea v1.0.0")).toBeUndefined()
  })
})
