// What ./daggerw makes of the words of a call: where options stand, what is refused, and which module it is about.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { FunctionList } from "../../host/call/list.js"
import { rewrite } from "../../host/call/rewrite.js"

// Its own module, so that these cases stay what they are when functions come and go.
const list: FunctionList = {
  main: "Shop",
  own: ["Shop", "Sale", "Rooms"],
  objects: {
    Shop: {
      options: {
        source: "Directory",
        "git-ref": "String",
        "git-token": "Secret",
        "git-ssh": "Socket",
        mirrors: "[String]",
        base: "String",
        bundle: "Directory",
        catalogue: "Directory",
        pin: "String",
        "registry-username": "String",
        "registry-password": "Secret",
      },
      functions: {
        build: {
          gives: "Box",
          options: { component: "String!", version: "String", "plain-http": "Boolean", base: "Boolean", service: "Service" },
        },
        test: { gives: "String", options: { suites: "[String]" } },
        smoke: { gives: "String", check: true, options: { component: "String" } },
        publish: { gives: "String", options: { component: "String!", password: "Secret", record: "File", tags: "[String]" } },
        sale: { gives: "Sale", options: { registry: "[String]" } },
        rooms: { gives: "Rooms", options: {} },
        bump: { gives: "Changes", options: { component: "String", pin: "String", base: "Boolean" } },
        "test-report": { gives: "Folder", options: {} },
        write: { gives: "Changeset", options: { record: "File", catalogue: "Directory" } },
        changes: { gives: "Changeset", options: { component: "String" } },
      },
    },
    Sale: {
      options: { table: "String!" },
      functions: { report: { gives: "String", options: {} }, state: { gives: "Folder", options: {} } },
    },
    Rooms: {
      options: {},
      functions: {
        redis: { gives: "Box", options: {} },
        "mongodb-stand-in": { gives: "Box", options: {} },
        tidy: { gives: "String", check: true, options: {} },
      },
    },
    Box: {
      options: {},
      functions: {
        export: { gives: "String", options: { path: "String!" } },
        up: { gives: "void", options: { ports: "[Port]", random: "Boolean" } },
        "with-source": { gives: "Box", options: { source: "Directory", value: "String" } },
        boxes: { gives: "[Box]", options: {} },
      },
    },
    Folder: {
      options: {},
      functions: { export: { gives: "String", options: { path: "String!" } }, entries: { gives: "[String]", options: {} } },
    },
    Changeset: { options: {}, functions: { export: { gives: "String", options: { path: "String!" } } } },
  },
}

let root: string
let project: string
let folder: string
let environment: Record<string, string | undefined>

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "call-")))
  project = join(root, "project")
  folder = project
  environment = {}
  mkdirSync(join(root, "source"))
  mkdirSync(join(project, "inner"), { recursive: true })
  writeFileSync(join(root, "file"), "x")
  writeFileSync(join(project, "dagger.json"), "{}")
})
afterEach(() => rmSync(root, { recursive: true }))

const of = (...words: string[]) => rewrite(words, { folder, project, environment }, list)
const words = (line: string) => of(...line.split(" ")).words.join(" ")
const refusal = (...given: string[]): string => {
  try {
    of(...given)
  } catch (error) {
    return (error as Error).message
  }
  return "nothing"
}

