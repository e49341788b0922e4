package tracing

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/example/xredline/internal/conf"
)

// received begins a collector, and has what it got.
func received(t *testing.T) (url string, requests chan *collector.ExportTraceServiceRequest) {
	t.Helper()
	requests = make(chan *collector.ExportTraceServiceRequest, 10)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		found := new(collector.ExportTraceServiceRequest)
		if err := proto.Unmarshal(body, found); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		requests <- found
	}))
	t.Cleanup(server.Close)
	return server.URL, requests
}

func TestACollectorGetsSpans(t *testing.T) {
	url, requests := received(t)
	provider, stop, err := Open(conf.Tracing{URL: url, Percent: 100}, "xredline", "test")
	if err != nil {
		t.Fatal(err)
	}
	_, span := provider.Tracer("test").Start(context.Background(), "a step")
	span.End()
	if err := stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	select {
	case request := <-requests:
		found := request.GetResourceSpans()[0]
		if name := found.GetScopeSpans()[0].GetSpans()[0].GetName(); name != "a step" {
			t.Errorf("the span is %q", name)
		}
		attributes := map[string]string{}
		for _, one := range found.GetResource().GetAttributes() {
			attributes[one.GetKey()] = one.GetValue().GetStringValue()
		}
		if attributes["service.name"] != "xredline" || attributes["deployment.environment"] != "test" {
			t.Errorf("the spans are of %v", attributes)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("no span has come")
	}
}

func TestWithoutACollectorNothingIsTraced(t *testing.T) {
	provider, stop, err := Open(conf.Tracing{}, "xredline", "test")
	if err != nil {
		t.Fatal(err)
	}
	_, span := provider.Tracer("test").Start(context.Background(), "a step")
	if span.IsRecording() {
		t.Error("a span is recorded")
	}
	if err := stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestNoPartOfTheRequests(t *testing.T) {
	url, _ := received(t)
	provider, stop, err := Open(conf.Tracing{URL: url}, "xredline", "test")
	if err != nil {
		t.Fatal(err)
	}
	defer stop(context.Background())
	_, span := provider.Tracer("test").Start(context.Background(), "a step")
	if span.IsRecording() {
		t.Error("a span is recorded")
	}
}
