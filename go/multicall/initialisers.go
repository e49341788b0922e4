package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// A listed package is what `go list -json` says about one.
type listed struct {
	ImportPath string
	Dir        string
	Standard   bool
	GoFiles    []string
	Imports    []string
	ImportMap  map[string]string
	Module     *struct {
		Path    string
		Version string
		Main    bool
		Replace *struct{ Version string }
	}
}

// ours tells packages of the source itself, of its workspace and of folders that replace modules, from those of other people's
// modules and of Go.
func (p listed) ours() bool {
	if p.Standard || p.Module == nil {
		return false
	}
	if p.Module.Replace != nil {
		return p.Module.Replace.Version == ""
	}
	return p.Module.Main || p.Module.Version == ""
}

// checkInitialisers refuses programs of which one brings packages that another lacks and that do something when they are
// initialised: in one binary they would do it in every program. What is in all programs does it anyway. Code of the source itself is
// judged strictly; other people's modules, which mostly fill tables of their own, by what is known to show in a whole process.
func checkInitialisers(source string, uses *usage, programs []program) error {
	for _, name := range uses.names() {
		pkg, users := uses.packages[name], uses.programs[name]
		if len(users) == len(programs) || isProgram(pkg, source, programs) {
			continue
		}
		what, err := effectOf(uses.packages, pkg)
		if err != nil {
			return err
		}
		if what != "" {
			return refusal(fmt.Sprintf("%s, which only %s %s, %s when it is initialised, and would in every program",
				name, strings.Join(users, ", "), verb(len(users)), what))
		}
	}
	return nil
}

func verb(count int) string {
	if count == 1 {
		return "needs"
	}
	return "need"
}

func isProgram(pkg listed, source string, programs []program) bool {
	for _, program := range programs {
		if pkg.Dir == filepath.Join(source, filepath.FromSlash(program.dir)) {
			return true
		}
	}
	return false
}

func listDependencies(source string, dirs []string) (map[string]listed, error) {
	command := exec.Command("go", append([]string{"list", "-deps", "-json=ImportPath,Dir,Standard,GoFiles,Imports,ImportMap,Module", "--"}, dirs...)...)
	command.Dir = source
	output, err := command.Output()
	if err != nil {
		return nil, err
	}
	packages := map[string]listed{}
	decoder := json.NewDecoder(bytes.NewReader(output))
	for {
		var pkg listed
		if err := decoder.Decode(&pkg); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages[pkg.ImportPath] = pkg
	}
}

// closure answers with the packages that the one in a directory needs, and itself.
func closure(packages map[string]listed, dir string) map[string]bool {
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		pkg, known := packages[name]
		if !known || seen[name] {
			return
		}
		seen[name] = true
		for _, imported := range pkg.Imports {
			if mapped, found := pkg.ImportMap[imported]; found {
				imported = mapped
			}
			visit(imported)
		}
	}
	for name, pkg := range packages {
		if pkg.Dir == dir {
			visit(name)
		}
	}
	return seen
}

// effectOf says what a package does to the whole process when it is initialised; nothing when it seems to do nothing.
func effectOf(packages map[string]listed, pkg listed) (string, error) {
	// Go's own packages at most add pages to http.DefaultServeMux: see pagesOf.
	if pkg.Standard {
		return "", nil
	}
	judged := judge{packages: packages, ours: pkg.ours(), parsed: map[string]*parsed{}, seen: map[string]bool{}}
	read, err := judged.read(pkg)
	if err != nil {
		return "", refusal(err.Error())
	}
	for _, file := range read.files {
		judged.within(pkg.ImportPath, read, importsOf(file))
		if what, at := judged.file(file); what != "" {
			position := read.set.Position(at)
			return fmt.Sprintf("%s (%s:%d)", what, path.Join(pkg.ImportPath, filepath.Base(position.Filename)), position.Line), nil
		}
	}
	return "", nil
}

