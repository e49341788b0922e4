# Pictures that users send.
#
# Generated from stacks/im-app: edit that, then run ./daggerw call --stack=im-app dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/im-app/minio.Dockerfile -t minio .
#   buildah build --format docker -f dockerfiles/im-app/minio.Dockerfile -t minio .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=im-app --mirrors=apt=http://… dockerfile --component=minio prints this file with them.

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
RUN GOTOOLCHAIN=local /module/fetch github.com/minio/minio v0.0.0-20250422221226-0d7408fc9969 h1:XqfWRNtM5qMJyGQ4IFsnfHb83fCaRYhrKxJJ0ajXdrQ=
WORKDIR /module/source
RUN go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w -X github.com/minio/minio/cmd.Version=2025-04-22T22:12:26Z -X github.com/minio/minio/cmd.ReleaseTag=RELEASE.2025-04-22T22-12-26Z -X github.com/minio/minio/cmd.CommitID=0d7408fc9969 -X github.com/minio/minio/cmd.ShortCommitID=0d7408fc9969' -o /out/minio ./.

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
RUN echo 'im:x:10001:' >> /etc/group && \
    echo 'im:x:10001:10001:im:/data:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /data && \
    chown 10001:10001 /data
COPY --from=go /out/minio /usr/local/bin/minio
COPY shell/start-minio.sh /usr/local/bin/start-minio
RUN chmod 755 /usr/local/bin/start-minio
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 9000 9001
LABEL org.opencontainers.image.title="minio" \
    org.opencontainers.image.description="Pictures that users send" \
    org.opencontainers.image.source="https://github.com/minio/minio" \
    org.opencontainers.image.revision="github.com/minio/minio v0.0.0-20250422221226-0d7408fc9969" \
    org.opencontainers.image.version="RELEASE.2025-04-22T22-12-26Z" \
    org.opencontainers.image.created="2025-04-22T22:12:26Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="AGPL-3.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-minio health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-minio"]
CMD []
