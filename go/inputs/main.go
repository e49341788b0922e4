// Command inputs prints, for every program of a Go module, a digest of what its binary is made of: the files of the
// module's packages that it imports, go.mod and go.sum (they stand for everything outside the module), and what Go takes
// from folders instead: a vendor folder, folders that replace modules, the rest of a workspace. The same files give the same
// digest on every machine, and an edit changes only the digests of the programs that see it.
//
//	inputs -source /src openim-api=cmd/openim-api openim-push=cmd/openim-push
//
// It prints {"digests": {NAME: DIGEST}, "failures": {NAME: REASON}}: a program without a digest does not keep the others from
// having one. Only what a build could not do without is a failure.
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
	digests, failures := map[string]string{}, map[string]string{}
	for _, arg := range flag.Args() {
		name, dir, found := strings.Cut(arg, "=")
		if !found {
			fail(fmt.Errorf("%q is not NAME=DIRECTORY", arg))
		}
		digest, err := programDigest(*source, strings.TrimPrefix(dir, "./"))
		if err != nil {
			failures[name] = err.Error()
			continue
		}
		digests[name] = digest
	}
	text, err := json.Marshal(map[string]any{"digests": digests, "failures": failures})
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
	folders, err := localFolders(source)
	if err != nil {
		return "", err
	}
	for _, folder := range folders {
		if err := addFolder(source, folder, files); err != nil {
			return "", err
		}
	}
	return digest(source, files)
}

// collect adds a program's files and those of the packages of the same module that it imports.
func collect(source, module, dir string, seen, files map[string]bool) error {
	context := build.Default
	context.CgoEnabled = false
	pkg, err := context.ImportDir(filepath.Join(source, filepath.FromSlash(dir)), 0)
	if err != nil {
		return err
	}
	seen[dir] = true
	return collectPackage(source, module, dir, pkg, seen, files)
}

func collectPackage(source, module, dir string, pkg *build.Package, seen, files map[string]bool) error {
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
		below, found := strings.CutPrefix(imported, module+"/")
		if imported == module {
			below, found = ".", true
		}
		if !found || seen[below] {
			continue
		}
		seen[below] = true
		context := build.Default
		context.CgoEnabled = false
		folder := filepath.Join(source, filepath.FromSlash(below))
		next, err := context.ImportDir(folder, 0)
		if err == nil {
			err = collectPackage(source, module, below, next, seen, files)
		} else if _, missing := os.Stat(folder); missing == nil {
			// Whether it can be built is for the compiler to say. Without a folder it is in another module of this one's name.
			err = addFolder(source, below, files)
		} else {
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// localFolders answers with the folders beside the module's own packages that Go reads, relative to the source.
func localFolders(source string) ([]string, error) {
	var folders []string
	if _, err := os.Stat(filepath.Join(source, "vendor", "modules.txt")); err == nil {
		folders = append(folders, "vendor")
	}
	replaced, err := localReplacements(filepath.Join(source, "go.mod"))
	if err != nil {
		return nil, err
	}
	folders = append(folders, replaced...)
	work, base, err := workspace(source)
	if err != nil || work == "" {
		return folders, err
	}
	folders = append(folders, path.Join(base, "go.work"), path.Join(base, "go.work.sum"))
	used, err := usedFolders(work)
	if err != nil {
		return nil, err
	}
	replaced, err = localReplacements(work)
	if err != nil {
		return nil, err
	}
	for _, folder := range append(used, replaced...) {
		folders = append(folders, path.Join(base, folder))
	}
	return append(folders, path.Join(base, "vendor")), nil
}

// workspace finds the go.work that Go would use, and its folder relative to the source.
func workspace(source string) (file, base string, err error) {
	absolute, err := filepath.Abs(source)
	if err != nil {
		return "", "", err
	}
	for base = "."; ; base = path.Join(base, "..") {
		folder := filepath.Join(absolute, filepath.FromSlash(base))
		file = filepath.Join(folder, "go.work")
		if _, err := os.Stat(file); err == nil {
			return file, base, nil
		}
		if filepath.Dir(folder) == folder {
			return "", "", nil
		}
	}
}

// localReplacements reads `X => ./folder` from a go.mod or go.work.
func localReplacements(file string) ([]string, error) {
	return words(file, func(fields []string) string {
		for i, field := range fields {
			if field == "=>" && i+1 < len(fields) {
				return fields[i+1]
			}
		}
		return ""
	})
}

func usedFolders(file string) ([]string, error) {
	block := false
	return words(file, func(fields []string) string {
		switch {
		case fields[0] == "use" && len(fields) > 1 && fields[1] == "(":
			block = true
		case fields[0] == ")":
			block = false
		case fields[0] == "use" && len(fields) > 1:
			return fields[1]
		case block:
			return fields[0]
		}
		return ""
	})
}

// words answers with what pick finds on each line, where it is a relative folder.
func words(file string, pick func(fields []string) string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "//")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		word := strings.Trim(pick(fields), "\"`")
		if word == "." || word == ".." || strings.HasPrefix(word, "./") || strings.HasPrefix(word, "../") {
			found = append(found, path.Clean(word))
		}
	}
	return found, nil
}

// addFolder adds all files of a folder, or one file; the source itself has been read by what its programs import.
func addFolder(source, folder string, files map[string]bool) error {
	if absolute := filepath.Join(source, filepath.FromSlash(folder)); absolute == filepath.Clean(source) {
		return nil
	}
	return filepath.WalkDir(filepath.Join(source, filepath.FromSlash(folder)), func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			// What is missing is for the build to say.
			return nil
		}
		if entry.IsDir() && entry.Name() == ".git" {
			return filepath.SkipDir
		}
		relative, err := filepath.Rel(source, name)
		if err == nil && entry.Type().IsRegular() && !strings.HasSuffix(name, "_test.go") {
			files[filepath.ToSlash(relative)] = true
		}
		return err
	})
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
