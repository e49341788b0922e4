// Package conf reads configs/config.yaml, merges the file of an environment and variables over it, and reports all that is wrong.
package conf

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-kratos/kratos/v2/config"
	"github.com/go-kratos/kratos/v2/config/env"
	"github.com/go-kratos/kratos/v2/config/file"
)

// Prefix begins the names of the variables that replace values.
const Prefix = "XREDLINE_"

// Environments that have a file of their own.
var Environments = []string{"development", "test", "production"}

// Placeholders are values that everybody knows.
var placeholders = []string{"changeme", "123456", "development", "postgres", "your_secure_password_here"}

type Config struct {
	Server struct {
		HTTP Listener `json:"http"`
		GRPC Listener `json:"grpc"`
	} `json:"server"`
	Data struct {
		Database Database `json:"database"`
		Redis    Redis    `json:"redis"`
	} `json:"data"`
	Auth struct {
		Token string `json:"token"`
	} `json:"auth"`
	Features struct {
		Cache bool `json:"cache"`
	} `json:"features"`
	Health struct {
		Timeout   Duration `json:"timeout"`
		MemoryMiB Number   `json:"memory_mib"`
		URL       string   `json:"url"`
	} `json:"health"`
	Log struct {
		Level string `json:"level"`
		// Address is a program that collects lines, such as Filebeat, as HOST:PORT; without one, standard output alone has them.
		Address string `json:"address"`
	} `json:"log"`
	Tracing Tracing `json:"tracing"`
	// Environment is the one whose file was merged.
	Environment string `json:"-"`
}

type Listener struct {
	Addr    string   `json:"addr"`
	Timeout Duration `json:"timeout"`
}

type Database struct {
	Address     string   `json:"address"`
	Name        string   `json:"name"`
	User        string   `json:"user"`
	Password    string   `json:"password"`
	SSLMode     string   `json:"sslmode"`
	Connections Number   `json:"connections"`
	Slow        Duration `json:"slow"`
}

type Redis struct {
	Address  string   `json:"address"`
	Password string   `json:"password"`
	Keep     Duration `json:"keep"`
}

// Tracing is the collector of traces; without an address there is none.
type Tracing struct {
	URL     string `json:"url"`
	Percent Number `json:"percent"`
}

// URL is the database's address as its driver takes it.
func (d Database) URL() string {
	address := url.URL{
		Scheme: "postgresql", User: url.UserPassword(d.User, d.Password), Host: d.Address, Path: "/" + d.Name,
		RawQuery: url.Values{"sslmode": {d.SSLMode}, "pool_max_conns": {strconv.Itoa(int(d.Connections))}}.Encode(),
	}
	return address.String()
}

// Duration is a time such as 500ms.
type Duration time.Duration

func (d *Duration) UnmarshalJSON(text []byte) error {
	found, err := time.ParseDuration(strings.Trim(string(text), `"`))
	if err != nil {
		return fmt.Errorf("expected a time such as 500ms or 2m, found %s", text)
	}
	*d = Duration(found)
	return nil
}

// Number is a whole number; one that a variable has given is a text.
type Number int

func (n *Number) UnmarshalJSON(text []byte) error {
	found, err := strconv.Atoi(strings.Trim(string(text), `"`))
	if err != nil {
		return fmt.Errorf("expected a whole number, found %s", text)
	}
	*n = Number(found)
	return nil
}

// Load reads the folder's config.yaml and, where it is there, config.ENVIRONMENT.yaml.
func Load(folder, environment string) (*Config, error) {
	if !slices.Contains(Environments, environment) {
		return nil, fmt.Errorf("unknown environment %q: use one of %s", environment, strings.Join(Environments, ", "))
	}
	files := []string{filepath.Join(folder, "config.yaml"), filepath.Join(folder, "config."+environment+".yaml")}
	sources := []config.Source{}
	for i, name := range files {
		if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) && i > 0 {
			continue
		} else if err != nil {
			return nil, fmt.Errorf("the configuration cannot be read: %w", err)
		}
		sources = append(sources, file.NewSource(name))
	}
	reader := config.New(config.WithSource(append(sources, env.NewSource(Prefix))...))
	defer reader.Close()
	if err := reader.Load(); err != nil {
		return nil, fmt.Errorf("the configuration in %s cannot be read: %w", folder, err)
	}
	found := &Config{Environment: environment}
	if err := reader.Scan(found); err != nil {
		return nil, fmt.Errorf("the configuration in %s is wrong: %w", folder, err)
	}
	return found, found.validate()
}

// validate reports everything that is wrong, not the first of it.
func (c *Config) validate() error {
	var faults []error
	fault := func(format string, values ...any) { faults = append(faults, fmt.Errorf(format, values...)) }
	for name, address := range map[string]string{
		"server.http.addr": c.Server.HTTP.Addr, "server.grpc.addr": c.Server.GRPC.Addr,
		"data.database.address": c.Data.Database.Address, "data.redis.address": c.Data.Redis.Address,
	} {
		if _, _, err := net.SplitHostPort(address); err != nil {
			fault("%s: expected HOST:PORT, found %q", name, address)
		}
	}
	if c.Health.Timeout <= 0 || c.Health.MemoryMiB <= 0 {
		fault("health: timeout and memory_mib must be greater than 0")
	}
	if c.Data.Database.Connections <= 0 {
		fault("data.database.connections must be greater than 0")
	}
	if c.Tracing.URL != "" {
		if address, err := url.Parse(c.Tracing.URL); err != nil || !slices.Contains([]string{"http", "https"}, address.Scheme) || address.Host == "" {
			fault("tracing.url: expected an address such as http://jaeger:4318, found %q", c.Tracing.URL)
		}
	}
	if c.Tracing.Percent < 0 || c.Tracing.Percent > 100 {
		fault("tracing.percent: expected 0 to 100, found %d", c.Tracing.Percent)
	}
	if levels := []string{"debug", "info", "warn", "error"}; !slices.Contains(levels, c.Log.Level) {
		fault("log.level: expected one of %s, found %q", strings.Join(levels, ", "), c.Log.Level)
	}
	if c.Log.Address != "" {
		if _, _, err := net.SplitHostPort(c.Log.Address); err != nil {
			fault("log.address: expected HOST:PORT, such as filebeat:5140, found %q", c.Log.Address)
		}
	}
	if c.Auth.Token == "" {
		fault("auth.token is empty: set %sAUTH_TOKEN", Prefix)
	}
	if c.Environment == "production" {
		for name, value := range map[string]string{"AUTH_TOKEN": c.Auth.Token, "DATABASE_PASSWORD": c.Data.Database.Password} {
			if value == "" && name != "AUTH_TOKEN" || slices.Contains(placeholders, value) {
				fault("%s%s must be a secret in production, and not one that everybody knows", Prefix, name)
			}
		}
	}
	slices.SortFunc(faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(faults...)
}
