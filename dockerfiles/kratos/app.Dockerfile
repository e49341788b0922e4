# Names the red lines that a text crosses, over HTTP and gRPC.
#
# Generated from stacks/kratos: edit that, then run ./daggerw call --stack=kratos dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/kratos/app.Dockerfile -t app .
#   buildah build --format docker -f dockerfiles/kratos/app.Dockerfile -t app .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=kratos --mirrors=apt=http://… dockerfile --component=app prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim
# Any image with Go 1.21 or newer, or Debian's, which gets its golang-go. Whichever it is, Go fetches the version
# that the source's go.mod asks for.
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
    GOTOOLCHAIN="go1.21.0+auto"
RUN mkdir /module && \
    printf '%s\n' \
      '#!/bin/sh' \
      '# Usage: fetch MODULE VERSION [SUM]' \
      'set -eu' \
      'cd /module' \
      'if ! go mod download -json "$1@$2" > download.json; then' \
      '  sed -n '\''s/^\t"Error": "\(.*\)".*$/\1/p'\'' download.json | sed '\''s/\\n\\t*/ /g'\'' >&2' \
      '  exit 1' \
      fi \
      'field() { sed -n '\''s/^\t"'\''"$1"'\''": "\(.*\)",\{0,1\}$/\1/p'\'' download.json; }' \
      'if [ -n "$3" ] && [ "$(field Sum)" != "$3" ]; then' \
      '  echo "$1@$2 has the checksum $(field Sum), but $3 is pinned" >&2' \
      '  exit 1' \
      fi \
      'cp -R "$(field Dir)" source' \
      'chmod -R u+w source' \
      'cp "$(field Info)" info.json' \
      'rm download.json' \
      > /module/fetch && \
    chmod 755 /module/fetch

FROM go AS fetched
ARG GOPROXY
RUN GOTOOLCHAIN=local /module/fetch github.com/example/xredline v1.0.0

# A checkout can stand in for it: --build-context source=../checkout (BuildKit, buildah, podman).
FROM scratch AS source
COPY --from=fetched /module/source/ /

FROM go AS build
ARG GOPROXY
# Modules come before sources, so that an edit does not fetch them again. What cannot be fetched yet, such as a folder of the
# source or a module that only tests need, is not needed here.
WORKDIR /src
COPY --from=source /go.mod /go.sum* ./
RUN go mod download || echo 'the build fetches what it needs'
# What starts the image.
COPY go/launch /launcher
RUN go=$(go env GOVERSION) && \
    cd /launcher && \
    GOTOOLCHAIN=$go go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -o /out/launch .
COPY go/multicall /helper
RUN go=$(go env GOVERSION) && \
    cd /helper && \
    GOTOOLCHAIN=$go go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -o /usr/local/bin/multicall .
COPY --from=source / .
# One binary for all programs; where they cannot be one, or do not start as one, a binary for each.
RUN ( ln -sfn "$(go env GOROOT)" /tmp/goroot && export GOTOOLCHAIN=local GOROOT=/tmp/goroot PATH="/tmp/goroot/bin:$PATH" && added=$(multicall -source /src -out /overlay \
      xredline=cmd/xredline) && go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -overlay /overlay/overlay.json -o /out/kratos "./$added" \
    && for program in \
      xredline; do ln -s kratos "/out/$program" && { timeout 20 "/out/$program" --help > /dev/null || [ $? = 124 ]; } || exit; done ) \
    || ( rm -f /out/kratos \
    && for one in \
      xredline=cmd/xredline; do rm -f "/out/${one%%=*}" \
      && go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -o "/out/${one%%=*}" "./${one#*=}" || exit; done )

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
RUN echo 'xredline:x:10001:' >> /etc/group && \
    echo 'xredline:x:10001:10001:xredline:/app:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /app /app/logs /var/lib/pebble/default /var/lib/pebble/default/layers && \
    chown 10001:10001 /app /app/logs /var/lib/pebble/default /var/lib/pebble/default/layers
RUN mkdir -p /usr/local/share && \
    printf '%s\n' \
      '{' \
      '  "command": [' \
      '    "/app/bin/xredline"' \
      '  ],' \
      '  "config": "/app/configs",' \
      '  "secrets": [' \
      '    {' \
      '      "variable": "XREDLINE_AUTH_TOKEN",' \
      '      "known": [' \
      '        "changeme",' \
      '        "123456",' \
      '        "development"' \
      '      ]' \
      '    }' \
      '  ],' \
      '  "allow": "XREDLINE_ALLOW_PUBLIC_SECRET",' \
      '  "addresses": [],' \
      '  "stores": [' \
      '    {' \
      '      "name": "PostgreSQL",' \
      '      "variables": [' \
      '        "XREDLINE_DATABASE_ADDRESS"' \
      '      ],' \
      '      "port": "5432",' \
      '      "when": {}' \
      '    },' \
      '    {' \
      '      "name": "Redis",' \
      '      "variables": [' \
      '        "XREDLINE_REDIS_ADDRESS"' \
      '      ],' \
      '      "port": "6379",' \
      '      "when": {}' \
      '    }' \
      '  ]' \
      '}' \
      > /usr/local/share/launch.json
WORKDIR /app
COPY --from=source /configs /app/configs
COPY --from=build /out/ /app/bin/
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    XREDLINE_ENVIRONMENT="production" \
    TZ="UTC"
EXPOSE 8000 9000
LABEL org.opencontainers.image.title="app" \
    org.opencontainers.image.description="Names the red lines that a text crosses, over HTTP and gRPC" \
    org.opencontainers.image.source="https://github.com/example/xredline" \
    org.opencontainers.image.version="v1.0.0" \
    org.opencontainers.image.created="2026-11-27T00:00:00Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="Apache-2.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD bash -c ': < "/dev/tcp/127.0.0.1/$0"' 8000
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/launch","/usr/local/share/launch.json"]
CMD ["-conf","/app/configs"]