// A parsed package, with its functions by name and what the names of packages mean in each.
type parsed struct {
	set       *token.FileSet
	files     []*ast.File
	functions map[string]*ast.FuncDecl
	imports   map[*ast.FuncDecl]map[string]string
}

// A judge reads a package's init functions and initial values, and the functions of the same source that these call.
type judge struct {
	packages map[string]listed
	ours     bool
	parsed   map[string]*parsed
	seen     map[string]bool

	// Where the judge is reading.
	at      string
	current *parsed
	imports map[string]string
}

func (j *judge) within(at string, current *parsed, imports map[string]string) {
	j.at, j.current, j.imports = at, current, imports
}

func (j *judge) read(pkg listed) (*parsed, error) {
	if known, found := j.parsed[pkg.ImportPath]; found {
		return known, nil
	}
	result := &parsed{set: token.NewFileSet(), functions: map[string]*ast.FuncDecl{}, imports: map[*ast.FuncDecl]map[string]string{}}
	for _, name := range pkg.GoFiles {
		file, err := parser.ParseFile(result.set, filepath.Join(pkg.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		result.files = append(result.files, file)
		imports := importsOf(file)
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok && function.Recv == nil && function.Name.Name != "init" {
				result.functions[function.Name.Name] = function
				result.imports[function] = imports
			}
		}
	}
	j.parsed[pkg.ImportPath] = result
	return result, nil
}

func (j *judge) file(file *ast.File) (string, token.Pos) {
	for _, declaration := range file.Decls {
		switch declared := declaration.(type) {
		case *ast.FuncDecl:
			if declared.Recv == nil && declared.Name.Name == "init" && declared.Body != nil {
				if what, at := j.node(declared.Body); what != "" {
					return what, at
				}
			}
		case *ast.GenDecl:
			for _, spec := range declared.Specs {
				value, ok := spec.(*ast.ValueSpec)
				if !ok || declared.Tok != token.VAR {
					continue
				}
				for _, expression := range value.Values {
					if what, at := j.node(expression); what != "" {
						return what, at
					}
				}
			}
		}
	}
	return "", token.NoPos
}

// node looks for the first thing that shows outside the package. Function literals run only where they are called or started.
func (j *judge) node(root ast.Node) (what string, at token.Pos) {
	called := map[ast.Node]bool{}
	ast.Inspect(root, func(node ast.Node) bool {
		if what != "" {
			return false
		}
		switch node := node.(type) {
		case *ast.FuncLit:
			return called[node]
		case *ast.GoStmt:
			if j.ours {
				what, at = "starts a goroutine", node.Pos()
			}
		case *ast.AssignStmt:
			for _, left := range node.Lhs {
				// Other people's modules set each other's variables; those of Go are everybody's.
				if name := j.foreign(left); name != "" && (j.ours || j.standard(name)) {
					what, at = "sets "+name, node.Pos()
				}
			}
		case *ast.CallExpr:
			for _, part := range append([]ast.Expr{node.Fun}, node.Args...) {
				if literal, ok := part.(*ast.FuncLit); ok {
					called[literal] = true
				}
			}
			what, at = j.call(node)
		case *ast.SelectorExpr:
			if j.ours && j.foreign(node) == "os.Args" {
				what, at = "reads os.Args", node.Pos()
			}
		}
		return what == ""
	})
	return what, at
}

func (j *judge) call(call *ast.CallExpr) (string, token.Pos) {
	if name, ok := call.Fun.(*ast.Ident); ok {
		if name.Name == "panic" && j.ours {
			return "may panic", call.Pos()
		}
		return j.follow(j.at, name.Name), call.Pos()
	}
	name := j.foreign(call.Fun)
	if name == "" {
		return "", token.NoPos
	}
	if shows(name, always) || j.ours && shows(name, inOurs) {
		return "calls " + name, call.Pos()
	}
	dot := strings.LastIndex(name, ".")
	if called, known := j.packages[name[:dot]]; known && called.ours() {
		return j.follow(name[:dot], name[dot+1:]), call.Pos()
	}
	return "", token.NoPos
}

// follow reads a function that is called, once.
func (j *judge) follow(at, name string) string {
	if j.seen[at+"."+name] {
		return ""
	}
	j.seen[at+"."+name] = true
	pkg, err := j.read(j.packages[at])
	if err != nil {
		return ""
	}
	function, known := pkg.functions[name]
	if !known || function.Body == nil {
		return ""
	}
	before, current, imports := j.at, j.current, j.imports
	j.within(at, pkg, pkg.imports[function])
	what, _ := j.node(function.Body)
	j.within(before, current, imports)
	return what
}

// always shows in a whole process, whoever calls it.
var always = []string{"flag.*", "log.Fatal*", "log.Set*", "net/http.Handle*", "os.Exit", "os.Setenv", "os.Unsetenv", "os.Clearenv", "os.Chdir", "os/signal.*"}

// inOurs are calls that the source's own packages have no reason for, unless something is to happen.
var inOurs = []string{
	"os.*", "os/exec.*", "log.*", "log/slog.SetDefault", "net.*", "net/http.*", "io/ioutil.*", "expvar.*", "syscall.*", "time.Sleep", "runtime.GOMAXPROCS",
	"runtime/debug.Set*", "math/rand.Seed", "database/sql.Register", "encoding/gob.Register*", "path/filepath.Walk*", "plugin.*",
	"fmt.Print*", "github.com/spf13/pflag.*", "github.com/spf13/viper.*",
	"github.com/prometheus/client_golang/prometheus.*Register", "github.com/prometheus/client_golang/prometheus/promauto.*",
}

// These only ask or make a value.
var harmlessCalls = []string{
	"os.Getenv", "os.LookupEnv", "os.Getpid", "os.FileMode", "os.Hostname", "flag.NewFlagSet", "flag.ErrHelp", "log.New", "log.Default", "log.Writer",
	"net.IPv4", "net.ParseIP", "net.ParseCIDR", "net.IP", "net.CIDRMask", "net/http.NewServeMux", "net/http.StatusText", "net/http.Header", "net/http.HandlerFunc",
	"net/http.CanonicalHeaderKey", "os/signal.NotifyContext", "os.IsNotExist", "os.IsExist", "os.TempDir", "github.com/spf13/pflag.NewFlagSet", "github.com/spf13/viper.New",
	"syscall.Errno", "syscall.Signal", "net/http.FileSystem", "net/http.Dir", "net/http.FS",
}

func shows(name string, patterns []string) bool {
	for _, harmless := range harmlessCalls {
		if name == harmless {
			return false
		}
	}
	dot := strings.LastIndex(name, ".")
	for _, pattern := range patterns {
		at := strings.LastIndex(pattern, ".")
		if pattern[:at] != name[:dot] {
			continue
		}
		if matched, _ := path.Match(pattern[at+1:], name[dot+1:]); matched {
			return true
		}
	}
	return false
}

func (j *judge) standard(name string) bool {
	return j.packages[name[:strings.LastIndex(name, ".")]].Standard
}

// foreign answers with PATH.Name for a name of an imported package, also where a part of it is meant.
func (j *judge) foreign(expression ast.Expr) string {
	for {
		switch inner := expression.(type) {
		case *ast.ParenExpr:
			expression = inner.X
		case *ast.IndexExpr:
			expression = inner.X
		case *ast.StarExpr:
			expression = inner.X
		case *ast.SelectorExpr:
			owner, ok := inner.X.(*ast.Ident)
			if !ok {
				expression = inner.X
				continue
			}
			imported, known := j.imports[owner.Name]
			if !known {
				return ""
			}
			return imported + "." + inner.Sel.Name
		default:
			return ""
		}
	}
}

// importsOf answers with the paths by the names that a file uses; a version at the end of a path is not the name.
func importsOf(file *ast.File) map[string]string {
	names := map[string]string{}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(imported)
		if len(name) > 1 && name[0] == 'v' && strings.Trim(name[1:], "0123456789") == "" {
			name = path.Base(path.Dir(imported))
		}
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = imported
	}
	return names
}
