# Keeps logs, and finds lines in them.
#
# Generated from stacks/openim: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/victorialogs.Dockerfile -t openim-victorialogs .
#   buildah build --format docker -f dockerfiles/victorialogs.Dockerfile -t openim-victorialogs .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --mirrors=apt=http://… dockerfile --component=victorialogs prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim
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
ARG GOPROXY
RUN GOTOOLCHAIN=local /module/fetch github.com/VictoriaMetrics/VictoriaLogs v1.52.1 h1:B83xu4usTNPrpsFZFH/Dei3nWIsQizIeSRghFxj4ZJo=
WORKDIR /module/source
RUN go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w -X github.com/VictoriaMetrics/VictoriaMetrics/lib/buildinfo.Version=victoria-logs-v1.52.1' -o /out/victorialogs ./app/victoria-logs

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
    echo 'openim:x:10001:10001:openim:/data:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /data && \
    chown 10001:10001 /data
COPY --from=go /out/victorialogs /usr/local/bin/victoria-logs
COPY shell/start-victorialogs.sh /usr/local/bin/start-victorialogs
RUN chmod 755 /usr/local/bin/start-victorialogs
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 9428
LABEL org.opencontainers.image.title="openim-victorialogs" \
    org.opencontainers.image.description="Keeps logs, and finds lines in them" \
    org.opencontainers.image.source="https://github.com/VictoriaMetrics/VictoriaLogs" \
    org.opencontainers.image.revision="github.com/VictoriaMetrics/VictoriaLogs v1.52.1" \
    org.opencontainers.image.version="1.52.1" \
    org.opencontainers.image.created="2026-07-16T02:20:47Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="Apache-2.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-victorialogs health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-victorialogs"]
CMD []
