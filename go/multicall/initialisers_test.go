package main

import (
	"errors"
	"strings"
	"testing"
)

// shop has two programs; only the first needs the package extra, both need the package shared.
func shopWith(t *testing.T, more map[string]string) string {
	files := map[string]string{
		"cmd/buyer/main.go":         "package main\n\nimport (\n\t_ \"example.com/shop/internal/extra\"\n\t_ \"example.com/shop/internal/shared\"\n)\n\nfunc main() {}\n",
		"cmd/seller/main.go":        "package main\n\nimport _ \"example.com/shop/internal/shared\"\n\nfunc main() {}\n",
		"internal/shared/shared.go": "package shared\n\nimport \"flag\"\n\nvar C = flag.String(\"shared\", \"\", \"in all of them anyway\")\n",
		"internal/tools/tools.go":   "package tools\n\nimport \"os\"\n\nfunc Load() []byte { content, _ := os.ReadFile(\"x\"); return content }\n\nfunc Make() []byte { return nil }\n",
	}
	for name, content := range more {
		files[name] = content
	}
	return module(t, files)
}

func checkedShop(t *testing.T, extra string) error {
	dir := shopWith(t, map[string]string{"internal/extra/extra.go": extra})
	_, err := merge(dir, t.TempDir(), []program{{"buyer", "cmd/buyer"}, {"seller", "cmd/seller"}})
	return err
}

func TestWhatOnlyOneProgramInitialises(t *testing.T) {
	for name, test := range map[string]struct{ extra, reason string }{
		"a flag":                    {"package extra\n\nimport \"flag\"\n\nvar C = flag.String(\"conf\", \"\", \"\")\n", "calls flag.String (example.com/shop/internal/extra/extra.go:5)"},
		"a flag in init":            {"package extra\n\nimport \"flag\"\n\nvar c int\n\nfunc init() { flag.IntVar(&c, \"conf\", 1, \"\") }\n", "calls flag.IntVar"},
		"an end without a setting":  {"package extra\n\nimport (\n\t\"log\"\n\t\"os\"\n)\n\nfunc init() {\n\tif os.Getenv(\"KEY\") == \"\" {\n\t\tlog.Fatal(\"KEY is not set\")\n\t}\n}\n", "calls log.Fatal"},
		"a panic":                   {"package extra\n\nfunc init() { panic(1) }\n", "may panic"},
		"a panic one call away":     {"package extra\n\nvar c = must(1)\n\nfunc must(x int) int {\n\tif x == 0 {\n\t\tpanic(x)\n\t}\n\treturn x\n}\n", "may panic"},
		"a file":                    {"package extra\n\nimport \"os\"\n\nvar c, _ = os.ReadFile(\"conf\")\n", "calls os.ReadFile"},
		"a file two packages away":  {"package extra\n\nimport \"example.com/shop/internal/tools\"\n\nvar c = tools.Load()\n", "calls os.ReadFile"},
		"arguments":                 {"package extra\n\nimport \"os\"\n\nvar c = len(os.Args)\n", "reads os.Args"},
		"a handler for all":         {"package extra\n\nimport \"net/http\"\n\nfunc init() { http.HandleFunc(\"/\", nil) }\n", "calls net/http.HandleFunc"},
		"a variable of Go's":        {"package extra\n\nimport \"time\"\n\nfunc init() { time.Local = time.UTC }\n", "sets time.Local"},
		"a field of Go's":           {"package extra\n\nimport \"net/http\"\n\nfunc init() { http.DefaultClient.Timeout = 1 }\n", "sets net/http.DefaultClient"},
		"an environment variable":   {"package extra\n\nimport \"os\"\n\nfunc init() { os.Setenv(\"TZ\", \"UTC\") }\n", "calls os.Setenv"},
		"a goroutine":               {"package extra\n\nfunc init() { go func() {}() }\n", "starts a goroutine"},
		"a literal that is called":  {"package extra\n\nimport \"os\"\n\nvar c = func() int { os.Exit(1); return 1 }()\n", "calls os.Exit"},
		"another name of a package": {"package extra\n\nimport f \"flag\"\n\nvar C = f.String(\"conf\", \"\", \"\")\n", "calls flag.String"},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkedShop(t, test.extra)
			var refusal refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.reason) || !strings.Contains(err.Error(), "which only buyer needs") {
				t.Errorf("got %v, want a refusal with %q", err, test.reason)
			}
		})
	}
}

func TestHarmlessInitialisersStay(t *testing.T) {
	for name, extra := range map[string]string{
		"own variables":      "package extra\n\nimport \"errors\"\n\nvar table = map[string]int{}\n\nvar e = errors.New(\"x\")\n\nfunc init() { table[\"a\"] = 1 }\n",
		"an environment":     "package extra\n\nimport \"os\"\n\nvar debug = os.Getenv(\"DEBUG\")\n",
		"a literal kept":     "package extra\n\nimport \"os\"\n\nvar end = func() { os.Exit(1) }\n",
		"a function of ours": "package extra\n\nimport \"example.com/shop/internal/tools\"\n\nvar c = tools.Make()\n",
		"a method's name":    "package extra\n\ntype log struct{}\n\nfunc (log) Fatal() {}\n\nfunc init() { log{}.Fatal() }\n",
		"later":              "package extra\n\nimport \"log\"\n\nfunc Later() { log.Fatal(1) }\n",
	} {
		t.Run(name, func(t *testing.T) {
			if err := checkedShop(t, extra); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatDoesNotCompileIsForTheBuildToSay(t *testing.T) {
	if err := checkedShop(t, "package extra\n\nimport _ \"example.com/shop/internal/gone\"\n"); err != nil {
		t.Error(err)
	}
}
