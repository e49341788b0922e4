package metrics

import (
	"context"
	"errors"
	"testing"
	"time"

	kerrors "github.com/go-kratos/kratos/v2/errors"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// values are those of one metric, by the values of its labels, joined by commas.
func values(t *testing.T, registry *prometheus.Registry, name string) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			key := ""
			for _, label := range metric.GetLabel() {
				key += label.GetValue() + ","
			}
			found[key] = metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + float64(metric.GetHistogram().GetSampleCount())
		}
	}
	return found
}

func TestRequestsAreCountedByCode(t *testing.T) {
	m := New(time.Second)
	for _, err := range []error{nil, kerrors.BadRequest("BAD", "bad"), errors.New("broken")} {
		_, _ = m.Server()(func(context.Context, any) (any, error) { return nil, err })(context.Background(), nil)
	}
	found := values(t, m.Registry, "xredline_requests_total")
	for _, code := range []string{"200", "400", "500"} {
		if found[code+",,,"] != 1 {
			t.Errorf("%s: %v", code, found)
		}
	}
	if seconds := values(t, m.Registry, "xredline_request_seconds"); seconds[",,"] != 3 {
		t.Errorf("times: %v", seconds)
	}
}

func TestSlowQueries(t *testing.T) {
	m := New(0)
	m.TraceQueryEnd(m.TraceQueryStart(context.Background(), nil, pgx.TraceQueryStartData{}), nil, pgx.TraceQueryEndData{})
	m.longest = time.Hour
	m.TraceQueryEnd(m.TraceQueryStart(context.Background(), nil, pgx.TraceQueryStartData{}), nil, pgx.TraceQueryEndData{Err: errors.New("no")})
	if slow := values(t, m.Registry, "xredline_database_slow_queries_total"); slow[""] != 1 {
		t.Errorf("slow: %v", slow)
	}
	if all := values(t, m.Registry, "xredline_database_query_seconds"); all["true,"] != 1 || all["false,"] != 1 {
		t.Errorf("all: %v", all)
	}
}

func TestACacheThatDoesNotAnswerLeavesTheOthers(t *testing.T) {
	m := New(time.Second)
	var broken error
	m.Store(func(context.Context) (map[string]float64, error) {
		return map[string]float64{"expired_keys": 3}, broken
	})
	if found := values(t, m.Registry, "xredline_cache_expired_keys_total"); found[""] != 3 {
		t.Errorf("found %v", found)
	}
	broken = errors.New("refused")
	if found := values(t, m.Registry, "xredline_cache_expired_keys_total"); len(found) != 0 {
		t.Errorf("found %v", found)
	}
	if found := values(t, m.Registry, "go_goroutines"); found[""] == 0 {
		t.Errorf("found %v", found)
	}
}
