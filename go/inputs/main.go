// Command inputs prints, for every program of a Go module, a digest of what its binary is made of: the files of the
// module's packages that it imports, go.mod and go.sum (they stand for everything outside the module). The same files give
// the same digest on every machine, and an edit changes only the digests of the programs that see it.
//
//	inputs -source /src openim-api=cmd/openim-api openim-push=cmd/openim-push
package main

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	source := flag.String("source", ".", "directory of the module's go.mod")
	flag.Parse()
	digests := map[string]string{}
	for _, arg := range flag.Args() {
		name, dir, found := strings.Cut(arg, "=")
		if !found {
			fail(fmt.Errorf("%q is not NAME=DIRECTORY", arg))
		}
		digest, err := programDigest(*source, strings.TrimPrefix(dir, "./"))
		if err != nil {
			fail(fmt.Errorf("%s: %w", dir, err))
		}
		digests[name] = digest
	}
	text, err := json.Marshal(digests)
	if err != nil {
		fail(err)
	}
	fmt.Println(string(text))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "inputs:", err)
	os.Exit(1)
}

func programDigest(source, dir string) (string, error) {
	module, err := modulePath(filepath.Join(source, "go.mod"))
	if err != nil {
		return "", err
	}
	files := map[string]bool{}
	for _, name := range []string{"go.mod", "go.sum"} {
		if _, err := os.Stat(filepath.Join(source, name)); err == nil {
			files[name] = true
		}
	}
	if err := collect(source, module, dir, map[string]bool{}, files); err != nil {
		return "", err
	}
	return digest(source, files)
}

// collect adds a package's files and those of the packages of the same module that it imports.
func collect(source, module, dir string, seen, files map[string]bool) error {
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	context := build.Default
	context.CgoEnabled = false
	pkg, err := context.ImportDir(filepath.Join(source, filepath.FromSlash(dir)), 0)
	if err != nil {
		return err
	}
	for _, list := range [][]string{pkg.GoFiles, pkg.SFiles, pkg.HFiles} {
		for _, name := range list {
			files[path.Join(dir, name)] = true
		}
	}
	if len(pkg.EmbedPatterns) > 0 {
		// What the patterns match is below the package; a few files too many only build too often.
		if err := addTree(source, dir, files); err != nil {
			return err
		}
	}
	for _, imported := range pkg.Imports {
		if below, found := strings.CutPrefix(imported, module+"/"); found {
			if err := collect(source, module, below, seen, files); err != nil {
				return err
			}
		}
	}
	return nil
}

func addTree(source, dir string, files map[string]bool) error {
	return fs.WalkDir(os.DirFS(source), dir, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !strings.HasSuffix(name, ".go") {
			files[name] = true
		}
		return err
	})
}

func digest(source string, files map[string]bool) (string, error) {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	sum := sha256.New()
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(source, filepath.FromSlash(name)))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %x\n", name, sha256.Sum256(content))
	}
	return fmt.Sprintf("%x", sum.Sum(nil)), nil
}

func modulePath(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for _, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "//")
		if fields := strings.Fields(line); len(fields) == 2 && fields[0] == "module" {
			return strings.Trim(fields[1], "\"`"), nil
		}
	}
	return "", fmt.Errorf("%s has no module line", file)
}
