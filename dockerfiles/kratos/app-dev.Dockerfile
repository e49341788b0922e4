# For developers of app: it is built and run again after each edit, under a debugger; they log in by SSH.
#
# Generated from stacks/kratos: edit that, then run ./daggerw call --stack=kratos dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/kratos/app-dev.Dockerfile -t app-dev .
#   buildah build --format docker -f dockerfiles/kratos/app-dev.Dockerfile -t app-dev .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=kratos --mirrors=apt=http://… dockerfile --component=app-dev prints this file with them.

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
RUN GOTOOLCHAIN=local /module/fetch github.com/air-verse/air v1.67.4 h1:pkWBQues0094VMgUZ9MboNfS1vyCBEXeU6QxuD6/PwU=
WORKDIR /module/source
RUN go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -o /out/air ./.
RUN cd / && rm -rf /module/source && \
    GOTOOLCHAIN=local /module/fetch github.com/go-delve/delve v1.26.2 h1:YmqVunuA/MLzv6IcW/UnS5aBkAdfB/DBuH9LQpb51JE=
WORKDIR /module/source
RUN go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -o /out/dlv ./cmd/dlv

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, golang-go, openssh-server, git, make' 300" \
      "if has_manager apt-get 'ca-certificates tzdata golang-go openssh-server git make' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai /usr/bin/go /usr/sbin/sshd /usr/bin/ssh-keygen'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, golang-go, openssh-server, git, make'" \
      give_up \
      ') || exit' \
      'for path in /etc/ssh/ssh_host_ecdsa_key /etc/ssh/ssh_host_ecdsa_key.pub /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_rsa_key.pub; do' \
      '  rm -rf "$path"' \
      '  for link in "${path%/*}"/*; do if [ -L "$link" ] && ! [ -e "$link" ]; then rm "$link"; fi; done' \
      done \
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
    echo 'xredline:x:10001:10001:xredline:/data:/bin/bash' >> /etc/passwd && \
    mkdir -p /data && \
    chown 10001:10001 /data
COPY --from=go /out/air /usr/local/bin/air
COPY --from=go /out/dlv /usr/local/bin/
COPY shell/start-develop.sh /usr/local/bin/start-develop
RUN chmod 755 /usr/local/bin/start-develop
RUN mkdir -p /etc/start-develop && \
    printf '%s\n' \
      '# What air does where the source has no .air.toml.' \
      'root = "."' \
      'tmp_dir = "/tmp/start-develop/build"' \
      '' \
      '[build]' \
      "# As the debugger likes it: the source's own packages without optimisation." \
      'cmd = "go build -gcflags='\''./...=-N -l'\'' -o /tmp/start-develop/build/xredline ./cmd/xredline"' \
      'entrypoint = ["/usr/local/bin/start-develop", "program", "/tmp/start-develop/build/xredline", "-conf", "configs"]' \
      'include_ext = ["go", "yaml"]' \
      'exclude_dir = [".git", "bin", "frontend"]' \
      'exclude_regex = ["_test\\.go$"]' \
      '# Editors write several files at once.' \
      'delay = 300' \
      '# After an edit that does not compile the program before is started again.' \
      'stop_on_error = false' \
      'send_interrupt = true' \
      'kill_delay = "2s"' \
      '' \
      '[screen]' \
      'clear_on_rebuild = false' \
      > /etc/start-develop/air.toml
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    HOME="/data" \
    AIR_CONFIG="/etc/start-develop/air.toml" \
    DEBUGGER="127.0.0.1:2345" \
    GOPATH="/data/go" \
    GOCACHE="/data/cache" \
    GOTOOLCHAIN="auto" \
    CGO_ENABLED="0" \
    XREDLINE_ENVIRONMENT="development"
EXPOSE 2222 8000 9000
LABEL org.opencontainers.image.title="app-dev" \
    org.opencontainers.image.description="For developers of app: it is built and run again after each edit, under a debugger; they log in by SSH" \
    org.opencontainers.image.source="https://github.com/air-verse/air" \
    org.opencontainers.image.revision="github.com/air-verse/air v1.67.4" \
    org.opencontainers.image.version="1.67.4" \
    org.opencontainers.image.created="2026-08-01T14:39:36Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="GPL-3.0-only"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-develop health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-develop"]
CMD []
