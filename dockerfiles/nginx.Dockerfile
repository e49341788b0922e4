# Web server of static files, and proxy.
#
# Generated from stacks/openim: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/nginx.Dockerfile -t openim-nginx .
#   buildah build --format docker -f dockerfiles/nginx.Dockerfile -t openim-nginx .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --mirrors=apt=http://… dockerfile --component=nginx prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, nginx, libnginx-mod-stream' 300" \
      "if has_manager apt-get 'ca-certificates tzdata nginx libnginx-mod-stream' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai /usr/sbin/nginx'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, nginx, libnginx-mod-stream'" \
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
COPY shell/start-nginx.sh /usr/local/bin/start-nginx
RUN chmod 755 /usr/local/bin/start-nginx
RUN mkdir -p /etc/nginx && \
    printf '%s\n' \
      '# Modules, where each distribution lists them.' \
      'include /etc/nginx/modules-enabled/*.conf;' \
      'include /usr/share/nginx/modules/*.conf;' \
      'include /etc/nginx/modules/*.conf;' \
      'worker_processes auto;' \
      'error_log stderr;' \
      'events {' \
      '  worker_connections 1024;' \
      '}' \
      'http {' \
      '  include /etc/nginx/mime.types;' \
      '  default_type application/octet-stream;' \
      '  # Not every supervisor lets a user open /dev/stdout again.' \
      '  access_log off;' \
      '  server_tokens off;' \
      '  sendfile on;' \
      '  # What root keeps below /var.' \
      '  client_body_temp_path /tmp/nginx-body;' \
      '  proxy_temp_path /tmp/nginx-proxy;' \
      '  fastcgi_temp_path /tmp/nginx-fastcgi;' \
      '  uwsgi_temp_path /tmp/nginx-uwsgi;' \
      '  scgi_temp_path /tmp/nginx-scgi;' \
      '  include /usr/local/share/nginx/health.conf;' \
      '  include /etc/nginx/conf.d/*.conf;' \
      '}' \
      > /etc/nginx/nginx.conf
RUN mkdir -p /etc/nginx/conf.d && \
    printf '%s\n' \
      '# Without a site of yours: mount one here.' \
      'server {' \
      '  listen 8080;' \
      '  default_type text/plain;' \
      '  location / {' \
      '    return 503 "nginx has no site yet: mount /etc/nginx/conf.d/default.conf\n";' \
      '  }' \
      '}' \
      > /etc/nginx/conf.d/default.conf
RUN mkdir -p /usr/local/share/nginx && \
    printf '%s\n' \
      "# What the image's health check asks." \
      'server {' \
      '  listen 127.0.0.1:8407;' \
      '  default_type text/plain;' \
      '  location / {' \
      '    return 200 "alive\n";' \
      '  }' \
      '}' \
      > /usr/local/share/nginx/health.conf
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 8080 8443
LABEL org.opencontainers.image.title="openim-nginx" \
    org.opencontainers.image.description="Web server of static files, and proxy" \
    org.opencontainers.image.source="https://github.com/nginx/nginx" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="BSD-2-Clause"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-nginx health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-nginx"]
CMD []
