// Command multicall turns the main packages of a Go module into one program that picks by the name it is called by,
// as busybox does. The programs of such a module share nearly all their dependencies, so one binary is a fraction of the
// size and of the link time of many.
//
// The module's own files stay untouched: multicall writes rewritten copies and an overlay for `go build -overlay`, in
// which every main package is a library with a function Main, plus one added main package.
//
//	multicall -source /src -out /overlay openim-api=cmd/openim-api openim-push=cmd/openim-push
//
// It prints the directory of the added package. Exit code 3 means: these programs cannot be put into one, for the reason
// on the standard error; build them separately.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

const exitRefused = 3

func main() {
	source := flag.String("source", ".", "directory of the module's go.mod")
	out := flag.String("out", "", "directory for overlay.json and the rewritten files")
	flag.Parse()

	programs, err := parsePrograms(flag.Args())
	if err == nil && *out == "" {
		err = errors.New("-out is missing")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "multicall:", err)
		os.Exit(2)
	}

	added, err := merge(*source, *out, programs)
	var refusal refusal
	switch {
	case errors.As(err, &refusal):
		fmt.Fprintln(os.Stderr, "multicall refused:", refusal)
		os.Exit(exitRefused)
	case err != nil:
		fmt.Fprintln(os.Stderr, "multicall:", err)
		os.Exit(1)
	}
	fmt.Println(added)
}

func merge(source, out string, programs []program) (string, error) {
	uses, err := usageOf(source, programs)
	if err != nil {
		// The build itself has better words for it.
		return generate(source, out, programs)
	}
	partly, err := pagesOf(uses, programs)
	if err != nil {
		return "", err
	}
	added, err := generate(source, out, programs, partly...)
	if err != nil {
		return "", err
	}
	return added, checkInitialisers(source, uses, programs)
}

// A program is a main package and the name it shall answer to.
type program struct {
	name string
	dir  string // relative to the module's root, with slashes
}

func parsePrograms(args []string) ([]program, error) {
	var programs []program
	for _, arg := range args {
		name, dir, found := strings.Cut(arg, "=")
		if !found || name == "" || dir == "" {
			return nil, fmt.Errorf("%q is not NAME=DIRECTORY", arg)
		}
		programs = append(programs, program{name, strings.TrimPrefix(dir, "./")})
	}
	if len(programs) == 0 {
		return nil, errors.New("no NAME=DIRECTORY given")
	}
	return programs, nil
}
