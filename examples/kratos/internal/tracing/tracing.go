// Package tracing sends what requests took to a collector of traces, by OTLP over HTTP.
package tracing

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/example/xredline/internal/conf"
)

// Open begins; close sends what is left. A collector that does not answer costs spans, and no request waits for it.
func Open(config conf.Tracing, service, environment string) (provider trace.TracerProvider, close func(context.Context) error, err error) {
	if config.URL == "" {
		return noop.NewTracerProvider(), func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(context.Background(),
		otlptracehttp.WithEndpointURL(config.URL+"/v1/traces"), otlptracehttp.WithTimeout(5*time.Second))
	if err != nil {
		return nil, nil, fmt.Errorf("tracing.url: %w", err)
	}
	traces := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter),
		// Whoever asks decides for the whole chain; else a part of the requests is traced.
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(float64(config.Percent)/100))),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", service), attribute.String("deployment.environment", environment))),
	)
	return traces, traces.Shutdown, nil
}
