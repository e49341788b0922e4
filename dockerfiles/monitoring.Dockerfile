# Metrics, alerts, and notices of them.
#
# Generated from stacks/openim: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/monitoring.Dockerfile -t openim-monitoring .
#   buildah build --format docker -f dockerfiles/monitoring.Dockerfile -t openim-monitoring .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --mirrors=apt=http://… dockerfile --component=monitoring prints this file with them.

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
COPY go/monitor /helper
WORKDIR /helper
RUN go build '-trimpath' '-buildvcs=false' '-ldflags' '-s -w' -o /out/monitor .

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, prometheus, prometheus-alertmanager, prometheus-node-exporter, prometheus-process-exporter, prometheus-redis-exporter' 300" \
      "if has_manager apt-get 'ca-certificates tzdata prometheus prometheus-alertmanager prometheus-node-exporter prometheus-process-exporter prometheus-redis-exporter' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai /usr/bin/prometheus /usr/bin/promtool /usr/bin/prometheus-alertmanager /usr/bin/prometheus-node-exporter'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, prometheus, prometheus-alertmanager, prometheus-node-exporter, prometheus-process-exporter, prometheus-redis-exporter'" \
      give_up \
      ') || exit' \
      'for path in /var/lib/prometheus /var/log/prometheus; do' \
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
RUN echo 'openim:x:10001:' >> /etc/group && \
    echo 'openim:x:10001:10001:openim:/data:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /data && \
    chown 10001:10001 /data
COPY --from=go /out/monitor /usr/local/bin/
COPY shell/start-monitoring.sh /usr/local/bin/start-monitoring
RUN chmod 755 /usr/local/bin/start-monitoring
RUN mkdir -p /etc/monitoring && \
    printf '%s\n' \
      '# Without a configuration of yours: mount a folder here. Prometheus looks at itself.' \
      scrape_configs: \
      '  - job_name: prometheus' \
      '    static_configs: [{ targets: ["127.0.0.1:9090"] }]' \
      > /etc/monitoring/prometheus.yml
RUN mkdir -p /etc/monitoring && \
    printf '%s\n' \
      '# Without a configuration of yours: alerts go nowhere.' \
      'route: { receiver: nobody }' \
      'receivers: [{ name: nobody }]' \
      > /etc/monitoring/alertmanager.yml
RUN mkdir -p /usr/local/share/monitoring && \
    printf '%s\n' \
      '# Every program of the machine by its name. What a container does not see is not counted.' \
      process_names: \
      '  - name: "{{.ExeBase}}"' \
      '    cmdline: [".+"]' \
      > /usr/local/share/monitoring/processes.yml
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 9090
LABEL org.opencontainers.image.title="openim-monitoring" \
    org.opencontainers.image.description="Metrics, alerts, and notices of them" \
    org.opencontainers.image.source="https://github.com/prometheus/prometheus" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="Apache-2.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-monitoring health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-monitoring"]
CMD []