describe("options of all functions", () => {
  it.each([
    ["call build --component=server --source=../source", "call --source=../source build --component=server"],
    ["call build --source ../source --component server", "call --source=../source build --component=server"],
    ["call --source=../source build --component=server", "call --source=../source build --component=server"],
    ["--source=../source call build --component=server", "call --source=../source build --component=server"],
    ["call build --component=x export --path=y --source=../source", "call --source=../source build --component=x export --path=y"],
    ["call --component=x build export --path=y", "call build --component=x export --path=y"],
    ["call --component x --version v1 build", "call build --component=x --version=v1"],
    ["call build --component=x export --path=y --version=v1", "call build --component=x --version=v1 export --path=y"],
    ["call sale report --registry=a,b", "call sale --registry=a,b report"],
    ["call rooms redis up --ports=1:2 --base=alpine", "call --base=alpine rooms redis up --ports=1:2"],
    ["call build --component=x --gitRef=main", "call --git-ref=main build --component=x"],
    ["call testReport export --path=r", "call test-report export --path=r"],
  ])("%s", (given, expected) => {
    expect(words(given)).toBe(expected)
  })

  it("give way to an option of the function that has the same name", () => {
    expect(words("call build --component=x --base")).toBe("call build --component=x --base=true")
    expect(words("call build --component=x with-source --source=../source")).toBe("call build --component=x with-source --source=../source")
  })

  it("are meant for the function that follows, where it has the same one", () => {
    expect(words("call --pin=v1 bump --component=x")).toBe("call bump --pin=v1 --component=x")
    expect(words("call bump --component=x --pin=v1")).toBe("call bump --component=x --pin=v1")
    expect(words("call --pin=v1 build --component=x")).toBe("call --pin=v1 build --component=x")
    expect(words("call build --component=x --pin=v1")).toBe("call --pin=v1 build --component=x")
    // Another type is another option.
    expect(words("call --base=alpine bump")).toBe("call --base=alpine bump")
  })

  it("stand beside Dagger's own, which stay where they are", () => {
    expect(words("--progress=plain call -y build --component=x -o=out --source=../source --progress plain -vv")).toBe(
      "--progress=plain call -y --source=../source build -o=out --progress plain -vv --component=x",
    )
  })

  it("keep their values", () => {
    const value = "a b  'c' \"d\" $e"
    expect(of("call", "build", "--component", value, "--git-ref", value).words).toEqual([
      "call",
      `--git-ref=${value}`,
      "build",
      `--component=${value}`,
    ])
  })

  it("may be asked for help anywhere", () => {
    for (const line of ["call --help", "call build --help", "call -h build", "call build --source=/nowhere --help"])
      expect(words(line)).toContain("-h")
    expect(words("call build --source=/nowhere --help")).toBe("call --source=/nowhere build --help")
  })

  it("are left as they are behind what is not known here", () => {
    expect(words("call build --component=x boxes name --unknown=1 --source=y")).toBe(
      "call build --component=x boxes name --unknown=1 --source=y",
    )
    expect(words("call build --component=x -- --sorce=y")).toBe("call build --component=x -- --sorce=y")
  })
})

describe("another module's call, and other commands", () => {
  it.each([
    "call -m ../source fly --high",
    "call --mod=github.com/a/b fly --sorce",
    "call -M fly",
    "core container from --address=a",
    "version",
    "query --x",
    "call fly -m ../source",
  ])("%s", (line) => {
    expect(words(line)).toBe(line)
  })

  it("is one whose folder below the project has its own dagger.json, or that a variable names", () => {
    writeFileSync(join(project, "inner", "dagger.json"), "{}")
    folder = join(project, "inner")
    expect(words("call all --anything")).toBe("call all --anything")
    folder = project
    environment = { DAGGER_MODULE: "../other" }
    expect(words("call all --anything")).toBe("call all --anything")
  })
})

