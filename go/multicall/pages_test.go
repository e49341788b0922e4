package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Both print which pages of a path http.DefaultServeMux would answer with.
const asksPages = `
func main() {
	for _, path := range []string{"/debug/pprof/", "/debug/vars"} {
		_, pattern := http.DefaultServeMux.Handler(httptest.NewRequest("GET", path, nil))
		fmt.Printf("%s %t\n", path, pattern != "")
	}
}
`

func mainWith(imports ...string) string {
	return "package main\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n\t\"net/http/httptest\"\n" + strings.Join(imports, "\n") + "\n)\n" + asksPages
}

func TestDebuggingPagesAreInTheProgramsThatImportThem(t *testing.T) {
	dir := module(t, map[string]string{
		"cmd/buyer/main.go":       mainWith(`_ "net/http/pprof"`, `_ "example.com/shop/internal/counts"`),
		"cmd/seller/main.go":      mainWith(`_ "example.com/shop/internal/counts"`),
		"internal/counts/vars.go": "package counts\n\nimport _ \"expvar\"\n",
	})
	out := t.TempDir()
	added, err := merge(dir, out, []program{{"buyer", "cmd/buyer"}, {"seller", "cmd/seller"}})
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(out, "shop")
	build := exec.Command("go", "build", "-overlay", filepath.Join(out, "overlay.json"), "-o", binary, "./"+added)
	build.Dir = dir
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for name, expected := range map[string]string{
		"buyer":  "/debug/pprof/ true\n/debug/vars true\n",
		"seller": "/debug/pprof/ false\n/debug/vars true\n",
	} {
		output, err := exec.Command(binary, name).Output()
		if err != nil || string(output) != expected {
			t.Errorf("%s: %v, %s", name, err, output)
		}
	}
}

func TestNoPackageOfGoIsReplacedWhereAllProgramsNeedIt(t *testing.T) {
	dir := module(t, map[string]string{
		"cmd/buyer/main.go":  mainWith(`_ "net/http/pprof"`),
		"cmd/seller/main.go": mainWith(`_ "net/http/pprof"`),
	})
	out := t.TempDir()
	if _, err := merge(dir, out, []program{{"buyer", "cmd/buyer"}, {"seller", "cmd/seller"}}); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(filepath.Join(out, "overlay.json")); err != nil || strings.Contains(string(content), "pprof") {
		t.Errorf("%v, %s", err, content)
	}
}
