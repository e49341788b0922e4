package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	path := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(path, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func variables(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestValuesOfFilesAndVariables(t *testing.T) {
	path := folder(t, map[string]string{
		"openim-rpc-user.yml": "rpc:\n  registerIP:\n  listenIP: 0.0.0.0\n  ports: [ 10320 ]\n",
		"discovery.yml":       "etcd:\n  address: [ one:2379, two:2379 ]\n",
		"share.yaml":          "secret: openIM123\n",
		"broken.yml":          "a: [",
	})
	found := readSettings(path, variables(map[string]string{"IMENV_SHARE_SECRET": "", "IMENV_DISCOVERY_ETCD_USERNAME": "me"}))
	for name, expected := range map[string]string{
		"IMENV_OPENIM_RPC_USER_RPC_REGISTERIP": "",
		"IMENV_OPENIM_RPC_USER_RPC_LISTENIP":   "0.0.0.0",
		"IMENV_OPENIM_RPC_USER_RPC_PORTS":      "10320",
		"IMENV_DISCOVERY_ETCD_ADDRESS":         "one:2379,two:2379",
		"IMENV_DISCOVERY_ETCD_USERNAME":        "me",
		"CHATENV_SHARE_SECRET":                 "openIM123",
		// An empty variable replaces nothing.
		"IMENV_SHARE_SECRET": "openIM123",
		"IMENV_NO_SUCH":      "",
	} {
		if value := found.value(name); value != expected {
			t.Errorf("%s: got %q, expected %q", name, value, expected)
		}
	}
}

func TestPublicSecrets(t *testing.T) {
	path := folder(t, map[string]string{"share.yml": "secret: openIM123\n"})
	made := plan{Secrets: []secret{{"IMENV_SHARE_SECRET", []string{"openIM123", "changeme"}}}, Allow: "TEST_ALLOW_PUBLIC_SECRET"}
	for value, expected := range map[string]string{
		"":          "the configuration files (IMENV_SHARE_SECRET)",
		"openIM123": `the secret in IMENV_SHARE_SECRET is "openIM123"`,
		"changeme":  `"changeme"`,
		"own":       "none",
	} {
		text := strings.Join(append(publicSecrets(made, readSettings(path, variables(map[string]string{"IMENV_SHARE_SECRET": value}))), "none"), "\n")
		if !strings.Contains(text, expected) || expected == "none" && text != "none" {
			t.Errorf("%q: got %s", value, text)
		}
		if expected != "none" && !strings.Contains(text, "TEST_ALLOW_PUBLIC_SECRET=yes") {
			t.Errorf("%q: the way out is missing: %s", value, text)
		}
	}
	for value, refused := range map[string]bool{"yes": false, "no": true} {
		t.Setenv("TEST_ALLOW_PUBLIC_SECRET", value)
		if problems := publicSecrets(made, readSettings(path, variables(nil))); len(problems) > 0 != refused {
			t.Errorf("allowed %s: %v", value, problems)
		}
	}
}

func TestConfigFolder(t *testing.T) {
	for words, expected := range map[string]string{"": "/usual", "-c /own -i 0": "/own", "-i 0 -c": "/usual", "--config_folder_path /own": "/own"} {
		if path := configFolder("/usual", strings.Fields(words)); path != expected {
			t.Errorf("%q: got %s", words, path)
		}
	}
}

func TestHosts(t *testing.T) {
	for text, expected := range map[string]string{
		"mongodb://mongo:27017/openim_v3?maxPoolSize=100": "mongo:27017",
		"mongodb://u:p%40ss@one,two:27018/db":             "one:27017 two:27018",
		"mongodb://u:se/cret@one":                         "u:se",
		"redis:6379":                                      "redis:6379",
		"kafka-1:9094, kafka-2":                           "kafka-1:9094 kafka-2:27017",
		"http://etcd:2379,https://other":                  "etcd:2379 other:443",
		"http://user:secret@minio:9000/path":              "minio:9000",
		"[fd00::1]:2379":                                  "[fd00::1]:2379",
		"fd00::1":                                         "[fd00::1]:27017",
	} {
		found := strings.Join(hosts(text, "27017"), " ")
		if text == "mongodb://u:se/cret@one" {
			// Not a valid address: whatever is made of it, no password is shown.
			if strings.Contains(found, "cret") {
				t.Errorf("%s: shows %s", text, found)
			}
		} else if found != expected {
			t.Errorf("%s: got %s", text, found)
		}
	}
	if found := hosts("http://api.example/x", ""); !slices.Equal(found, []string{"api.example:80"}) {
		t.Errorf("got %v", found)
	}
}

func TestWantedStores(t *testing.T) {
	path := folder(t, map[string]string{
		"mongodb.yml":   "uri:\naddress: [ localhost:37017 ]\n",
		"discovery.yml": "enable: etcd\netcd:\n  address: [ localhost:12379 ]\n",
	})
	stores := []store{
		{Name: "MongoDB", Variables: []string{"IMENV_MONGODB_URI", "IMENV_MONGODB_ADDRESS"}, Port: "27017"},
		{Name: "etcd", Variables: []string{"IMENV_DISCOVERY_ETCD_ADDRESS"}, When: map[string]string{"IMENV_DISCOVERY_ENABLE": "etcd"}},
	}
	for uri, expected := range map[string]string{
		"":                     "MongoDB at localhost:37017 (IMENV_MONGODB_ADDRESS)",
		"mongodb://there:1/db": "MongoDB at there:1 (IMENV_MONGODB_URI)",
	} {
		found := wantedStores(stores, readSettings(path, variables(map[string]string{"IMENV_MONGODB_URI": uri})))
		if len(found) != 2 || found[0].String() != expected || found[1].host != "localhost:12379" {
			t.Errorf("%q: got %v", uri, found)
		}
	}
	found := wantedStores(stores, readSettings(path, variables(map[string]string{"IMENV_DISCOVERY_ENABLE": "k8s"})))
	if len(found) != 1 {
		t.Errorf("without etcd: got %v", found)
	}
}