describe("wrong words", () => {
  it.each([
    ["call build --component=x --sorce=y", "build has no option --sorce, did you mean --source? (./daggerw call build --help lists them)"],
    ["call build --component=x --prefix=y", "build has no option --prefix (./daggerw call build --help lists them)"],
    ["call test --record=y", "test has no option --record (publish, write have it)"],
    ["call --verison=v1 build", "call has no option --verison, did you mean --version?"],
    [
      "call build --component=x --username=me",
      "build has no option --username: write --registry-username, which is an option of the whole call (./daggerw call --help lists them)",
    ],
    ["call rooms mongo", "mongo cannot follow rooms, did you mean mongodb-stand-in? (./daggerw call rooms --help lists what can)"],
    ["call redis", "there is no function redis: ./daggerw call rooms redis"],
    ["call biuld", "there is no function biuld, did you mean build? (./daggerw functions lists them)"],
    ["call xyzzyx", "there is no function xyzzyx (./daggerw functions lists them)"],
    ["call build", "build needs --component, such as ./daggerw call build --component=server"],
    ["call build --component=x export", "export needs --path, such as ./daggerw call build export --path=PATH"],
    ["call build server", 'build takes "server" as an option: ./daggerw call build --component=server'],
    ["call build --component=x exprot", "exprot cannot follow build, did you mean export?"],
    ["call build --component=x test", "test cannot follow build; test is called directly: ./daggerw call test"],
    ["call test build", "build cannot follow test, which gives text"],
    ["call build --plain-http true", "write --plain-http=true"],
    ["call build --component", "--component needs a value: write --component=VALUE"],
    ["call build --source --component=x", "--source needs a value"],
    ["call build --component=x -z", "build has no option -z"],
    ["build --component=x", "build is a function of the module: ./daggerw call build"],
    ["check smok", "there is no check smok, did you mean smoke? (./daggerw check -l lists them)"],
    ["check --progress plain smoke xyzzyx", "there is no check xyzzyx (./daggerw check -l lists them)"],
    ["check tidi", "there is no check tidi, did you mean rooms:tidy? (./daggerw check -l lists them)"],
    ["check rooms:tidi", "there is no check rooms:tidi, did you mean rooms:tidy?"],
    ["check tidy", "there is no check tidy, did you mean rooms:tidy?"],
    ["check build", "build is not a check, but a function: ./daggerw call build"],
  ])("%s", (line, message) => {
    const said = refusal(...line.split(" "))
    expect(said).toContain(message)
    expect(said).not.toContain("\n")
  })
})

describe("the checks", () => {
  it.each([
    "check",
    "check smoke rooms:tidy",
    "check -l rooms",
    "check sm*",
    "check --progress=plain smoke",
    "check -m ../other smok",
    "check smok --help",
  ])("%s", (line) => {
    expect(words(line)).toBe(line)
  })
})

describe("values that cannot work", () => {
  it.each([
    [["test", "--suites="], "--suites is empty: give it a value, or leave it out"],
    [["test", "--suites", ""], "--suites is empty"],
    [["test", "--suites=,"], "--suites is empty"],
    [["build", "--component="], "--component is empty"],
    [["build", "--component=x", "--source=../nope"], "--source: there is no folder ROOT/nope"],
    [["build", "--component=x", "--source=../file"], "--source: ROOT/file is a file, but a folder is needed"],
    [["publish", "--component=x", "--record=../source"], "--record: ROOT/source is a folder, but a file is needed"],
    [["publish", "--component=x", "--record=nope"], "--record: there is no file ROOT/project/nope"],
    [["publish", "--component=x", "--password=env://UNSET"], "--password: the variable UNSET is not set: export UNSET=… first"],
    [["publish", "--component=x", "--password=env:UNSET"], "--password: the variable UNSET is not set"],
    [["publish", "--component=x", "--password=env://EMPTY"], "--password: the variable EMPTY is empty"],
    [["publish", "--component=x", "--password=file://nope"], "--password: there is no file ROOT/project/nope"],
    [["publish", "--component=x", "--password=file:../source"], "--password: ROOT/source is a folder"],
    [["publish", "--component=x", "--password=plan://x"], "--password: secrets come from env://, file://"],
    [["publish", "--component=x", "--password=hunter2"], "--password takes the place of a secret, not its value"],
    [["build", "--component=x", "--git-ssh=../file"], "--git-ssh: ROOT/file is a file, but a socket is needed"],
    [["build", "--component=x", "--git-ssh="], "--git-ssh is empty"],
    [["build", "--component=x", "--service=http://localhost:5000"], "--service: a service is given as tcp://HOST:PORT"],
    [["build", "--component=x", "--service=tcp://localhost"], "--service: a service is given as tcp://HOST:PORT"],
    [
      ["build", "--component=x", "--mirrors=docker=http://mirror.example"],
      '--mirrors "docker=http://mirror.example": the engine pulls images by HTTPS',
    ],
    [["build", "--component=x", "--mirrors=chyna"], 'unknown preset of mirrors "chyna". Did you mean "china"?'],
    [["build", "--component=x", "with-source", "--source=nope"], "--source: there is no folder"],
  ])("%j", (given, message) => {
    environment = { EMPTY: "" }
    const said = refusal("call", ...given)
    expect(said).toContain(message.replace("ROOT", root))
    expect(said).not.toContain("hunter2")
    expect(said).not.toContain("\n")
  })

  it.each([
    ["call publish --component=x --password=env://SET --record=../file"],
    ["call publish --component=x --password=file://../file"],
    ["call publish --component=x --password=SET"],
    ["call publish --component=x --password=cmd://pass"],
    ["call --source=https://git.example/a#main build --component=x"],
    ["call --source=git@git.example:a/b.git build --component=x"],
    ["call --source=github.com/a/b build --component=x"],
    ["call --mirrors=docker=http://localhost:5000,china build --component=x --service=tcp://localhost:5000"],
    ["call build --component=x with-source --value="],
  ])("but not %s", (line) => {
    environment = { SET: "x" }
    expect(words(line).split(" ").sort().join(" ")).toBe(line.split(" ").sort().join(" "))
  })
})

