package main

import (
	"strings"
	"testing"
)

func TestRefusals(t *testing.T) {
	for expected, args := range map[string][]string{
		"expected dump or restore":  {},
		`unknown command "drop"`:    {"drop"},
		"unknown option":            {"dump", "--nowhere"},
		"error parsing uri: ":       {"restore", "--uri=http://127.0.0.1", "--archive"},
		"no such file or directory": {"dump", "--config=/nowhere"},
	} {
		if err := run(args); err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%v: %v, expected %q", args, err, expected)
		}
	}
}
