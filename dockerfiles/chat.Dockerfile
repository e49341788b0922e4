# The business layer on top of OpenIM Server: accounts, login, administration.
#
# Generated from stacks/openim: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/chat.Dockerfile -t openim-chat .
#   buildah build --format docker -f dockerfiles/chat.Dockerfile -t openim-chat .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --mirrors=apt=http://… dockerfile --component=chat prints this file with them.

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
# The supervisor.
RUN GOTOOLCHAIN=local /module/fetch github.com/canonical/pebble v1.17.0 h1:0XKGmVtvL24akHImflZboo9uwMp9PCC9+N4U9NFPzZQ=
RUN go=$(go env GOVERSION) && \
    cd /module/source && \
    GOTOOLCHAIN=$go+auto go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -o /out/pebble ./cmd/pebble
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
      chat-rpc \
      admin-rpc \
      chat-api \
      admin-api; do ln -s openim "/out/$program" && { timeout 20 "/out/$program" --help > /dev/null || [ $? = 124 ]; } || exit; done ) \
    || ( rm -f /out/openim \
    && for one in \
      chat-rpc=cmd/rpc/chat-rpc \
      admin-rpc=cmd/rpc/admin-rpc \
      chat-api=cmd/api/chat-api \
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
      '    "/usr/local/bin/pebble",' \
      '    "run",' \
      '    "--verbose"' \
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
      '  "addresses": [' \
      '    {' \
      '      "variable": "CHATENV_CHAT_RPC_CHAT_RPC_REGISTERIP",' \
      '      "listen": "CHATENV_CHAT_RPC_CHAT_RPC_LISTENIP"' \
      '    },' \
      '    {' \
      '      "variable": "CHATENV_CHAT_RPC_ADMIN_RPC_REGISTERIP",' \
      '      "listen": "CHATENV_CHAT_RPC_ADMIN_RPC_LISTENIP"' \
      '    }' \
      '  ],' \
      '  "stores": [' \
      '    {' \
      '      "name": "MongoDB",' \
      '      "variables": [' \
      '        "CHATENV_MONGODB_URI",' \
      '        "CHATENV_MONGODB_ADDRESS"' \
      '      ],' \
      '      "port": "27017",' \
      '      "when": {}' \
      '    },' \
      '    {' \
      '      "name": "Redis",' \
      '      "variables": [' \
      '        "CHATENV_REDIS_ADDRESS"' \
      '      ],' \
      '      "port": "6379",' \
      '      "when": {}' \
      '    },' \
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
      '  ],' \
      '  "supervisor": {' \
      '    "socket": "/var/lib/pebble/default/.pebble.socket",' \
      '    "programs": [' \
      '      {' \
      '        "name": "chat-rpc",' \
      '        "port": 30300' \
      '      },' \
      '      {' \
      '        "name": "admin-rpc",' \
      '        "port": 30200' \
      '      },' \
      '      {' \
      '        "name": "chat-api",' \
      '        "port": 10008' \
      '      },' \
      '      {' \
      '        "name": "admin-api",' \
      '        "port": 10009' \
      '      }' \
      '    ],' \
      '    "provenSeconds": 330,' \
      '    "giveUpSeconds": 360' \
      '  }' \
      '}' \
      > /usr/local/share/launch.json
RUN printf '%s\n' \
      '#!/bin/sh' \
      '# Usage: wait-for-ports SECONDS PORT... -- COMMAND...' \
      '# Becomes the command when every port of this container answers, or after that many seconds.' \
      'left=$1' \
      shift \
      'while [ "$1" != -- ]; do' \
      '  until bash -c '\'': < "/dev/tcp/127.0.0.1/$0"'\'' "$1" 2>/dev/null; do' \
      '    [ "$left" -gt 0 ] || break' \
      '    left=$((left - 1))' \
      '    sleep 1' \
      '  done' \
      '  shift' \
      done \
      shift \
      'exec "$@"' \
      > /usr/local/bin/wait-for-ports && \
    chmod 755 /usr/local/bin/wait-for-ports
RUN printf '%s\n' \
      '{' \
      '  "summary": "The business layer on top of OpenIM Server: accounts, login, administration",' \
      '  "services": {' \
      '    "chat-rpc": {' \
      '      "override": "replace",' \
      '      "summary": "Accounts, login and verification codes",' \
      '      "command": "/usr/local/bin/chat-rpc -c /openim-chat/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "admin-rpc": {' \
      '      "override": "replace",' \
      '      "summary": "Administrators, invitations and default friends",' \
      '      "command": "/usr/local/bin/admin-rpc -c /openim-chat/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "chat-api": {' \
      '      "override": "replace",' \
      '      "summary": "HTTP API for the clients'\'' registration and login",' \
      '      "command": "/usr/local/bin/wait-for-ports 30 30300 30200 -- /usr/local/bin/chat-api -c /openim-chat/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "admin-api": {' \
      '      "override": "replace",' \
      '      "summary": "HTTP API for administrators",' \
      '      "command": "/usr/local/bin/wait-for-ports 30 30300 30200 -- /usr/local/bin/admin-api -c /openim-chat/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    }' \
      '  },' \
      '  "checks": {' \
      '    "programs": {' \
      '      "override": "replace",' \
      '      "level": "alive",' \
      '      "period": "15s",' \
      '      "timeout": "5s",' \
      '      "threshold": 8,' \
      '      "exec": {' \
      '        "command": "sh -c '\''! /usr/local/bin/pebble services | grep -Eq \" (backoff|error) \"'\''"' \
      '      }' \
      '    }' \
      '  }' \
      '}' \
      > /var/lib/pebble/default/layers/001-chat.yaml && \
    chown 10001:10001 /var/lib/pebble/default/layers/001-chat.yaml
WORKDIR /openim-chat
COPY --from=source /config /openim-chat/config
COPY --from=build /out/ /usr/local/bin/
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    CHATENV_LOG_ISSTDOUT="true" \
    CHATENV_LOG_STORAGELOCATION="/openim-chat/logs" \
    TZ="UTC" \
    PEBBLE="/var/lib/pebble/default"
EXPOSE 10008 10009
LABEL org.opencontainers.image.title="openim-chat" \
    org.opencontainers.image.description="The business layer on top of OpenIM Server: accounts, login, administration" \
    org.opencontainers.image.source="https://github.com/openimsdk/chat" \
    org.opencontainers.image.revision="286fcb37e39b56e7ce47fece9ac204b819af5e2e" \
    org.opencontainers.image.version="v1.8.4" \
    org.opencontainers.image.created="2025-01-09T03:01:53Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="GPL-3.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/pebble health && bash -c ': < "/dev/tcp/127.0.0.1/$0"' 10008 && bash -c ': < "/dev/tcp/127.0.0.1/$0"' 10009
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/launch","/usr/local/share/launch.json"]
CMD []
