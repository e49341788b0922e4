// Package logcheck reads Go sources and says which logging calls break the rules of this service's logs:
//
//   - A line is made by Debugw, Infow, Warnw or Errorw: words and values apart, so that collectors find them.
//   - Its first pair is "msg" with fixed text: the same event is the same line, and what differs stands in other pairs.
//   - Its keys are fixed, in small letters with underscores, each once, each with a value.
//   - No pair has a password, a token or a secret.
//   - Nothing else prints: no fmt.Print, and neither the package log nor log/slog of the standard library.
package logcheck

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Fault is one call, and the rule that it breaks.
type Fault struct {
	Position token.Position
	Rule     string
}

func (f Fault) String() string { return fmt.Sprintf("%s: %s", f.Position, f.Rule) }

const kratosLog = "github.com/go-kratos/kratos/v2/log"

var (
	// Methods of kratos' log.Helper; only the last four have pairs.
	unstructured = words("Debug Info Warn Error Fatal Debugf Infof Warnf Errorf Fatalf Fatalw")
	structured   = words("Debugw Infow Warnw Errorw")
	prints       = words("Print Printf Println")
	key          = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	secret       = regexp.MustCompile(`password|token|secret`)
)

func words(text string) map[string]bool {
	found := map[string]bool{}
	for _, word := range strings.Fields(text) {
		found[word] = true
	}
	return found
}

// Folder reads what is below a folder. Tests may print; what is generated and what makes the logger are other things.
func Folder(root string, made ...string) ([]Fault, error) {
	var faults []Fault
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "vendor") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".pb.go") {
			return nil
		}
		for _, other := range made {
			if path == filepath.Join(root, other) {
				return nil
			}
		}
		found, err := File(path, nil)
		faults = append(faults, found...)
		return err
	})
	return faults, err
}

// File reads one file, or the text that is given as its content.
func File(path string, content any) ([]Fault, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, content, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var faults []Fault
	fault := func(node ast.Node, rule string, values ...any) {
		faults = append(faults, Fault{files.Position(node.Pos()), fmt.Sprintf(rule, values...)})
	}
	logs := false
	for _, one := range file.Imports {
		switch path, _ := strconv.Unquote(one.Path.Value); path {
		case "log", "log/slog":
			fault(one, "the package %s writes lines of another form: use kratos' log.Helper", path)
		case kratosLog:
			logs = true
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		called, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		name := called.Sel.Name
		switch of, _ := called.X.(*ast.Ident); {
		case of != nil && of.Name == "fmt":
			if prints[name] {
				fault(call, "fmt.%s prints a line that is no log line: use log.Helper", name)
			}
		// Without arguments it is the text of an error.
		case logs && unstructured[name] && len(call.Args) > 0:
			fault(call, "%s has no pairs of keys and values: use Debugw, Infow, Warnw or Errorw", name)
		case logs && structured[name]:
			pairs(call, name, fault)
		}
		return true
	})
	return faults, nil
}

func pairs(call *ast.CallExpr, name string, fault func(ast.Node, string, ...any)) {
	if call.Ellipsis.IsValid() {
		fault(call, "%s gets its pairs from a list: write them in the call, so that they can be checked", name)
		return
	}
	if len(call.Args)%2 != 0 {
		fault(call, "%s has a key without a value", name)
		return
	}
	if len(call.Args) == 0 || !begins(call) {
		fault(call, `%s must begin with "msg" and fixed text`, name)
	}
	seen := map[string]bool{}
	for i := 0; i < len(call.Args); i += 2 {
		text, ok := fixed(call.Args[i])
		switch {
		case !ok:
			fault(call.Args[i], "a key of %s is not fixed text", name)
		case !key.MatchString(text):
			fault(call.Args[i], "the key %q of %s has other characters than small letters, digits and underscores", text, name)
		case secret.MatchString(text):
			fault(call.Args[i], "the key %q of %s names a secret: a log has none", text, name)
		case seen[text]:
			fault(call.Args[i], "%s has the key %q twice", name, text)
		}
		seen[text] = true
	}
}

func begins(call *ast.CallExpr) bool {
	first, _ := fixed(call.Args[0])
	_, text := fixed(call.Args[1])
	return first == "msg" && text
}

func fixed(node ast.Expr) (string, bool) {
	literal, ok := node.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}
