package logcheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestThisService: the logging calls of the whole service comply.
func TestThisService(t *testing.T) {
	root := "../.."
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	faults, err := Folder(root, "internal/logging/logging.go", "cmd/logcheck/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Error(fault)
	}
}

func TestRules(t *testing.T) {
	const kratos = `import "github.com/go-kratos/kratos/v2/log"; var h *log.Helper; `
	for _, one := range []struct{ name, text, want string }{
		{"pairs", kratos + `func f(s string) { h.Warnw("msg", "slow query", "seconds", 1, "for_table", s) }`, ""},
		{"a field that is a helper", kratos + `type T struct{ log *log.Helper }; func (t T) f() { t.log.Info("x") }`, "Info has no pairs"},
		{"a format", kratos + `func f() { h.Errorf("no %s", "x") }`, "Errorf has no pairs"},
		{"an end of the program", kratos + `func f() { h.Fatalw("msg", "x") }`, "Fatalw has no pairs"},
		{"no msg", kratos + `func f() { h.Infow("message", "x") }`, `must begin with "msg"`},
		{"nothing", kratos + `func f() { h.Infow() }`, `must begin with "msg"`},
		{"a msg that differs", kratos + `func f(s string) { h.Infow("msg", "for "+s) }`, `must begin with "msg"`},
		{"half a pair", kratos + `func f() { h.Infow("msg", "x", "count") }`, "a key without a value"},
		{"a key from elsewhere", kratos + `func f(k string) { h.Infow("msg", "x", k, 1) }`, "is not fixed text"},
		{"large letters", kratos + `func f() { h.Infow("msg", "x", "userName", 1) }`, `"userName"`},
		{"a secret", kratos + `func f(s string) { h.Infow("msg", "x", "auth_token", s) }`, "names a secret"},
		{"twice", kratos + `func f() { h.Infow("msg", "x", "n", 1, "n", 2) }`, "twice"},
		{"a list", kratos + `func f(p []any) { h.Infow(p...) }`, "from a list"},
		{"print", `import "fmt"; func f() { fmt.Println("x") }`, "fmt.Println prints"},
		{"an error is no print", `import "fmt"; func f() error { return fmt.Errorf("x") }`, ""},
		{"another package", `import "log"; func f() { log.Print("x") }`, "the package log writes"},
		{"an Error of something else", `type E struct{}; func (E) Error() string { return "" }; func f(e E) string { return e.Error() }`, ""},
		{"the Error of an error beside logs", kratos + `func f(err error) { h.Warnw("msg", "x", "reason", err.Error()) }`, ""},
	} {
		t.Run(one.name, func(t *testing.T) {
			faults, err := File("file.go", "package p; "+one.text)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, fault := range faults {
				said = append(said, fault.String())
			}
			all := strings.Join(said, "\n")
			if one.want == "" && all != "" || !strings.Contains(all, one.want) {
				t.Errorf("found %q, expected %q", all, one.want)
			}
		})
	}
}

func TestFaultsSayWhere(t *testing.T) {
	folder := t.TempDir()
	text := "package p\n\nimport \"fmt\"\n\nfunc f() { fmt.Print(1) }\n"
	for _, name := range []string{"a.go", "a_test.go", "a.pb.go", "made.go"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	faults, err := Folder(folder, "made.go")
	if err != nil || len(faults) != 1 || !strings.HasSuffix(faults[0].Position.String(), "a.go:5:12") {
		t.Errorf("%v %v", faults, err)
	}
}
