package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shop has two programs that share a package; the buyer also has a package and its own embedded file.
func shop(t *testing.T) string {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/shop\n\ngo 1.22\n")
	write(t, dir, "go.sum", "")
	write(t, dir, "cmd/buyer/main.go", "package main\n\nimport (\n\t_ \"embed\"\n\n\t\"example.com/shop/internal/purse\"\n)\n\n//go:embed list.txt\nvar list string\n\nfunc main() { purse.Open() }\n")
	write(t, dir, "cmd/buyer/list.txt", "tea")
	write(t, dir, "cmd/seller/main.go", "package main\n\nimport \"example.com/shop/internal/goods\"\n\nfunc main() { goods.Open() }\n")
	write(t, dir, "internal/purse/purse.go", "package purse\n\nimport \"example.com/shop/internal/goods\"\n\nfunc Open() { goods.Open() }\n")
	write(t, dir, "internal/goods/goods.go", "package goods\n\nfunc Open() {}\n")
	return dir
}

func digests(t *testing.T, dir string) [2]string {
	t.Helper()
	var result [2]string
	for i, name := range []string{"cmd/buyer", "cmd/seller"} {
		digest, err := programDigest(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		result[i] = digest
	}
	return result
}

func TestAnEditChangesOnlyTheProgramsThatSeeIt(t *testing.T) {
	for _, test := range []struct {
		file, content string
		buyer, seller bool
	}{
		{"cmd/seller/main.go", "package main\n\nfunc main() {}\n", false, true},
		{"internal/purse/purse.go", "package purse\n\nfunc Open() {}\n", true, false},
		{"internal/goods/goods.go", "package goods\n\nfunc Open() { println() }\n", true, true},
		{"cmd/buyer/list.txt", "coffee", true, false},
		{"go.sum", "example.com/x v1.0.0 h1:x\n", true, true},
		{"go.mod", "module example.com/shop\n\ngo 1.23\n", true, true},
		{"README.md", "A shop.", false, false},
		{"internal/goods/goods_test.go", "package goods\n", false, false},
		{"internal/goods/goods_windows.go", "package goods\n", false, false},
	} {
		t.Run(test.file, func(t *testing.T) {
			dir := shop(t)
			before := digests(t, dir)
			write(t, dir, test.file, test.content)
			after := digests(t, dir)
			if changed := before[0] != after[0]; changed != test.buyer {
				t.Errorf("buyer changed: %v", changed)
			}
			if changed := before[1] != after[1]; changed != test.seller {
				t.Errorf("seller changed: %v", changed)
			}
		})
	}
}

func TestTheSameFilesGiveTheSameDigestElsewhere(t *testing.T) {
	if digests(t, shop(t)) != digests(t, shop(t)) {
		t.Error("the folder's name or the files' times are part of the digest")
	}
}

func TestAMissingPackageIsAnError(t *testing.T) {
	if _, err := programDigest(shop(t), "cmd/thief"); err == nil {
		t.Error("a missing program has a digest")
	}
}

func TestFoldersThatGoTakesInsteadOfModulesCount(t *testing.T) {
	tea := "package tea\n"
	for name, files := range map[string]map[string]string{
		"replaced":          {"go.mod": "module example.com/shop\n\ngo 1.22\n\nreplace example.com/tea => ./third_party/tea // ours\n", "third_party/tea/tea.go": tea},
		"replaced, a block": {"go.mod": "module example.com/shop\n\ngo 1.22\n\nreplace (\n\texample.com/tea v1.0.0 => ./third_party/tea\n)\n", "third_party/tea/tea.go": tea},
		"vendored":          {"vendor/modules.txt": "# example.com/tea v1.0.0\n", "vendor/example.com/tea/tea.go": tea},
		"in a workspace":    {"go.work": "go 1.22\n\nuse (\n\t.\n\t./tea\n)\n", "tea/tea.go": tea},
		"used":              {"go.work": "go 1.22\nuse ./tea\n", "tea/tea.go": tea},
		"beside":            {"go.mod": "module example.com/shop\n\ngo 1.22\n\nreplace example.com/tea => ../tea\n", "../tea/tea.go": tea},
	} {
		t.Run(name, func(t *testing.T) {
			dir := shop(t)
			edited := ""
			for file, content := range files {
				write(t, dir, file, content)
				if content == tea {
					edited = file
				}
			}
			before := digests(t, dir)
			write(t, dir, edited, "package tea\n\nvar Milk = true\n")
			if after := digests(t, dir); after[0] == before[0] || after[1] == before[1] {
				t.Error("an edit there changes no digest")
			}
		})
	}
}

func TestAModuleOfThisOnesNameIsNoFailure(t *testing.T) {
	dir := shop(t)
	write(t, dir, "cmd/seller/main.go", "package main\n\nimport _ \"example.com/shop/tools/elsewhere\"\n\nfunc main() {}\n")
	digests(t, dir)
}

func TestAProgramWithoutADigestKeepsNoOtherFromHavingOne(t *testing.T) {
	dir := shop(t)
	write(t, dir, "cmd/seller/main.go", "//go:build never\n\npackage main\n\nfunc main() {}\n")
	if _, err := programDigest(dir, "cmd/seller"); err == nil || !strings.Contains(err.Error(), "no buildable Go source files") {
		t.Errorf("got %v", err)
	}
	if _, err := programDigest(dir, "cmd/buyer"); err != nil {
		t.Error(err)
	}
}
