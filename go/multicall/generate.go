package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// overlay is the file format of `go build -overlay`; an empty replacement hides the file.
type overlay struct {
	Replace map[string]string
}

// generate writes the overlay and answers with the added package's directory, relative to the module's root. Some programs need the
// packages in partly, and call their init functions; the others do not.
func generate(source, out string, programs []program, partly ...pages) (string, error) {
	source, err := filepath.Abs(source)
	if err != nil {
		return "", err
	}
	out, err = filepath.Abs(out)
	if err != nil {
		return "", err
	}
	module, err := modulePath(filepath.Join(source, "go.mod"))
	if err != nil {
		return "", err
	}
	added, err := freeName(source, "multicall")
	if err != nil {
		return "", err
	}

	result := overlay{Replace: map[string]string{}}
	var entries []entry
	for number, program := range programs {
		ident := fmt.Sprintf("program%d", number)
		files, err := rewrite(filepath.Join(source, filepath.FromSlash(program.dir)), ident)
		if err != nil {
			return "", fmt.Errorf("%s: %w", program.dir, err)
		}
		for _, file := range files {
			target := ""
			if !file.hidden {
				target = filepath.Join(out, ident, filepath.Base(file.path))
				if err := write(target, file.content); err != nil {
					return "", err
				}
			}
			result.Replace[file.path] = target
		}
		entries = append(entries, entry{Name: program.name, Ident: ident, Import: path.Join(module, program.dir)})
	}
	var imports []imported
	for number, page := range partly {
		ident := fmt.Sprintf("pages%d", number)
		imports = append(imports, imported{Ident: ident, Import: page.importPath})
		for _, file := range page.files {
			target := filepath.Join(out, ident, filepath.Base(file.path))
			if err := write(target, file.content); err != nil {
				return "", err
			}
			result.Replace[file.path] = target
		}
		for i := range entries {
			if !page.programs[entries[i].Name] {
				continue
			}
			for _, call := range page.calls {
				entries[i].First = append(entries[i].First, ident+"."+call)
			}
		}
	}

	picker := filepath.Join(out, "picker", "main.go")
	content, err := pickerSource(entries, imports)
	if err != nil {
		return "", err
	}
	if err := write(picker, content); err != nil {
		return "", err
	}
	result.Replace[filepath.Join(source, added, "main.go")] = picker

	text, err := json.MarshalIndent(result, "", "  ")
	if err != nil {
		return "", err
	}
	return added, write(filepath.Join(out, "overlay.json"), text)
}

// freeName answers with a directory name the module does not use yet.
func freeName(source, wish string) (string, error) {
	for name := wish; ; name += "_" {
		_, err := os.Lstat(filepath.Join(source, name))
		if os.IsNotExist(err) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
	}
}

// modulePath reads the module line. The only other thing that can stand before it are comments.
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

func write(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}