describe("a call that ends inside the engine", () => {
  const said = (line: string, terminal = true) => {
    list.objects["Shop"]!.functions["image"] = { gives: "Container", options: { component: "String!" } }
    list.objects["Shop"]!.functions["file"] = { gives: "File", options: { component: "String!" } }
    return rewrite(line.split(" "), { folder, project, environment, terminal }, list).remarks.join("\n")
  }

  it("says on a terminal how to go on", () => {
    for (const words of [
      "archive --component=x export --path=x.tar",
      "image --component=x export-image --name=x",
      "publish --component=x --registry=",
    ]) {
      expect(said("call image --component=x")).toContain(words)
    }
    expect(said("call file --component=x")).toContain("./daggerw call file --component=x export --path=PATH")
  })

  it("says nothing elsewhere, nor where it goes on", () => {
    expect(said("call image --component=x", false)).toBe("")
    for (const line of ["call image --component=x -o=x", "call -o x file --component=x", "call test", "call bump"])
      expect(said(line)).toBe("")
  })
})

describe("from another folder", () => {
  beforeEach(() => {
    folder = root
  })

  it.each(["functions", "check smoke", "generate -l"])("%s runs in the project", (line) => {
    expect(of(...line.split(" "))).toMatchObject({ words: line.split(" "), folder: project })
  })

  it("a call, a shell and a query name the module, and paths stay the user's", () => {
    expect(words("call build --component=x --source=source export --path=out")).toBe(
      `call --mod=${project} --source=source build --component=x export --path=out`,
    )
    expect(words("--progress=plain call test")).toBe(`--progress=plain call --mod=${project} test`)
    expect(words("call --help")).toBe(`call --mod=${project} --help`)
    expect(words("shell")).toBe(`shell --mod=${project}`)
    expect(words("-c build")).toBe(`--mod=${project} -c build`)
    expect(of("call", "test").folder).toBeUndefined()
  })

  it("changes of the project's files are written into the project", () => {
    expect(of("call", "changes", "--component=x")).toMatchObject({ words: ["call", "changes", "--component=x"], folder: project })
    expect(of("call", "write", "--record=file", "--source=source")).toMatchObject({
      words: ["call", `--source=${root}/source`, "write", `--record=${root}/file`],
      folder: project,
    })
    expect(of("call", "changes", "export", "--path=here").folder).toBeUndefined()
  })

  it("below the project nothing is another folder but where paths start", () => {
    folder = join(project, "inner")
    expect(words("call test")).toBe(`call --mod=${project} test`)
    expect(refusal("call", "build", "--component=x", "--source=source")).toContain(`there is no folder ${project}/inner/source`)
  })

  it("a named module stays as it is, also when it is this one", () => {
    expect(words("call -m project build --component=x --source=source")).toBe("call -m project --source=source build --component=x")
  })
})

