package data

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/example/xredline/internal/conf"
	"github.com/example/xredline/internal/rules"
)

func TestCache(t *testing.T) {
	server := miniredis.RunT(t)
	server.RequireAuth("secret")
	cache := OpenCache(conf.Redis{Address: server.Addr(), Password: "secret", Keep: conf.Duration(time.Minute)})
	defer cache.Close()
	ctx := context.Background()
	if _, found, err := cache.Get(ctx, "a"); found || err != nil {
		t.Errorf("found %v %v", found, err)
	}
	if err := cache.Set(ctx, "a", "value"); err != nil {
		t.Fatal(err)
	}
	if value, found, err := cache.Get(ctx, "a"); value != "value" || !found || err != nil {
		t.Errorf("found %q %v %v", value, found, err)
	}
	server.FastForward(2 * time.Minute)
	if _, found, _ := cache.Get(ctx, "a"); found {
		t.Error("an answer is kept for ever")
	}
	server.Close()
	if err := cache.Ping(ctx); err == nil {
		t.Error("a cache that is gone answers")
	}
}

func TestInfoTakesNumbers(t *testing.T) {
	found := numbers("# Memory\r\nused_memory:1024\r\nused_memory_human:1K\r\nexpired_keys:7\r\n")
	if found["used_memory"] != 1024 || found["expired_keys"] != 7 || len(found) != 2 {
		t.Errorf("found %v", found)
	}
}

func TestAddressThatIsWrong(t *testing.T) {
	if _, err := OpenDatabase(conf.Database{Address: "host:5432", SSLMode: "sometimes", Connections: 1}, nil); err == nil || !strings.HasPrefix(err.Error(), "data.database: ") {
		t.Errorf("found %v", err)
	}
}

// On a database that may be changed: XREDLINE_TEST_DATABASE=HOST:PORT, with the user, the password and the name of config.test.yaml.
func TestDatabase(t *testing.T) {
	address := os.Getenv("XREDLINE_TEST_DATABASE")
	if address == "" {
		t.Skip("XREDLINE_TEST_DATABASE is not set")
	}
	database, err := OpenDatabase(conf.Database{
		Address: address, Name: "test_db", User: "postgres", Password: "postgres", SSLMode: "disable", Connections: 4,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer database.Pool.Close()
	ctx := context.Background()
	both := make(chan error, 2)
	for range 2 {
		go func() { both <- database.Migrate(ctx) }()
	}
	for range 2 {
		if err := <-both; err != nil {
			t.Fatal(err)
		}
	}
	name := "test-" + time.Now().Format("150405.000000000")[7:]
	_, before, err := database.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = database.Delete(context.Background(), name) })
	for _, pattern := range []string{"one", "two"} {
		if err := database.Put(ctx, rules.Rule{Name: name, Pattern: pattern}); err != nil {
			t.Fatal(err)
		}
	}
	all, after, err := database.List(ctx)
	if err != nil || after != before+2 {
		t.Errorf("revision %d, then %d: %v", before, after, err)
	}
	found := ""
	for _, rule := range all {
		if rule.Name == name {
			found = rule.Pattern
		}
	}
	if found != "two" {
		t.Errorf("found %q in %v", found, all)
	}
	if gone, err := database.Delete(ctx, name); !gone || err != nil {
		t.Errorf("deleted: %v %v", gone, err)
	}
	if gone, err := database.Delete(ctx, name); gone || err != nil {
		t.Errorf("deleted twice: %v %v", gone, err)
	}
	if _, last, _ := database.List(ctx); last != after+1 {
		t.Errorf("a deletion that deletes nothing changes the revision: %d, then %d", after, last)
	}
}
