// Dagger's CLI and engine, built from Go modules where neither its release site nor its registry can be reached.
// Build: go build -mod=readonly -tags dfexcludepatterns,dfparents github.com/dagger/dagger/cmd/{dagger,engine,init,…}.
// go.sum started as the one inside Dagger's own module zip, so that all is checked even where the checksum database
// does not list a module.
module dagger-from-packages

go 1.26.1

require (
	github.com/dagger/dagger v0.21.8
	github.com/vito/midterm v0.2.5 // the version that Dagger names is not on every module proxy
)

// Dagger's own replacements: they count in a main module only.
replace (
	go.etcd.io/bbolt => go.etcd.io/bbolt v1.4.0-beta.0.0.20260422092123-cd4bafc17e45
	go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc => go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc v0.16.0
	go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp => go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp v0.16.0
	go.opentelemetry.io/otel/log => go.opentelemetry.io/otel/log v0.16.0
	go.opentelemetry.io/otel/sdk/log => go.opentelemetry.io/otel/sdk/log v0.16.0
)

// Modules that not every module proxy serves. Each folder says what it stands in for.
replace (
	github.com/dagger/dagger/engine/distconsts => ./shims/distconsts
	github.com/vito/dang/v2 => ./shims/dang
	github.com/vito/tuist => ./shims/tuist
	github.com/vito/tuist/teav1 => ./shims/tuist-teav1
)
