// Package server is the service over HTTP and gRPC, with its probes and its metrics.
package server

import (
	"context"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/go-kratos/kratos/v2/errors"
	"github.com/go-kratos/kratos/v2/log"
	"github.com/go-kratos/kratos/v2/middleware"
	"github.com/go-kratos/kratos/v2/middleware/logging"
	"github.com/go-kratos/kratos/v2/middleware/recovery"
	"github.com/go-kratos/kratos/v2/middleware/tracing"
	"github.com/go-kratos/kratos/v2/transport"
	"github.com/go-kratos/kratos/v2/transport/grpc"
	khttp "github.com/go-kratos/kratos/v2/transport/http"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/trace"

	v1 "github.com/example/xredline/api/xredline/v1"
	"github.com/example/xredline/internal/conf"
	"github.com/example/xredline/internal/health"
	"github.com/example/xredline/internal/metrics"
	"github.com/example/xredline/internal/rules"
)

// Service is what both transports offer.
type Service struct {
	v1.UnimplementedRedlineServer
	Rules *rules.Rules
}

func (s *Service) PutRule(ctx context.Context, request *v1.PutRuleRequest) (*v1.Rule, error) {
	rule := rules.Rule{Name: request.GetName(), Pattern: request.GetPattern()}
	return &v1.Rule{Name: rule.Name, Pattern: rule.Pattern}, s.Rules.Put(ctx, rule)
}

func (s *Service) DeleteRule(ctx context.Context, request *v1.DeleteRuleRequest) (*v1.DeleteRuleReply, error) {
	return &v1.DeleteRuleReply{}, s.Rules.Delete(ctx, request.GetName())
}

func (s *Service) ListRules(ctx context.Context, _ *v1.ListRulesRequest) (*v1.ListRulesReply, error) {
	found, err := s.Rules.List(ctx)
	reply := &v1.ListRulesReply{}
	for _, rule := range found {
		reply.Rules = append(reply.Rules, &v1.Rule{Name: rule.Name, Pattern: rule.Pattern})
	}
	return reply, err
}

func (s *Service) Check(ctx context.Context, request *v1.CheckRequest) (*v1.CheckReply, error) {
	crossed, cached, err := s.Rules.Check(ctx, request.GetText())
	return &v1.CheckReply{Crossed: crossed, Cached: cached}, err
}

// Parts are what the servers are made of.
type Parts struct {
	Config  *conf.Config
	Service *Service
	Health  *health.Health
	Metrics *metrics.Metrics
	Started *health.Latch
	Log     log.Logger
	Traces  trace.TracerProvider
}

func (p Parts) middleware() []middleware.Middleware {
	// The line of a request names its trace.
	lines := log.With(p.Log, "trace_id", tracing.TraceID())
	return []middleware.Middleware{
		p.Metrics.Server(), recovery.Recovery(), tracing.Server(tracing.WithTracerProvider(p.Traces)), logging.Server(lines),
		p.started, p.authorized,
	}
}

// started refuses work that has no tables yet.
func (p Parts) started(next middleware.Handler) middleware.Handler {
	return func(ctx context.Context, request any) (any, error) {
		if !p.Started.IsOpen() {
			return nil, errors.ServiceUnavailable("STARTING", "the service is starting")
		}
		return next(ctx, request)
	}
}

var changing = map[string]bool{v1.Redline_PutRule_FullMethodName: true, v1.Redline_DeleteRule_FullMethodName: true}

// authorized asks for the token where something is changed.
func (p Parts) authorized(next middleware.Handler) middleware.Handler {
	return func(ctx context.Context, request any) (any, error) {
		info, ok := transport.FromServerContext(ctx)
		if ok && changing[info.Operation()] {
			given, _ := strings.CutPrefix(info.RequestHeader().Get("Authorization"), "Bearer ")
			if subtle.ConstantTimeCompare([]byte(given), []byte(p.Config.Auth.Token)) != 1 {
				return nil, errors.Unauthorized("TOKEN", "send the header Authorization: Bearer TOKEN, with the token of auth.token")
			}
		}
		return next(ctx, request)
	}
}

// GRPC is the server on port 9000. Kratos adds gRPC's own health service and reflection.
func GRPC(p Parts) *grpc.Server {
	server := grpc.NewServer(
		grpc.Address(p.Config.Server.GRPC.Addr), grpc.Timeout(time.Duration(p.Config.Server.GRPC.Timeout)),
		grpc.Middleware(p.middleware()...),
	)
	v1.RegisterRedlineServer(server, p.Service)
	return server
}

// HTTP is the server on port 8000.
func HTTP(p Parts) *khttp.Server {
	server := khttp.NewServer(
		khttp.Address(p.Config.Server.HTTP.Addr), khttp.Timeout(time.Duration(p.Config.Server.HTTP.Timeout)),
		khttp.Middleware(p.middleware()...),
	)
	server.HandleFunc("/healthz", p.Health.Handler(health.Startup, health.Liveness, health.Readiness))
	server.HandleFunc("/healthz/live", p.Health.Handler(health.Liveness))
	server.HandleFunc("/healthz/ready", p.Health.Handler(health.Startup, health.Readiness))
	server.HandleFunc("/healthz/startup", p.Health.Handler(health.Startup))
	server.Handle("/metrics", promhttp.HandlerFor(p.Metrics.Registry, promhttp.HandlerOpts{}))
	routes := server.Route("/v1")
	routes.GET("/rules", handler(v1.Redline_ListRules_FullMethodName, p.Service.ListRules))
	routes.PUT("/rules/{name}", handler(v1.Redline_PutRule_FullMethodName, p.Service.PutRule))
	routes.DELETE("/rules/{name}", handler(v1.Redline_DeleteRule_FullMethodName, p.Service.DeleteRule))
	routes.POST("/check", handler(v1.Redline_Check_FullMethodName, p.Service.Check))
	return server
}

// handler reads body and path, and calls the method through the same middleware as gRPC does.
func handler[Request, Reply any](operation string, method func(context.Context, *Request) (*Reply, error)) khttp.HandlerFunc {
	return func(ctx khttp.Context) error {
		request := new(Request)
		if ctx.Request().Method == http.MethodPut || ctx.Request().Method == http.MethodPost {
			if err := ctx.Bind(request); err != nil {
				return err
			}
		}
		if err := ctx.BindVars(request); err != nil {
			return err
		}
		khttp.SetOperation(ctx, operation)
		call := ctx.Middleware(func(ctx context.Context, request any) (any, error) { return method(ctx, request.(*Request)) })
		reply, err := call(ctx, request)
		if err != nil {
			return err
		}
		return ctx.Result(http.StatusOK, reply)
	}
}
