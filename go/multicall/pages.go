package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
)

// Pages is a package of Go that adds pages to http.DefaultServeMux when it is initialised: net/http/pprof and expvar do. In one
// binary, every program that serves this mux would answer with them, also the programs that never imported the package. So its
// init functions get names, and only the programs that need the package call them.
type pages struct {
	importPath string
	files      []rewritten
	calls      []string
	programs   map[string]bool
}

// pagesOf finds such packages that some programs need and others do not.
func pagesOf(uses *usage, programs []program) ([]pages, error) {
	var found []pages
	for _, name := range uses.names() {
		if !uses.packages[name].Standard || len(uses.programs[name]) == len(programs) {
			continue
		}
		page, err := namedInits(uses.packages[name])
		if err != nil {
			return nil, err
		}
		if len(page.calls) == 0 {
			continue
		}
		page.programs = map[string]bool{}
		for _, program := range uses.programs[name] {
			page.programs[program] = true
		}
		found = append(found, page)
	}
	return found, nil
}

// namedInits gives names to the init functions that add pages. The others stay.
func namedInits(pkg listed) (pages, error) {
	page := pages{importPath: pkg.ImportPath}
	for _, name := range pkg.GoFiles {
		file := filepath.Join(pkg.Dir, name)
		set := token.NewFileSet()
		content, err := os.ReadFile(file)
		if err != nil {
			return pages{}, err
		}
		parsed, err := parser.ParseFile(set, file, content, parser.SkipObjectResolution)
		if err != nil {
			return pages{}, err
		}
		var edits []edit
		for _, declaration := range parsed.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Recv != nil || function.Name.Name != "init" || !addsPages(function, importsOf(parsed)) {
				continue
			}
			call := fmt.Sprintf("MulticallInit%d", len(page.calls))
			page.calls = append(page.calls, call)
			edits = append(edits, edit{offset: set.Position(function.Name.Pos()).Offset, length: len("init"), text: call})
		}
		if len(edits) > 0 {
			page.files = append(page.files, rewritten{path: file, content: apply(content, edits)})
		}
	}
	return page, nil
}

func addsPages(function *ast.FuncDecl, imports map[string]string) bool {
	found := false
	ast.Inspect(function, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok {
			name := (&judge{imports: imports}).foreign(call.Fun)
			found = found || name == "net/http.Handle" || name == "net/http.HandleFunc"
		}
		return !found
	})
	return found
}

// A usage says which packages there are, and which of the programs need each.
type usage struct {
	packages map[string]listed
	programs map[string][]string
}

func usageOf(source string, programs []program) (*usage, error) {
	dirs := make([]string, len(programs))
	for i, program := range programs {
		dirs[i] = "./" + program.dir
	}
	packages, err := listDependencies(source, dirs)
	if err != nil {
		return nil, err
	}
	result := &usage{packages: packages, programs: map[string][]string{}}
	for _, program := range programs {
		for name := range closure(packages, filepath.Join(source, filepath.FromSlash(program.dir))) {
			result.programs[name] = append(result.programs[name], program.name)
		}
	}
	return result, nil
}

func (u *usage) names() []string {
	names := make([]string, 0, len(u.programs))
	for name := range u.programs {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
