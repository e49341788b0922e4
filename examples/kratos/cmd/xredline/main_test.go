package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The test's own program is the service where this is set.
const asService = "XREDLINE_TEST_AS_SERVICE"

func TestMain(m *testing.M) {
	if os.Getenv(asService) == "" {
		os.Exit(m.Run())
	}
	main()
}

func TestAStartWithoutSecretsEndsWithTheirNames(t *testing.T) {
	service := exec.Command(os.Args[0], "-conf", "../../configs", "-env", "production")
	service.Env = []string{asService + "=yes"}
	var out, errors bytes.Buffer
	service.Stdout, service.Stderr = &out, &errors
	if err := service.Run(); err == nil {
		t.Fatal("it ended well")
	}
	if !strings.HasPrefix(errors.String(), "xredline: ") || !strings.Contains(errors.String(), "set XREDLINE_AUTH_TOKEN") {
		t.Errorf("found %q", errors.String())
	}
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if line != "" && !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is not JSON: %s", line)
		}
	}
}
