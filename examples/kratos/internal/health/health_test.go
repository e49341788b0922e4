package health

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-kratos/kratos/v2/log"
)

var quiet = log.NewStdLogger(io.Discard)

func asks(t *testing.T, handler http.Handler) (int, Report) {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	var report Report
	if err := json.Unmarshal(recorder.Body.Bytes(), &report); err != nil {
		t.Fatalf("%v in %s", err, recorder.Body)
	}
	return recorder.Code, report
}

func TestEachProbeAsksItsOwnCheckers(t *testing.T) {
	var broken error = errors.New("connection refused")
	health := New(time.Second, quiet)
	health.Add(Memory("memory", 1<<20), Liveness, Readiness)
	health.Add(Ping("database", func(context.Context) error { return broken }), Readiness)
	latch := NewLatch("start")
	health.Add(latch.Checker(), Startup)

	if code, report := asks(t, health.Handler(Liveness)); code != http.StatusOK || len(report.Results) != 1 {
		t.Errorf("liveness depends on the database: %d %+v", code, report)
	}
	code, report := asks(t, health.Handler(Readiness))
	if code != http.StatusServiceUnavailable || report.Results[1] != (Result{Name: "database", Message: "connection refused"}) {
		t.Errorf("readiness: %d %+v", code, report)
	}
	if code, _ := asks(t, health.Handler(Startup)); code != http.StatusServiceUnavailable {
		t.Errorf("startup before the start is over: %d", code)
	}
	broken = nil
	latch.Open()
	if code, report := asks(t, health.Handler(Startup, Readiness)); code != http.StatusOK || len(report.Results) != 3 {
		t.Errorf("all: %d %+v", code, report)
	}
}

func TestTheTimeLimitHoldsForAll(t *testing.T) {
	health := New(20*time.Millisecond, quiet)
	block := make(chan struct{})
	defer close(block)
	for _, name := range []string{"one", "other"} {
		health.Add(Checker{Name: name, Check: func(context.Context) error { <-block; return nil }}, Readiness)
	}
	report := health.Check(context.Background(), Readiness)
	for _, result := range report.Results {
		if result.Healthy || result.Message != "no answer within the time limit" {
			t.Errorf("%+v", result)
		}
	}
}

func TestURL(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	checker := URL("other", server.URL, server.Client())
	if err := checker.Check(context.Background()); err != nil {
		t.Error(err)
	}
	status = http.StatusBadGateway
	if err := checker.Check(context.Background()); err == nil || !strings.Contains(err.Error(), "502") {
		t.Errorf("found %v", err)
	}
}

func TestMemory(t *testing.T) {
	if err := Memory("memory", 0).Check(context.Background()); err == nil || !strings.Contains(err.Error(), "more than 0") {
		t.Errorf("found %v", err)
	}
}
