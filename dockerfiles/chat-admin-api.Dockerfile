# HTTP API for administrators.
#
# Generated from stacks/openim: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/chat-admin-api.Dockerfile -t openim-admin-api .
#   buildah build --format docker -f dockerfiles/chat-admin-api.Dockerfile -t openim-admin-api .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --mirrors=apt=http://… dockerfile --component=chat-admin-api prints this file with them.

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
RUN GOTOOLCHAIN=local /module/fetch github.com/openimsdk/chat v1.8.4 h1:bGPugjH/zlrgK3vmwgkrdDeAQLCpMe0GV6klws/HOh8=

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
      chat-rpc=cmd/rpc/chat-rpc \
      admin-rpc=cmd/rpc/admin-rpc \
      chat-api=cmd/api/chat-api \
      admin-api=cmd/api/admin-api) && go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -overlay /overlay/overlay.json -o /out/openim "./$added" \
    && for program in \
      admin-api; do ln -s openim "/out/$program" && { timeout 20 "/out/$program" --help > /dev/null || [ $? = 124 ]; } || exit; done ) \
    || ( rm -f /out/openim \
    && for one in \
      admin-api=cmd/api/admin-api; do rm -f "/out/${one%%=*}" \
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
RUN echo 'openim:x:10001:' >> /etc/group && \
    echo 'openim:x:10001:10001:openim:/openim-chat:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /openim-chat /openim-chat/logs /var/lib/pebble/default /var/lib/pebble/default/layers && \
    chown 10001:10001 /openim-chat /openim-chat/logs /var/lib/pebble/default /var/lib/pebble/default/layers
RUN mkdir -p /usr/local/share && \
    printf '%s\n' \
      '{' \
      '  "command": [' \
      '    "/usr/local/bin/admin-api"' \
      '  ],' \
      '  "config": "/openim-chat/config",' \
      '  "secrets": [' \
      '    {' \
      '      "variable": "CHATENV_SHARE_OPENIM_SECRET",' \
      '      "known": [' \
      '        "openIM123"' \
      '      ]' \
      '    },' \
      '    {' \
      '      "variable": "CHATENV_CHAT_RPC_ADMIN_SECRET",' \
      '      "known": [' \
      '        "chat123"' \
      '      ]' \
      '    }' \
      '  ],' \
      '  "allow": "OPENIM_ALLOW_PUBLIC_SECRET",' \
      '  "addresses": [],' \
      '  "stores": [' \
      '    {' \
      '      "name": "etcd",' \
      '      "variables": [' \
      '        "CHATENV_DISCOVERY_ETCD_ADDRESS"' \
      '      ],' \
      '      "port": "2379",' \
      '      "when": {' \
      '        "CHATENV_DISCOVERY_ENABLE": "etcd"' \
      '      }' \
      '    },' \
      '    {' \
      '      "name": "OpenIM'\''s API",' \
      '      "variables": [' \
      '        "CHATENV_SHARE_OPENIM_APIURL"' \
      '      ],' \
      '      "port": "",' \
      '      "when": {}' \
      '    }' \
      '  ]' \
      '}' \
      > /usr/local/share/launch.json
WORKDIR /openim-chat
COPY --from=source /config /openim-chat/config
COPY --from=build /out/ /usr/local/bin/
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    CHATENV_LOG_ISSTDOUT="true" \
    CHATENV_LOG_STORAGELOCATION="/openim-chat/logs" \
    TZ="UTC"
EXPOSE 10009
LABEL org.opencontainers.image.title="openim-admin-api" \
    org.opencontainers.image.description="HTTP API for administrators" \
    org.opencontainers.image.source="https://github.com/openimsdk/chat" \
    org.opencontainers.image.revision="286fcb37e39b56e7ce47fece9ac204b819af5e2e" \
    org.opencontainers.image.version="v1.8.4" \
    org.opencontainers.image.created="2025-01-09T03:01:53Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="GPL-3.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD bash -c ': < "/dev/tcp/127.0.0.1/$0"' 10009
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/launch","/usr/local/share/launch.json"]
CMD ["-c","/openim-chat/config","-i","0"]
