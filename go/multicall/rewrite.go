package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"sort"
)

// A refusal says why a main package cannot become a library.
type refusal string

func (r refusal) Error() string { return string(r) }

// A rewritten file, or a hidden one: tests of package main would not compile next to the library.
type rewritten struct {
	path    string
	content []byte
	hidden  bool
}

// An edit replaces the identifier at an offset. Everything else keeps its place, so line numbers in panics stay true.
type edit struct {
	offset int
	length int
	text   string
}

// rewrite turns the main package in a directory into a library called ident, whose function Main is the old main.
func rewrite(dir, ident string) ([]rewritten, error) {
	context := build.Default
	context.CgoEnabled = false
	pkg, err := context.ImportDir(dir, 0)
	if err != nil {
		return nil, refusal(err.Error())
	}
	if pkg.Name != "main" {
		return nil, refusal(fmt.Sprintf("package %s is not a program", pkg.Name))
	}

	var files []rewritten
	mains := 0
	names := append([]string{}, pkg.GoFiles...)
	sort.Strings(names)
	for _, name := range names {
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, content, parser.ParseComments)
		if err != nil {
			return nil, refusal(err.Error())
		}
		edits, found, err := inspect(set, file, ident)
		if err != nil {
			return nil, err
		}
		mains += found
		files = append(files, rewritten{path: path, content: apply(content, edits)})
	}
	if mains != 1 {
		return nil, refusal(fmt.Sprintf("%d functions main instead of one", mains))
	}
	for _, name := range append(append([]string{}, pkg.TestGoFiles...), pkg.XTestGoFiles...) {
		files = append(files, rewritten{path: filepath.Join(dir, name), hidden: true})
	}
	return files, nil
}

// inspect finds what has to change in a file, and refuses what would run in every program instead of in its own.
func inspect(set *token.FileSet, file *ast.File, ident string) ([]edit, int, error) {
	at := func(node ast.Node) string { return set.Position(node.Pos()).String() }
	rename := func(name *ast.Ident, text string) edit {
		return edit{offset: set.Position(name.Pos()).Offset, length: len(name.Name), text: text}
	}
	edits := []edit{rename(file.Name, ident)}
	mains := 0
	var mainName *ast.Ident

	for _, declaration := range file.Decls {
		switch declared := declaration.(type) {
		case *ast.FuncDecl:
			if declared.Recv != nil {
				continue
			}
			switch declared.Name.Name {
			case "init":
				return nil, 0, refusal(at(declared) + ": init() would run in every program")
			case "Main":
				return nil, 0, refusal(at(declared) + ": the name Main is taken")
			case "main":
				mains++
				mainName = declared.Name
				edits = append(edits, rename(declared.Name, "Main"))
			}
		case *ast.GenDecl:
			if err := inspectGeneral(declared, at); err != nil {
				return nil, 0, err
			}
		}
	}

	// Names that only look like the function: after a dot, a field in a literal, a field or parameter declared.
	elsewhere := map[ast.Node]bool{file.Name: true, mainName: true}
	var other ast.Node
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			elsewhere[node.Sel] = true
		case *ast.KeyValueExpr:
			elsewhere[node.Key] = true
		case *ast.Field:
			for _, name := range node.Names {
				elsewhere[name] = true
			}
		case *ast.Ident:
			if node.Name == "main" && !elsewhere[node] {
				other = node
			}
		}
		return true
	})
	if other != nil {
		return nil, 0, refusal(at(other) + ": main is used as a value")
	}
	return edits, mains, nil
}

func inspectGeneral(declared *ast.GenDecl, at func(ast.Node) string) error {
	for _, spec := range declared.Specs {
		switch spec := spec.(type) {
		case *ast.ImportSpec:
			if spec.Path.Value == `"C"` {
				return refusal(at(spec) + ": cgo")
			}
		case *ast.TypeSpec:
			if spec.Name.Name == "Main" {
				return refusal(at(spec) + ": the name Main is taken")
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.Name == "Main" {
					return refusal(at(name) + ": the name Main is taken")
				}
			}
			for _, value := range spec.Values {
				if call := firstCall(value); call != nil {
					return refusal(at(call) + ": a package variable's initial value calls a function, which would run in every program")
				}
			}
		}
	}
	return nil
}

// firstCall finds a call that runs when the package is initialised; the body of a function literal does not, unless called.
func firstCall(expression ast.Expr) (found ast.Node) {
	ast.Inspect(expression, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if found == nil && !harmless(node) {
				found = node
			}
		}
		return found == nil
	})
	return found
}

// harmless calls make a value and touch nothing else.
func harmless(call *ast.CallExpr) bool {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name == "make" || function.Name == "new" || function.Name == "len"
	case *ast.SelectorExpr:
		owner, ok := function.X.(*ast.Ident)
		return ok && owner.Name == "errors" && function.Sel.Name == "New"
	case *ast.ArrayType, *ast.MapType:
		return true
	}
	return false
}

func apply(content []byte, edits []edit) []byte {
	sort.Slice(edits, func(i, j int) bool { return edits[i].offset < edits[j].offset })
	var result []byte
	last := 0
	for _, edit := range edits {
		result = append(result, content[last:edit.offset]...)
		result = append(result, edit.text...)
		last = edit.offset + edit.length
	}
	return append(result, content[last:]...)
}
