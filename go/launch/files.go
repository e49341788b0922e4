package main

import (
	"fmt"
	"os"
	"strings"
)

// readFiles sets each variable NAME from the file that NAME_FILE names, as a mounted secret is given. Only variables of the programs
// count, those with a prefix that the plan knows: SSL_CERT_FILE and its like mean something else.
func readFiles(made plan, environment []string) error {
	prefixes := made.prefixes()
	for _, pair := range environment {
		name, path, _ := strings.Cut(pair, "=")
		variable, isFile := strings.CutSuffix(name, "_FILE")
		prefix, _, _ := strings.Cut(name, "_")
		if !isFile || !prefixes[prefix] || path == "" {
			continue
		}
		if os.Getenv(variable) != "" {
			return fmt.Errorf("both %s and %s are set: unset one of them", variable, name)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w. Mount the secret there, readable for user %d", name, err, os.Getuid())
		}
		value := strings.TrimRight(string(content), "\r\n")
		if value == "" {
			return fmt.Errorf("%s names an empty file: %s", name, path)
		}
		os.Setenv(variable, value)
	}
	return nil
}

func (made plan) prefixes() map[string]bool {
	var variables []string
	for _, secret := range made.Secrets {
		variables = append(variables, secret.Variable)
	}
	for _, address := range made.Addresses {
		variables = append(variables, address.Variable)
	}
	for _, store := range made.Stores {
		variables = append(variables, store.Variables...)
	}
	prefixes := map[string]bool{}
	for _, variable := range variables {
		prefix, _, _ := strings.Cut(variable, "_")
		prefixes[prefix] = true
	}
	return prefixes
}
