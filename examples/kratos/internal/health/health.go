// Package health asks what the service needs, within one time limit, and answers over HTTP.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kratos/kratos/v2/log"
)

// Probe is who asks: each has checkers.
type Probe string

const (
	// Liveness decides about restarts. What a restart does not change is no part of it.
	Liveness Probe = "liveness"
	// Readiness decides about traffic.
	Readiness Probe = "readiness"
	// Startup holds the other two back until the start is over.
	Startup Probe = "startup"
)

// Checker is one thing that is asked.
type Checker struct {
	Name  string
	Check func(context.Context) error
}

// Result is what one checker found.
type Result struct {
	Name    string `json:"name"`
	Healthy bool   `json:"healthy"`
	Message string `json:"message,omitempty"`
}

// Report is what a probe gets.
type Report struct {
	Healthy bool     `json:"healthy"`
	Results []Result `json:"results"`
}

// Health has the checkers of each probe, and a time limit for all of them together.
type Health struct {
	timeout time.Duration
	log     *log.Helper
	probes  map[Probe][]Checker
}

func New(timeout time.Duration, logger log.Logger) *Health {
	return &Health{timeout: timeout, log: log.NewHelper(logger), probes: map[Probe][]Checker{}}
}

// Add adds a checker to these probes, before anybody asks.
func (h *Health) Add(checker Checker, probes ...Probe) {
	for _, probe := range probes {
		h.probes[probe] = append(h.probes[probe], checker)
	}
}

// Check asks all checkers of the probes at once.
func (h *Health) Check(ctx context.Context, probes ...Probe) Report {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	var checkers []Checker
	for _, probe := range probes {
		checkers = append(checkers, h.probes[probe]...)
	}
	report := Report{Healthy: true, Results: make([]Result, len(checkers))}
	var wait sync.WaitGroup
	for i, checker := range checkers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			report.Results[i] = asked(ctx, checker)
		}()
	}
	wait.Wait()
	for _, result := range report.Results {
		if !result.Healthy {
			report.Healthy = false
			h.log.Warnw("msg", "unhealthy", "checker", result.Name, "reason", result.Message)
		}
	}
	return report
}

// asked does not wait for a checker that does not look at its context.
func asked(ctx context.Context, checker Checker) Result {
	done := make(chan error, 1)
	go func() { done <- checker.Check(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = errors.New("no answer within the time limit")
	}
	if err != nil {
		return Result{Name: checker.Name, Message: err.Error()}
	}
	return Result{Name: checker.Name, Healthy: true}
}

// Handler answers 200, or 503 with the reasons.
func (h *Health) Handler(probes ...Probe) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		report := h.Check(r.Context(), probes...)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !report.Healthy {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(report)
	}
}

// Ping is a database or a cache.
func Ping(name string, ping func(context.Context) error) Checker {
	return Checker{Name: name, Check: ping}
}

// URL is another service, which must answer with a status below 400.
func URL(name, url string, client *http.Client) Checker {
	return Checker{Name: name, Check: func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode >= http.StatusBadRequest {
			return fmt.Errorf("%s answers %s", url, answer.Status)
		}
		return nil
	}}
}

// Memory is what this program holds, in MiB.
func Memory(name string, limit int) Checker {
	return Checker{Name: name, Check: func(context.Context) error {
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		if used := int(stats.Sys-stats.HeapReleased) >> 20; used > limit {
			return fmt.Errorf("%d MiB are in use, more than %d", used, limit)
		}
		return nil
	}}
}

// Latch is unhealthy until it is opened.
type Latch struct {
	name string
	open atomic.Bool
}

func NewLatch(name string) *Latch { return &Latch{name: name} }

func (l *Latch) Open() { l.open.Store(true) }

func (l *Latch) IsOpen() bool { return l.open.Load() }

func (l *Latch) Checker() Checker {
	return Checker{Name: l.name, Check: func(context.Context) error {
		if !l.IsOpen() {
			return errors.New("not yet")
		}
		return nil
	}}
}
