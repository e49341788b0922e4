# All services of OpenIM Server with their configuration in one image.
#
# Generated from stacks/openim: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/server.Dockerfile -t openim-server .
#   buildah build --format docker -f dockerfiles/server.Dockerfile -t openim-server .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --mirrors=apt=http://… dockerfile --component=server prints this file with them.

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
RUN GOTOOLCHAIN=local /module/fetch github.com/openimsdk/open-im-server/v3 v3.8.3 h1:jwyReXu1Q/SkMCIXvtQ/4qO1ezxpjJY7du2JgjQecRA=

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
      openim-rpc-user=cmd/openim-rpc/openim-rpc-user \
      openim-rpc-friend=cmd/openim-rpc/openim-rpc-friend \
      openim-rpc-group=cmd/openim-rpc/openim-rpc-group \
      openim-rpc-conversation=cmd/openim-rpc/openim-rpc-conversation \
      openim-rpc-msg=cmd/openim-rpc/openim-rpc-msg \
      openim-rpc-third=cmd/openim-rpc/openim-rpc-third \
      openim-rpc-auth=cmd/openim-rpc/openim-rpc-auth \
      openim-push=cmd/openim-push \
      openim-msggateway=cmd/openim-msggateway \
      openim-msgtransfer=cmd/openim-msgtransfer \
      openim-api=cmd/openim-api \
      openim-crontask=cmd/openim-crontask) && go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -overlay /overlay/overlay.json -o /out/openim "./$added" \
    && for program in \
      openim-rpc-user \
      openim-rpc-friend \
      openim-rpc-group \
      openim-rpc-conversation \
      openim-rpc-msg \
      openim-rpc-third \
      openim-rpc-auth \
      openim-push \
      openim-msggateway \
      openim-msgtransfer \
      openim-api \
      openim-crontask; do ln -s openim "/out/$program" && { timeout 20 "/out/$program" --help > /dev/null || [ $? = 124 ]; } || exit; done ) \
    || ( rm -f /out/openim \
    && for one in \
      openim-rpc-user=cmd/openim-rpc/openim-rpc-user \
      openim-rpc-friend=cmd/openim-rpc/openim-rpc-friend \
      openim-rpc-group=cmd/openim-rpc/openim-rpc-group \
      openim-rpc-conversation=cmd/openim-rpc/openim-rpc-conversation \
      openim-rpc-msg=cmd/openim-rpc/openim-rpc-msg \
      openim-rpc-third=cmd/openim-rpc/openim-rpc-third \
      openim-rpc-auth=cmd/openim-rpc/openim-rpc-auth \
      openim-push=cmd/openim-push \
      openim-msggateway=cmd/openim-msggateway \
      openim-msgtransfer=cmd/openim-msgtransfer \
      openim-api=cmd/openim-api \
      openim-crontask=cmd/openim-crontask; do rm -f "/out/${one%%=*}" \
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
    echo 'openim:x:10001:10001:openim:/openim-server:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /openim-server /openim-server/logs /var/lib/pebble/default /var/lib/pebble/default/layers && \
    chown 10001:10001 /openim-server /openim-server/logs /var/lib/pebble/default /var/lib/pebble/default/layers
RUN mkdir -p /usr/local/share && \
    printf '%s\n' \
      '{' \
      '  "command": [' \
      '    "/usr/local/bin/pebble",' \
      '    "run",' \
      '    "--verbose"' \
      '  ],' \
      '  "config": "/openim-server/config",' \
      '  "secrets": [' \
      '    {' \
      '      "variable": "IMENV_SHARE_SECRET",' \
      '      "known": [' \
      '        "openIM123"' \
      '      ]' \
      '    }' \
      '  ],' \
      '  "allow": "OPENIM_ALLOW_PUBLIC_SECRET",' \
      '  "addresses": [' \
      '    {' \
      '      "variable": "IMENV_OPENIM_RPC_USER_RPC_REGISTERIP",' \
      '      "listen": "IMENV_OPENIM_RPC_USER_RPC_LISTENIP"' \
      '    },' \
      '    {' \
      '      "variable": "IMENV_OPENIM_RPC_FRIEND_RPC_REGISTERIP",' \
      '      "listen": "IMENV_OPENIM_RPC_FRIEND_RPC_LISTENIP"' \
      '    },' \
      '    {' \
      '      "variable": "IMENV_OPENIM_RPC_GROUP_RPC_REGISTERIP",' \
      '      "listen": "IMENV_OPENIM_RPC_GROUP_RPC_LISTENIP"' \
      '    },' \
      '    {' \
      '      "variable": "IMENV_OPENIM_RPC_CONVERSATION_RPC_REGISTERIP",' \
      '      "listen": "IMENV_OPENIM_RPC_CONVERSATION_RPC_LISTENIP"' \
      '    },' \
      '    {' \
      '      "variable": "IMENV_OPENIM_RPC_MSG_RPC_REGISTERIP",' \
      '      "listen": "IMENV_OPENIM_RPC_MSG_RPC_LISTENIP"' \
      '    },' \
      '    {' \
      '      "variable": "IMENV_OPENIM_RPC_THIRD_RPC_REGISTERIP",' \
      '      "listen": "IMENV_OPENIM_RPC_THIRD_RPC_LISTENIP"' \
      '    },' \
      '    {' \
      '      "variable": "IMENV_OPENIM_RPC_AUTH_RPC_REGISTERIP",' \
      '      "listen": "IMENV_OPENIM_RPC_AUTH_RPC_LISTENIP"' \
      '    },' \
      '    {' \
      '      "variable": "IMENV_OPENIM_PUSH_RPC_REGISTERIP",' \
      '      "listen": "IMENV_OPENIM_PUSH_RPC_LISTENIP"' \
      '    },' \
      '    {' \
      '      "variable": "IMENV_OPENIM_MSGGATEWAY_RPC_REGISTERIP",' \
      '      "listen": "IMENV_OPENIM_MSGGATEWAY_RPC_LISTENIP"' \
      '    }' \
      '  ],' \
      '  "stores": [' \
      '    {' \
      '      "name": "MongoDB",' \
      '      "variables": [' \
      '        "IMENV_MONGODB_URI",' \
      '        "IMENV_MONGODB_ADDRESS"' \
      '      ],' \
      '      "port": "27017",' \
      '      "when": {}' \
      '    },' \
      '    {' \
      '      "name": "Redis",' \
      '      "variables": [' \
      '        "IMENV_REDIS_ADDRESS"' \
      '      ],' \
      '      "port": "6379",' \
      '      "when": {}' \
      '    },' \
      '    {' \
      '      "name": "Kafka",' \
      '      "variables": [' \
      '        "IMENV_KAFKA_ADDRESS"' \
      '      ],' \
      '      "port": "9092",' \
      '      "when": {}' \
      '    },' \
      '    {' \
      '      "name": "etcd",' \
      '      "variables": [' \
      '        "IMENV_DISCOVERY_ETCD_ADDRESS"' \
      '      ],' \
      '      "port": "2379",' \
      '      "when": {' \
      '        "IMENV_DISCOVERY_ENABLE": "etcd"' \
      '      }' \
      '    },' \
      '    {' \
      '      "name": "MinIO",' \
      '      "variables": [' \
      '        "IMENV_MINIO_INTERNALADDRESS"' \
      '      ],' \
      '      "port": "9000",' \
      '      "when": {' \
      '        "IMENV_OPENIM_RPC_THIRD_OBJECT_ENABLE": "minio"' \
      '      }' \
      '    }' \
      '  ],' \
      '  "supervisor": {' \
      '    "socket": "/var/lib/pebble/default/.pebble.socket",' \
      '    "programs": [' \
      '      {' \
      '        "name": "openim-rpc-user",' \
      '        "port": 10320' \
      '      },' \
      '      {' \
      '        "name": "openim-rpc-friend",' \
      '        "port": 10240' \
      '      },' \
      '      {' \
      '        "name": "openim-rpc-group",' \
      '        "port": 10260' \
      '      },' \
      '      {' \
      '        "name": "openim-rpc-conversation",' \
      '        "port": 10220' \
      '      },' \
      '      {' \
      '        "name": "openim-rpc-msg",' \
      '        "port": 10280' \
      '      },' \
      '      {' \
      '        "name": "openim-rpc-third",' \
      '        "port": 10300' \
      '      },' \
      '      {' \
      '        "name": "openim-rpc-auth",' \
      '        "port": 10200' \
      '      },' \
      '      {' \
      '        "name": "openim-push",' \
      '        "port": 10170' \
      '      },' \
      '      {' \
      '        "name": "openim-msggateway",' \
      '        "port": 10001' \
      '      },' \
      '      {' \
      '        "name": "openim-msgtransfer",' \
      '        "port": 0' \
      '      },' \
      '      {' \
      '        "name": "openim-api",' \
      '        "port": 10002' \
      '      },' \
      '      {' \
      '        "name": "openim-crontask",' \
      '        "port": 0' \
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
      '  "summary": "All services of OpenIM Server with their configuration in one image",' \
      '  "services": {' \
      '    "openim-rpc-user": {' \
      '      "override": "replace",' \
      '      "summary": "User accounts with registration, profiles and online status",' \
      '      "command": "/usr/local/bin/openim-rpc-user -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-rpc-friend": {' \
      '      "override": "replace",' \
      '      "summary": "Friends, friend requests and black lists",' \
      '      "command": "/usr/local/bin/openim-rpc-friend -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-rpc-group": {' \
      '      "override": "replace",' \
      '      "summary": "Groups, their members and requests to join",' \
      '      "command": "/usr/local/bin/openim-rpc-group -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-rpc-conversation": {' \
      '      "override": "replace",' \
      '      "summary": "Conversations and their settings",' \
      '      "command": "/usr/local/bin/openim-rpc-conversation -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-rpc-msg": {' \
      '      "override": "replace",' \
      '      "summary": "Sending, pulling, searching and revoking messages",' \
      '      "command": "/usr/local/bin/openim-rpc-msg -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-rpc-third": {' \
      '      "override": "replace",' \
      '      "summary": "Object storage, logs from clients and push tokens",' \
      '      "command": "/usr/local/bin/openim-rpc-third -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-rpc-auth": {' \
      '      "override": "replace",' \
      '      "summary": "Tokens of users and administrators",' \
      '      "command": "/usr/local/bin/openim-rpc-auth -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-push": {' \
      '      "override": "replace",' \
      '      "summary": "Online and offline push of new messages",' \
      '      "command": "/usr/local/bin/openim-push -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-msggateway": {' \
      '      "override": "replace",' \
      '      "summary": "WebSocket gateway that clients hold open",' \
      '      "command": "/usr/local/bin/wait-for-ports 30 10320 10240 10260 10220 10280 10300 10200 10170 -- /usr/local/bin/openim-msggateway -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-msgtransfer": {' \
      '      "override": "replace",' \
      '      "summary": "Moves messages from the queue to cache and database",' \
      '      "command": "/usr/local/bin/wait-for-ports 30 10320 10240 10260 10220 10280 10300 10200 10170 -- /usr/local/bin/openim-msgtransfer -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-api": {' \
      '      "override": "replace",' \
      '      "summary": "HTTP API for clients and administrators",' \
      '      "command": "/usr/local/bin/wait-for-ports 30 10320 10240 10260 10220 10280 10300 10200 10170 10001 -- /usr/local/bin/openim-api -c /openim-server/config -i 0",' \
      '      "startup": "enabled",' \
      '      "on-success": "restart",' \
      '      "on-failure": "restart",' \
      '      "backoff-delay": "1s",' \
      '      "backoff-factor": 2,' \
      '      "backoff-limit": "150s"' \
      '    },' \
      '    "openim-crontask": {' \
      '      "override": "replace",' \
      '      "summary": "Scheduled cleaning of old messages and files",' \
      '      "command": "/usr/local/bin/wait-for-ports 30 10320 10240 10260 10220 10280 10300 10200 10170 10001 -- /usr/local/bin/openim-crontask -c /openim-server/config -i 0",' \
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
      > /var/lib/pebble/default/layers/001-server.yaml && \
    chown 10001:10001 /var/lib/pebble/default/layers/001-server.yaml
WORKDIR /openim-server
COPY --from=source /config /openim-server/config
COPY --from=build /out/ /usr/local/bin/
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    IMENV_LOG_ISSTDOUT="true" \
    IMENV_LOG_STORAGELOCATION="/openim-server/logs" \
    TZ="UTC" \
    IMENV_OPENIM_RPC_USER_RPC_AUTOSETPORTS="false" \
    IMENV_OPENIM_RPC_FRIEND_RPC_AUTOSETPORTS="false" \
    IMENV_OPENIM_RPC_GROUP_RPC_AUTOSETPORTS="false" \
    IMENV_OPENIM_RPC_CONVERSATION_RPC_AUTOSETPORTS="false" \
    IMENV_OPENIM_RPC_MSG_RPC_AUTOSETPORTS="false" \
    IMENV_OPENIM_RPC_THIRD_RPC_AUTOSETPORTS="false" \
    IMENV_OPENIM_RPC_AUTH_RPC_AUTOSETPORTS="false" \
    IMENV_OPENIM_PUSH_RPC_AUTOSETPORTS="false" \
    IMENV_OPENIM_MSGGATEWAY_RPC_AUTOSETPORTS="false" \
    PEBBLE="/var/lib/pebble/default"
EXPOSE 10001 10002
LABEL org.opencontainers.image.title="openim-server" \
    org.opencontainers.image.description="All services of OpenIM Server with their configuration in one image" \
    org.opencontainers.image.source="https://github.com/openimsdk/open-im-server" \
    org.opencontainers.image.revision="f4c6f832f74f214171ac92b81dbde36b25f36adc" \
    org.opencontainers.image.version="v3.8.3" \
    org.opencontainers.image.created="2025-01-04T03:46:59Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="AGPL-3.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/pebble health && bash -c ': < "/dev/tcp/127.0.0.1/$0"' 10001 && bash -c ': < "/dev/tcp/127.0.0.1/$0"' 10002
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/launch","/usr/local/share/launch.json"]
CMD []
