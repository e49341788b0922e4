# TLS, limits and routes in front of the other programs.
#
# Generated from stacks/im-app: edit that, then run ./daggerw call --stack=im-app dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/im-app/edge.Dockerfile -t edge .
#   buildah build --format docker -f dockerfiles/im-app/edge.Dockerfile -t edge .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=im-app --mirrors=apt=http://… dockerfile --component=edge prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, haproxy, lego' 300" \
      "if has_manager apt-get 'ca-certificates tzdata haproxy lego' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai /usr/sbin/haproxy /usr/bin/lego'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, haproxy, lego'" \
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
COPY shell/start-haproxy.sh /usr/local/bin/start-haproxy
RUN chmod 755 /usr/local/bin/start-haproxy
RUN mkdir -p /etc/haproxy && \
    printf '%s\n' \
      '# Without a configuration of yours: mount one here.' \
      global \
      '  log stdout format raw local0' \
      defaults \
      '  mode http' \
      '  log global' \
      '  timeout connect 5s' \
      '  timeout client 30s' \
      '  timeout server 30s' \
      'frontend unconfigured' \
      '  bind :8080' \
      '  http-request return status 503 content-type text/plain string "HAProxy has no configuration yet: mount /etc/haproxy/haproxy.cfg\n"' \
      > /etc/haproxy/haproxy.cfg
RUN mkdir -p /usr/local/share/haproxy && \
    printf '%s\n' \
      "# Read after your configuration: what the image's health check asks." \
      'defaults image-health' \
      '  mode http' \
      '  timeout connect 2s' \
      '  timeout client 2s' \
      '  timeout server 2s' \
      'frontend image-health from image-health' \
      '  bind 127.0.0.1:8406' \
      '  http-request return status 200 content-type text/plain string "alive\n"' \
      > /usr/local/share/haproxy/health.cfg
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 8080 8443
LABEL org.opencontainers.image.title="edge" \
    org.opencontainers.image.description="TLS, limits and routes in front of the other programs" \
    org.opencontainers.image.source="https://git.haproxy.org/git/haproxy.git" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="GPL-2.0-or-later"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-haproxy health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-haproxy"]
CMD []
