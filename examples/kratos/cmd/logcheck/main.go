// Command logcheck says which logging calls below a folder break the rules of package logcheck: make lint.
package main

import (
	"fmt"
	"os"

	"github.com/example/xredline/internal/logcheck"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	// The one makes the logger; this command's own lines are for people.
	faults, err := logcheck.Folder(root, "internal/logging/logging.go", "cmd/logcheck/main.go")
	for _, fault := range faults {
		fmt.Println(fault)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "logcheck:", err)
	}
	if err != nil || len(faults) > 0 {
		os.Exit(1)
	}
}
