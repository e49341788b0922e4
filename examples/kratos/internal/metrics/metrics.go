// Package metrics has what Prometheus reads: requests, the database, the cache, and the process.
package metrics

import (
	"context"
	"strconv"
	"time"

	"github.com/go-kratos/kratos/v2/errors"
	"github.com/go-kratos/kratos/v2/middleware"
	"github.com/go-kratos/kratos/v2/transport"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are those of one process.
type Metrics struct {
	Registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	queries  *prometheus.HistogramVec
	slow     *prometheus.CounterVec
	cache    *prometheus.CounterVec
	longest  time.Duration
}

// New counts a query as slow that takes longer than `slow`.
func New(slow time.Duration) *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		longest:  slow,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xredline_requests_total", Help: "Requests by kind (http, grpc), operation and code.",
		}, []string{"kind", "operation", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "xredline_request_seconds", Help: "Time of requests.", Buckets: prometheus.DefBuckets,
		}, []string{"kind", "operation"}),
		queries: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "xredline_database_query_seconds", Help: "Time of queries.", Buckets: prometheus.DefBuckets,
		}, []string{"ok"}),
		slow: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xredline_database_slow_queries_total", Help: "Queries that took longer than data.database.slow.",
		}, nil),
		cache: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "xredline_cache_lookups_total", Help: "Lookups in the cache: hit, miss or error.",
		}, []string{"result"}),
	}
	// They are there before the first of them happens.
	m.slow.WithLabelValues()
	for _, result := range []string{"hit", "miss", "error"} {
		m.cache.WithLabelValues(result)
	}
	m.Registry.MustRegister(m.requests, m.seconds, m.queries, m.slow, m.cache,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Server counts and times requests of both transports.
func (m *Metrics) Server() middleware.Middleware {
	return func(next middleware.Handler) middleware.Handler {
		return func(ctx context.Context, request any) (any, error) {
			kind, operation := "", ""
			if info, ok := transport.FromServerContext(ctx); ok {
				kind, operation = info.Kind().String(), info.Operation()
			}
			begin := time.Now()
			reply, err := next(ctx, request)
			m.seconds.WithLabelValues(kind, operation).Observe(time.Since(begin).Seconds())
			m.requests.WithLabelValues(kind, operation, strconv.Itoa(errors.Code(err))).Inc()
			return reply, err
		}
	}
}

// Cache counts a lookup.
func (m *Metrics) Cache(result string) { m.cache.WithLabelValues(result).Inc() }

type begun struct{}

// TraceQueryStart makes Metrics a tracer of the database's driver.
func (m *Metrics) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, begun{}, time.Now())
}

func (m *Metrics) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	begin, ok := ctx.Value(begun{}).(time.Time)
	if !ok {
		return
	}
	took := time.Since(begin)
	m.queries.WithLabelValues(strconv.FormatBool(data.Err == nil)).Observe(took.Seconds())
	if took > m.longest {
		m.slow.WithLabelValues().Inc()
	}
}

// Pool shows the connections to the database.
func (m *Metrics) Pool(stat func() *pgxpool.Stat) {
	gauge := func(state string, value func(*pgxpool.Stat) int32) {
		m.Registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "xredline_database_connections", Help: "Connections to the database.", ConstLabels: prometheus.Labels{"state": state},
		}, func() float64 { return float64(value(stat())) }))
	}
	gauge("used", (*pgxpool.Stat).AcquiredConns)
	gauge("idle", (*pgxpool.Stat).IdleConns)
	gauge("max", (*pgxpool.Stat).MaxConns)
}

// Store shows what the cache says about itself; what it does not answer is left out.
func (m *Metrics) Store(info func(context.Context) (map[string]float64, error)) {
	m.Registry.MustRegister(store{info})
}

type store struct {
	info func(context.Context) (map[string]float64, error)
}

var (
	expired = prometheus.NewDesc("xredline_cache_expired_keys_total", "Keys that have expired in the cache.", nil, nil)
	memory  = prometheus.NewDesc("xredline_cache_memory_bytes", "Memory that the cache uses.", nil, nil)
)

func (s store) Describe(to chan<- *prometheus.Desc) { to <- expired; to <- memory }

func (s store) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	found, err := s.info(ctx)
	if err != nil {
		return
	}
	if value, ok := found["expired_keys"]; ok {
		to <- prometheus.MustNewConstMetric(expired, prometheus.CounterValue, value)
	}
	if value, ok := found["used_memory"]; ok {
		to <- prometheus.MustNewConstMetric(memory, prometheus.GaugeValue, value)
	}
}
