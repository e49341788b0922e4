// Command xredline checks texts against red lines, over HTTP and gRPC.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/go-kratos/kratos/v2"
	"github.com/go-kratos/kratos/v2/log"

	"github.com/example/xredline/internal/conf"
	"github.com/example/xredline/internal/data"
	"github.com/example/xredline/internal/health"
	"github.com/example/xredline/internal/logging"
	"github.com/example/xredline/internal/metrics"
	"github.com/example/xredline/internal/rules"
	"github.com/example/xredline/internal/server"
	"github.com/example/xredline/internal/tracing"
)

const name = "xredline"

func main() {
	environment := os.Getenv(conf.Prefix + "ENVIRONMENT")
	if environment == "" {
		environment = "production"
	}
	folder := flag.String("conf", "configs", "the folder of config.yaml")
	flag.StringVar(&environment, "env", environment, "whose config.ENVIRONMENT.yaml is merged over it: development, test or production")
	flag.Parse()
	if err := run(*folder, environment); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func run(folder, environment string) error {
	// Until the configuration names a level: what reads it would write lines of another form.
	log.SetLogger(logging.New(os.Stdout, "warn", "service", name, "environment", environment))
	config, err := conf.Load(folder, environment)
	if err != nil {
		return err
	}
	var out io.Writer = os.Stdout
	if config.Log.Address != "" {
		collector := logging.Collect(config.Log.Address)
		defer collector.Close()
		out = io.MultiWriter(out, collector)
	}
	logger := logging.New(out, config.Log.Level, "service", name, "environment", environment)
	log.SetLogger(logger)

	traces, sendTraces, err := tracing.Open(config.Tracing, name, environment)
	if err != nil {
		return err
	}
	defer func() {
		limited, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := sendTraces(limited); err != nil {
			log.NewHelper(logger).Warnw("msg", "traces are lost", "reason", err.Error())
		}
	}()

	measured := metrics.New(time.Duration(config.Data.Database.Slow))
	database, err := data.OpenDatabase(config.Data.Database, measured)
	if err != nil {
		return err
	}
	defer database.Pool.Close()
	measured.Pool(database.Pool.Stat)
	cache := data.OpenCache(config.Data.Redis)
	defer cache.Close()
	measured.Store(cache.Info)

	started := health.NewLatch("start")
	probes := health.New(time.Duration(config.Health.Timeout), logger)
	probes.Add(started.Checker(), health.Startup)
	probes.Add(health.Memory("memory", int(config.Health.MemoryMiB)), health.Liveness)
	probes.Add(health.Ping("database", database.Ping), health.Readiness)
	probes.Add(health.Ping("cache", cache.Ping), health.Readiness)
	if config.Health.URL != "" {
		probes.Add(health.URL("url", config.Health.URL, http.DefaultClient), health.Readiness)
	}

	var answers rules.Cache
	if config.Features.Cache {
		answers = cache
	}
	parts := server.Parts{
		Config: config, Health: probes, Metrics: measured, Started: started, Log: logger, Traces: traces,
		Service: &server.Service{Rules: rules.New(database, answers, measured.Cache, logger)},
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go start(ctx, logger, started, database, cache)
	app := kratos.New(
		kratos.Name(name), kratos.Logger(logger), kratos.Context(ctx), kratos.StopTimeout(20*time.Second),
		kratos.Server(server.HTTP(parts), server.GRPC(parts)),
	)
	return app.Run()
}

// start waits for the database, makes its tables, then waits for the cache. Until then only the probes and the metrics answer.
func start(ctx context.Context, logger log.Logger, started *health.Latch, database *data.Database, cache *data.Cache) {
	helper := log.NewHelper(logger)
	for _, step := range []struct {
		name string
		run  func(context.Context) error
	}{{"database", database.Migrate}, {"cache", cache.Ping}} {
		for {
			limited, cancel := context.WithTimeout(ctx, 5*time.Second)
			err := step.run(limited)
			cancel()
			if err == nil {
				break
			}
			helper.Warnw("msg", "waiting", "for", step.name, "reason", err.Error())
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}
	started.Open()
	helper.Infow("msg", "started")
}
