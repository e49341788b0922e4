# Database of users, groups and messages.
#
# Generated from stacks/openim: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/mongodb.Dockerfile -t openim-mongodb .
#   buildah build --format docker -f dockerfiles/mongodb.Dockerfile -t openim-mongodb .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --mirrors=apt=http://… dockerfile --component=mongodb prints this file with them.

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
ARG GOPROXY
COPY go/mongo-admin /helper
WORKDIR /helper
RUN go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -o /out/mongo-admin .

FROM ${BASE} AS archive
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      "begin 'ca-certificates, curl' 300" \
      "if has_manager apt-get 'ca-certificates curl' /etc/ssl/certs/ca-certificates.crt; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, curl'" \
      give_up \
      | sh -s
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      'begin mongodb 900' \
      'if can_download &&' \
      '  fetch mongodb 0 2a6eb856a481a8bca47601a1ad62d26a58adf1999f1a023595de42f94f900d2a https://fastdl.mongodb.org/linux/mongodb-linux-x86_64-ubuntu2204-7.0.30.tgz https://mirrors.huaweicloud.com/mongodb/linux/mongodb-linux-x86_64-ubuntu2204-7.0.30.tgz &&' \
      '  unpack 0 /archive 1' \
      'then succeed manual; fi' \
      give_up \
      | sh -s

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, libcurl4t64, libssl3t64, liblzma5' 300" \
      "if has_manager apt-get 'ca-certificates tzdata libcurl4t64 libssl3t64 liblzma5' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, libcurl4t64, libssl3t64, liblzma5'" \
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
    echo 'openim:x:10001:10001:openim:/data/db:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /data/db && \
    chown 10001:10001 /data/db
COPY --from=archive /archive/bin/mongod /usr/local/bin/
COPY --from=go /out/mongo-admin /usr/local/bin/
COPY shell/start-mongod.sh /usr/local/bin/start-mongod
RUN chmod 755 /usr/local/bin/start-mongod
WORKDIR /data/db
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 27017
LABEL org.opencontainers.image.title="openim-mongodb" \
    org.opencontainers.image.description="Database of users, groups and messages" \
    org.opencontainers.image.source="https://github.com/mongodb/mongo" \
    org.opencontainers.image.revision="sha256:2a6eb856a481a8bca47601a1ad62d26a58adf1999f1a023595de42f94f900d2a" \
    org.opencontainers.image.version="7.0.30" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="SSPL-1.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-mongod health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-mongod"]
CMD []
