package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	kerrors "github.com/go-kratos/kratos/v2/errors"
	"github.com/go-kratos/kratos/v2/log"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	v1 "github.com/example/xredline/api/xredline/v1"
	"github.com/example/xredline/internal/conf"
	"github.com/example/xredline/internal/health"
	xlogging "github.com/example/xredline/internal/logging"
	"github.com/example/xredline/internal/metrics"
	"github.com/example/xredline/internal/rules"
)

type memory struct{ rules map[string]string }

func (m *memory) Put(_ context.Context, rule rules.Rule) error {
	m.rules[rule.Name] = rule.Pattern
	return nil
}

func (m *memory) Delete(_ context.Context, name string) (bool, error) {
	_, found := m.rules[name]
	delete(m.rules, name)
	return found, nil
}

func (m *memory) List(context.Context) (found []rules.Rule, revision int64, err error) {
	for name, pattern := range m.rules {
		found = append(found, rules.Rule{Name: name, Pattern: pattern})
	}
	return found, 1, nil
}

func parts(t *testing.T) Parts {
	t.Helper()
	config, err := conf.Load("../../configs", "test")
	if err != nil {
		t.Fatal(err)
	}
	config.Server.GRPC.Addr = "127.0.0.1:0"
	logger := log.NewStdLogger(io.Discard)
	m := metrics.New(time.Second)
	started := health.NewLatch("start")
	probes := health.New(time.Second, logger)
	probes.Add(started.Checker(), health.Startup)
	probes.Add(health.Memory("memory", 1<<20), health.Liveness)
	service := &Service{Rules: rules.New(&memory{map[string]string{}}, nil, m.Cache, logger)}
	return Parts{Config: config, Service: service, Health: probes, Metrics: m, Started: started, Log: logger, Traces: noop.NewTracerProvider()}
}

func ask(handler http.Handler, method, path, token, body string) (int, string) {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

func TestHTTP(t *testing.T) {
	p := parts(t)
	server := HTTP(p)
	for _, step := range []struct {
		method, path, token, body string
		code                      int
		part                      string
	}{
		{"GET", "/healthz", "", "", 503, `"not yet"`},
		{"GET", "/healthz/live", "", "", 200, `"memory"`},
		{"GET", "/healthz/startup", "", "", 503, "not yet"},
		{"POST", "/v1/check", "", `{"text":"a"}`, 503, "STARTING"},
		{},
		{"GET", "/healthz", "", "", 200, `"healthy":true`},
		{"GET", "/healthz/ready", "", "", 200, `"start"`},
		{"PUT", "/v1/rules/link", "", `{"pattern":"https?://"}`, 401, "TOKEN"},
		{"PUT", "/v1/rules/link", "wrong", `{"pattern":"https?://"}`, 401, "TOKEN"},
		{"PUT", "/v1/rules/link", "123456", `{"pattern":"("}`, 400, "RULE_PATTERN"},
		{"PUT", "/v1/rules/link", "123456", `{"pattern":"https?://"}`, 200, `"link"`},
		{"GET", "/v1/rules", "", "", 200, `"https?://"`},
		{"POST", "/v1/check", "", `{"text":"see http://a"}`, 200, `["link"]`},
		{"POST", "/v1/check", "", `{"text":`, 400, "CODEC"},
		{"DELETE", "/v1/rules/link", "123456", "", 200, "{}"},
		{"DELETE", "/v1/rules/link", "123456", "", 404, "RULE_UNKNOWN"},
		{"GET", "/metrics", "", "", 200, `xredline_requests_total{code="401",kind="http",operation="/xredline.v1.Redline/PutRule"} 2`},
	} {
		if step.method == "" {
			p.Started.Open()
			continue
		}
		code, body := ask(server, step.method, step.path, step.token, step.body)
		if code != step.code || !strings.Contains(strings.ReplaceAll(body, ": ", ":"), step.part) {
			t.Errorf("%s %s answers %d %s", step.method, step.path, code, body)
		}
	}
}

func TestGRPC(t *testing.T) {
	p := parts(t)
	p.Started.Open()
	server := GRPC(p)
	endpoint, err := server.Endpoint()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Start(context.Background()) }()
	_, port, _ := net.SplitHostPort(endpoint.Host)
	connection, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	client := v1.NewRedlineClient(connection)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if _, err := client.PutRule(ctx, &v1.PutRuleRequest{Name: "phone", Pattern: `\d{11}`}, grpc.WaitForReady(true)); kerrors.Reason(err) != "TOKEN" {
		t.Errorf("without a token: %v", err)
	}
	with := metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer 123456")
	if _, err := client.PutRule(with, &v1.PutRuleRequest{Name: "phone", Pattern: `\d{11}`}); err != nil {
		t.Fatal(err)
	}
	reply, err := client.Check(ctx, &v1.CheckRequest{Text: "13800138000"})
	if err != nil || len(reply.GetCrossed()) != 1 || reply.GetCrossed()[0] != "phone" {
		t.Errorf("%v %v", reply, err)
	}
	if err := server.Stop(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		t.Error(err)
	}
}

// TestTrace: a request goes on with the trace of the one who asks, and its line in the log names it.
func TestTrace(t *testing.T) {
	p := parts(t)
	p.Started.Open()
	spans := tracetest.NewSpanRecorder()
	p.Traces = sdk.NewTracerProvider(sdk.WithSpanProcessor(spans))
	var lines bytes.Buffer
	p.Log = xlogging.New(&lines, "info")
	request := httptest.NewRequest("GET", "/v1/rules", nil)
	const id = "0af7651916cd43dd8448eb211c80319c"
	request.Header.Set("traceparent", "00-"+id+"-b7ad6b7169203331-01")
	HTTP(p).ServeHTTP(httptest.NewRecorder(), request)
	ended := spans.Ended()
	if len(ended) != 1 || ended[0].Name() != v1.Redline_ListRules_FullMethodName || ended[0].SpanContext().TraceID().String() != id {
		t.Errorf("the spans are %+v", ended)
	}
	if !strings.Contains(lines.String(), `"trace_id":"`+id+`"`) {
		t.Errorf("the line is %s", &lines)
	}
}
