package main

import (
	"os"
	"regexp"
	"testing"

	"go.etcd.io/etcd/api/v3/version"
)

// The version that clients are told is a constant of another module than the server's.
func TestVersionsAgree(t *testing.T) {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	server := regexp.MustCompile(`go\.etcd\.io/etcd/server/v3 v(\S+)`).FindSubmatch(text)
	if server == nil || string(server[1]) != version.Version {
		t.Errorf("the server is %q and says %s", server, version.Version)
	}
}