describe("the file .env", () => {
  const file = (text: string) => writeFileSync(join(project, ".env"), text)

  it.each([
    ["BASSE=alpine\n", ".env:1: nothing reads BASSE, did you mean BASE?"],
    ["PUBLISH_USERNAME=me\n", ".env:1: nothing reads PUBLISH_USERNAME: write REGISTRYUSERNAME, an option of the whole call"],
    ["TEST_REPORT_PIN=v1\n", ".env:1: nothing reads TEST_REPORT_PIN: write PIN, an option of the whole call"],
    ["REGISTRY_USERNAME=me\n", ".env:1: nothing reads REGISTRY_USERNAME, did you mean REGISTRYUSERNAME?"],
    ["\r\n# x\r\nGIT_REF=main\r\n", ".env:3: nothing reads GIT_REF, did you mean GITREF?"],
    ["BASE = alpine\n", ".env:1: write BASE=alpine without spaces around the ="],
    ["BASE= alpine\n", ".env:1: write BASE=alpine without spaces around the ="],
    ["BASE=alpine # mine\n", ".env:1: what stands behind # would belong to the value of BASE"],
    ["BASE\n", '.env:1: "BASE" is not KEY=VALUE'],
    ['BASE="alpine\n', '.env:1: BASE has a " without its end'],
    ["BASE=$UNSET\n", ".env:1: BASE needs UNSET, which is not set"],
    ["BASE=$(id)\n", ".env:1: BASE runs a command"],
    ["SOURCE=../nope\n", ".env:1: SOURCE: there is no folder ROOT/nope"],
    ["TEST_SUITES=\n", ".env:1: TEST_SUITES is empty"],
    ["GITTOKEN=env://UNSET\n", ".env:1: GITTOKEN: the variable UNSET is not set"],
    ["MIRRORS=docker=http://mirror.example\n", ".env:1: MIRRORS "],
    ["OPENIM_CACHE=/x\n", ".env:1: OPENIM_CACHE is a variable of the environment"],
    ["BUILD_PLAINHTTP=yes\n", ".env:1: BUILD_PLAINHTTP is yes: write true or false"],
  ])("%j is refused", (text, message) => {
    file(text)
    const said = refusal("call", "test")
    expect(said).toContain(message.replace("ROOT", root))
    expect(said).not.toContain("\n")
  })

  it.each([
    "BASE=alpine\r\nSOURCE=../source\r\n",
    "\uFEFF# a comment\n\nexport BASE=alpine\nexport   SOURCE='../source' # mine\n",
    'ROOT=..\nSOURCE="${ROOT}/source"\n',
    "source=../source\nbase=alpine",
    "SHOP_SOURCE=../source\n",
    "SOURCE=${UNSET:-../source}\n",
  ])("%j is understood", (text) => {
    file(text)
    folder = root
    expect(words("call test")).toBe(`call --mod=${project} --source=${root}/source test`)
  })

  it("says what nothing reads, and goes on", () => {
    file("SOMETHINGELSEALTOGETHER=1\n")
    expect(of("call", "test").remarks).toEqual([".env:1: nothing reads SOMETHINGELSEALTOGETHER (./daggerw call --help lists the options)"])
  })

  it("gives options of functions, and what must be given", () => {
    file("BUILD_COMPONNENT=x\n")
    expect(refusal("call", "test")).toContain("nothing reads BUILD_COMPONNENT, did you mean BUILD_COMPONENT?")
    file("BUILD_COMPONENT=x\n")
    expect(words("call build")).toBe("call build")
  })

  it("gives way to the command line", () => {
    file("SOURCE=../nope\n")
    expect(words("call build --component=x --source=../source")).toBe("call --source=../source build --component=x")
  })

  it("is not done for help, nor for other modules", () => {
    file("BASSE=alpine\n")
    expect(words("call --help")).toBe("call --help")
    expect(words("call -m ../source x")).toBe("call -m ../source x")
  })
})
