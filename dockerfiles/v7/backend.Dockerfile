# HTTP and gRPC API, which keeps series of numbers and has formulas over them evaluated.
#
# Generated from stacks/v7: edit that, then run ./daggerw call --stack=v7 dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/v7/backend.Dockerfile -t backend .
#   buildah build --format docker -f dockerfiles/v7/backend.Dockerfile -t backend .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=v7 --mirrors=apt=http://… dockerfile --component=backend prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim
# Any image with Rust, or Debian's, which gets its newest cargo.
ARG RUST=docker.io/library/rust:1-alpine
# A mirror of crates.io, such as https://mirrors.aliyun.com/crates.io-index. crates.io itself when empty.
ARG CARGO_REGISTRY=
# Any image with Go 1.21 or newer, or Debian's, which gets its golang-go. Whichever it is, Go fetches the version
# that versions.yaml names.
ARG BUILDER=docker.io/library/golang:1.26.8-bookworm
# Go module proxies in order, such as https://goproxy.cn,direct. Go's own default when empty.
ARG GOPROXY=

FROM ${BUILDER} AS go
COPY shell/install-packages.sh /tmp/
RUN command -v go > /dev/null || { \
    printf '%s\n' \
      '. /tmp/install-packages.sh' \
      "begin 'ca-certificates, golang-go' 300" \
      "if has_manager apt-get 'ca-certificates golang-go' /etc/ssl/certs/ca-certificates.crt; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, golang-go'" \
      give_up \
      | sh -s; }
ENV CGO_ENABLED="0" \
    GO111MODULE="on" \
    GOPATH="/go" \
    GOTOOLCHAIN="go1.26.8"
ARG GOPROXY
COPY go/launch /helper
WORKDIR /helper
RUN go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -o /out/launch .

FROM ${RUST} AS rust
COPY shell/install-packages.sh /tmp/
RUN command -v cargo > /dev/null || { \
    printf '%s\n' \
      '. /tmp/install-packages.sh' \
      "begin 'ca-certificates, cargo-web, cargo-auditable' 300" \
      "if has_manager apt-get 'ca-certificates cargo-web cargo-auditable' /etc/ssl/certs/ca-certificates.crt; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, cargo-web, cargo-auditable'" \
      give_up \
      | sh -s; }
ENV CARGO_HOME="/cargo" \
    CARGO_TARGET_DIR="/target" \
    CARGO_INCREMENTAL="0" \
    CARGO_TERM_COLOR="never" \
    CARGO_NET_RETRY="3"
ARG CARGO_REGISTRY
RUN mkdir -p /cargo && \
    { [ -z "$CARGO_REGISTRY" ] || printf '[source.crates-io]\nreplace-with = "mirror"\n\n[source.mirror]\nregistry = "sparse+%s/"\n' "${CARGO_REGISTRY%/}" > /cargo/config.toml; }

FROM scratch AS source
COPY examples/v7/backend /

FROM rust AS build
WORKDIR /src
# Crates are fetched and compiled before the source is there, so that an edit does neither again.
COPY --from=source /Cargo.toml /Cargo.lock /rust-toolchain* ./
RUN mkdir -p src && \
    printf 'fn main() {}\n' | tee src/main.rs > src/lib.rs && \
    cargo fetch --locked --target "$(rustc -vV | sed -n 's/^host: //p')" && \
    { printf '%s\n' \
      'host=$(rustc -vV | sed -n '\''s/^host: //p'\'')' \
      'flags="-C target-feature=+crt-static"' \
      'for folder in /cargo/registry/src/* /bundle/cargo; do flags="$flags --remap-path-prefix=$folder=/crates"; done' \
      'export RUSTFLAGS="$flags" CARGO_NET_OFFLINE=true' \
      'for program; do shift; set -- "$@" --bin "$program"; done' \
      'if command -v cargo-auditable > /dev/null; then auditable=auditable; else auditable=; fi' \
      'cargo $auditable build --release --locked --target "$host" "$@"' \
      | sh -eu -s v7-backend || echo 'the build compiles what it needs'; }
COPY --from=source / .
RUN printf '%s\n' \
      'find . -type f -exec touch {} +' \
      '(' \
      'host=$(rustc -vV | sed -n '\''s/^host: //p'\'')' \
      'flags="-C target-feature=+crt-static"' \
      'for folder in /cargo/registry/src/* /bundle/cargo; do flags="$flags --remap-path-prefix=$folder=/crates"; done' \
      'export RUSTFLAGS="$flags" CARGO_NET_OFFLINE=true' \
      'for program; do shift; set -- "$@" --bin "$program"; done' \
      'if command -v cargo-auditable > /dev/null; then auditable=auditable; else auditable=; fi' \
      'cargo $auditable build --release --locked --target "$host" "$@"' \
      ')' \
      'mkdir -p /out' \
      'for program; do cp "/target/$(rustc -vV | sed -n '\''s/^host: //p'\'')/release/$program" /out/; done' \
      | sh -eu -s v7-backend
COPY --from=go /out/launch /out/

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata' 300" \
      "if has_manager apt-get 'ca-certificates tzdata' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata'" \
      give_up \
      ') || exit' \
      'drop_setuid() {' \
      '  for entry in "$1"/*; do' \
      '    if [ -L "$entry" ]; then continue' \
      '    elif [ -d "$entry" ]; then drop_setuid "$entry"' \
      '    elif [ -u "$entry" ] || [ -g "$entry" ]; then chmod u-s,g-s "$entry"' \
      '    fi' \
      '  done' \
      '}' \
      'if command -v find >/dev/null; then' \
      '  find "${root:-/}" -xdev -type f '\''('\'' -perm -4000 -o -perm -2000 '\'')'\'' -exec chmod u-s,g-s {} +' \
      'else for folder in bin sbin lib lib64 usr opt; do drop_setuid "$root/$folder"; done' \
      fi \
      | sh -s && rm /tmp/install-packages.sh
RUN echo 'v7:x:10001:' >> /etc/group && \
    echo 'v7:x:10001:10001:v7:/app:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /app /app/logs /var/lib/pebble/default /var/lib/pebble/default/layers && \
    chown 10001:10001 /app /app/logs /var/lib/pebble/default /var/lib/pebble/default/layers
RUN mkdir -p /usr/local/share && \
    printf '%s\n' \
      '{' \
      '  "command": [' \
      '    "/usr/local/bin/v7-backend"' \
      '  ],' \
      '  "config": "/app/config",' \
      '  "secrets": [],' \
      '  "allow": "",' \
      '  "addresses": [],' \
      '  "stores": []' \
      '}' \
      > /usr/local/share/launch.json
WORKDIR /app
COPY --from=build /out/ /usr/local/bin/
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    TZ="UTC"
EXPOSE 3000 50053
LABEL org.opencontainers.image.title="backend" \
    org.opencontainers.image.description="HTTP and gRPC API, which keeps series of numbers and has formulas over them evaluated" \
    org.opencontainers.image.source="https://github.com/hellocplusplus0/v7" \
    org.opencontainers.image.version="v1.0.0" \
    org.opencontainers.image.created="2026-11-27T00:00:00Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="Apache-2.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD bash -c ': < "/dev/tcp/127.0.0.1/$0"' 3000
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/launch","/usr/local/share/launch.json"]
CMD []
