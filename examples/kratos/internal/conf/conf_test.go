package conf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const configs = "../../configs"

func TestMerge(t *testing.T) {
	t.Setenv("XREDLINE_REDIS_ADDRESS", "cache:6379")
	t.Setenv("XREDLINE_HEALTH_MEMORY_MIB", "64")
	found, err := Load(configs, "test")
	if err != nil {
		t.Fatal(err)
	}
	if found.Server.HTTP.Addr != "0.0.0.0:8000" || found.Server.GRPC.Addr != "0.0.0.0:9000" {
		t.Errorf("the base is not there: %+v", found.Server)
	}
	if found.Data.Database.Name != "test_db" || time.Duration(found.Data.Redis.Keep) != time.Minute {
		t.Errorf("the environment's file was not merged: %+v", found.Data)
	}
	if found.Data.Redis.Address != "cache:6379" || found.Health.MemoryMiB != 64 {
		t.Errorf("variables do not count: %+v %+v", found.Data.Redis, found.Health)
	}
	if url := found.Data.Database.URL(); url != "postgresql://postgres:postgres@localhost:5432/test_db?pool_max_conns=10&sslmode=disable" {
		t.Errorf("the address of the database is %s", url)
	}
}

func TestProductionNeedsSecrets(t *testing.T) {
	_, err := Load(configs, "production")
	if err == nil {
		t.Fatal("it loads without secrets")
	}
	for _, part := range []string{"auth.token is empty: set XREDLINE_AUTH_TOKEN", "XREDLINE_DATABASE_PASSWORD must be a secret"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
	t.Setenv("XREDLINE_AUTH_TOKEN", "changeme")
	t.Setenv("XREDLINE_DATABASE_PASSWORD", "a-long-one")
	if _, err := Load(configs, "production"); err == nil || !strings.Contains(err.Error(), "XREDLINE_AUTH_TOKEN must be a secret") {
		t.Errorf("a placeholder is accepted: %v", err)
	}
	t.Setenv("XREDLINE_AUTH_TOKEN", "another-long-one")
	found, err := Load(configs, "production")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(found.Data.Database.URL(), "sslmode=verify-full") {
		t.Errorf("the database is not asked with TLS: %s", found.Data.Database.URL())
	}
}

func TestEveryFaultIsReported(t *testing.T) {
	folder := t.TempDir()
	text, err := os.ReadFile(filepath.Join(configs, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.NewReplacer("0.0.0.0:9000", "nine", "timeout: 3s", "timeout: 0s").Replace(string(text))
	if err := os.WriteFile(filepath.Join(folder, "config.yaml"), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XREDLINE_LOG_LEVEL", "loud")
	t.Setenv("XREDLINE_LOG_ADDRESS", "filebeat")
	t.Setenv("XREDLINE_TRACING_URL", "jaeger:4318")
	t.Setenv("XREDLINE_TRACING_PERCENT", "101")
	_, err = Load(folder, "development")
	for _, part := range []string{
		`server.grpc.addr: expected HOST:PORT, found "nine"`, "health: timeout", `found "loud"`, "auth.token is empty",
		`log.address: expected HOST:PORT, such as filebeat:5140, found "filebeat"`,
		`tracing.url: expected an address such as http://jaeger:4318, found "jaeger:4318"`, "tracing.percent: expected 0 to 100, found 101",
	} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
}

func TestNamesThatAreUnknown(t *testing.T) {
	if _, err := Load(configs, "staging"); err == nil || !strings.Contains(err.Error(), "development, test, production") {
		t.Errorf("found %v", err)
	}
	if _, err := Load(t.TempDir(), "test"); err == nil || !strings.Contains(err.Error(), "config.yaml") {
		t.Errorf("found %v", err)
	}
}
