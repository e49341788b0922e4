package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// module writes files into a new module's directory.
func module(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.com/shop // a comment\n\ngo 1.22\n"
	for name, content := range files {
		if err := write(filepath.Join(dir, name), []byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const buyer = `package main

import (
	"fmt"
	"os"
)

type order struct{ main string }

func main() {
	fmt.Println("buyer", order{main: "x"}.main, os.Args[1:])
}
`

func TestOneProgramAnswersToEveryName(t *testing.T) {
	dir := module(t, map[string]string{
		"cmd/buyer/main.go":      buyer,
		"cmd/buyer/main_test.go": "package main\n\nimport \"testing\"\n\nfunc TestMain(m *testing.M) {}\n",
		"cmd/seller/main.go":     "package main\n\nfunc main() { helper() }\n",
		"cmd/seller/helper.go":   "package main\n\nimport \"os\"\n\nfunc helper() { println(\"seller\"); os.Exit(7) }\n",
		"multicall/taken.go":     "package multicall\n",
	})
	before, _ := os.ReadFile(filepath.Join(dir, "cmd/buyer/main.go"))

	out := t.TempDir()
	added, err := generate(dir, out, []program{{"buyer", "cmd/buyer"}, {"seller", "cmd/seller"}})
	if err != nil {
		t.Fatal(err)
	}
	if added != "multicall_" {
		t.Errorf("the added package is in %q, which may hide a directory of the module", added)
	}

	binary := filepath.Join(out, "shop")
	build := exec.Command("go", "build", "-overlay", filepath.Join(out, "overlay.json"), "-o", binary, "./"+added)
	build.Dir = dir
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	after, _ := os.ReadFile(filepath.Join(dir, "cmd/buyer/main.go"))
	if string(before) != string(after) {
		t.Error("the source was changed")
	}

	link := filepath.Join(out, "seller")
	if err := os.Symlink(binary, link); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args   []string
		code   int
		output string
	}{
		{[]string{binary, "buyer", "-c", "x"}, 0, "buyer x [-c x]"},
		{[]string{link, "buyer"}, 7, "seller"},
		{[]string{binary, "thief"}, 2, "buyer"},
		{[]string{binary}, 2, "seller"},
	} {
		command := exec.Command(test.args[0], test.args[1:]...)
		output, _ := command.CombinedOutput()
		if code := command.ProcessState.ExitCode(); code != test.code || !strings.Contains(string(output), test.output) {
			t.Errorf("%v: exit %d, %s", test.args, code, output)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct{ source, reason string }{
		"init":           {"package main\n\nfunc init() {}\nfunc main() {}\n", "init() would run in every program"},
		"flag":           {"package main\n\nimport \"flag\"\n\nvar f = flag.String(\"c\", \"\", \"\")\n\nfunc main() {}\n", "initial value calls a function"},
		"called literal": {"package main\n\nvar f = func() int { return 1 }()\n\nfunc main() {}\n", "initial value calls a function"},
		"library":        {"package shop\n", "is not a program"},
		"recursion":      {"package main\n\nfunc main() { main() }\n", "main is used as a value"},
		"taken":          {"package main\n\nvar Main = 1\n\nfunc main() {}\n", "the name Main is taken"},
		"broken":         {"package main\n\nfunc main() {\n", "expected '}'"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := module(t, map[string]string{"cmd/x/main.go": test.source})
			_, err := generate(dir, t.TempDir(), []program{{"x", "cmd/x"}})
			var refusal refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("got %v, want a refusal with %q", err, test.reason)
			}
		})
	}
}

func TestHarmlessVariablesStay(t *testing.T) {
	dir := module(t, map[string]string{
		"cmd/x/main.go": "package main\n\nimport \"errors\"\n\nvar e = errors.New(\"x\")\nvar f = func() { println(1) }\n\nfunc main() { f(); _ = e }\n",
	})
	if _, err := generate(dir, t.TempDir(), []program{{"x", "cmd/x"}}); err != nil {
		t.Error(err)
	}
}

func TestMissingDirectoryIsARefusal(t *testing.T) {
	dir := module(t, map[string]string{"cmd/x/main.go": "package main\n\nfunc main() {}\n"})
	_, err := generate(dir, t.TempDir(), []program{{"y", "cmd/y"}})
	var refusal refusal
	if !errors.As(err, &refusal) {
		t.Errorf("got %v", err)
	}
}

func TestArguments(t *testing.T) {
	if _, err := parsePrograms([]string{"a=cmd/a", "b"}); err == nil || !strings.Contains(err.Error(), `"b" is not NAME=DIRECTORY`) {
		t.Errorf("got %v", err)
	}
	if _, err := parsePrograms(nil); err == nil {
		t.Error("no programs were accepted")
	}
}
