package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadsVariablesFromMountedSecrets(t *testing.T) {
	secrets := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(secrets, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	made := plan{
		Command: script(`echo "$LT_SHARE_SECRET|$SSL_CERT"`),
		Config:  folder(t, map[string]string{"share.yml": "secret: openIM123\n"}),
		Secrets: []secret{{"LT_SHARE_SECRET", []string{"openIM123"}}},
		Allow:   "LT_ALLOW",
	}
	for _, example := range []struct{ environment, expected string }{
		{"LT_SHARE_SECRET_FILE=" + write("good", " a b$c \n"), " a b$c |\n"},
		{"SSL_CERT_FILE=" + write("other", "certificate") + ",LT_ALLOW=yes", "|\n"},
		{"LT_SHARE_SECRET_FILE=,LT_SHARE_SECRET=own", "own|\n"},
		{"LT_SHARE_SECRET_FILE=" + write("public", "openIM123"), "launch: the secret in LT_SHARE_SECRET is \"openIM123\""},
		{"LT_SHARE_SECRET_FILE=/none", "launch: LT_SHARE_SECRET_FILE cannot be read: open /none"},
		{"LT_SHARE_SECRET_FILE=" + write("empty", "\n"), "launch: LT_SHARE_SECRET_FILE names an empty file"},
		{"LT_SHARE_SECRET_FILE=/none,LT_SHARE_SECRET=own", "launch: both LT_SHARE_SECRET and LT_SHARE_SECRET_FILE are set: unset one of them"},
	} {
		command := launch(t, made)
		command.Env = append(command.Env, strings.Split(example.environment, ",")...)
		text, _ := command.CombinedOutput()
		if !strings.HasPrefix(string(text), example.expected) {
			t.Errorf("%s: expected %q, got %q", example.environment, example.expected, text)
		}
	}
}
