# Pages that check texts and show the rules, and the way to the API.
#
# Generated from stacks/kratos: edit that, then run ./daggerw call --stack=kratos dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/kratos/frontend.Dockerfile -t frontend .
#   buildah build --format docker -f dockerfiles/kratos/frontend.Dockerfile -t frontend .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=kratos --mirrors=apt=http://… dockerfile --component=frontend prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim
# Any image with Node.
ARG NODE=docker.io/library/node:24-trixie-slim
# A mirror of npm's registry, such as https://registry.npmmirror.com. npm's own when empty.
ARG NPM_REGISTRY=

FROM scratch AS source
COPY examples/kratos/frontend /

FROM ${NODE} AS build
ARG NPM_REGISTRY
WORKDIR /src
# Packages are installed before the source is there, so that an edit does not install them again.
COPY --from=source /package.json /package-lock.json ./
RUN npm ci --no-audit --no-fund ${NPM_REGISTRY:+--registry="$NPM_REGISTRY"}
COPY --from=source / .
RUN npm run build && \
    mkdir -p /out && \
    cp -R dist/. /out/

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, nginx' 300" \
      "if has_manager apt-get 'ca-certificates tzdata nginx' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai /usr/sbin/nginx'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, nginx'" \
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
RUN echo 'xredline:x:10001:' >> /etc/group && \
    echo 'xredline:x:10001:10001:xredline:/data:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /data && \
    chown 10001:10001 /data
COPY --from=build /out/ /usr/share/nginx/html/
COPY shell/start-pages.sh /usr/local/bin/start-pages
RUN chmod 755 /usr/local/bin/start-pages
RUN mkdir -p /etc/nginx && \
    printf '%s\n' \
      'worker_processes auto;' \
      'error_log stderr;' \
      'events {' \
      '  worker_connections 1024;' \
      '}' \
      'http {' \
      '  include /etc/nginx/mime.types;' \
      '  default_type application/octet-stream;' \
      '  access_log off;' \
      '  server_tokens off;' \
      '  sendfile on;' \
      '  # What root keeps below /var.' \
      '  client_body_temp_path /tmp/nginx-body;' \
      '  proxy_temp_path /tmp/nginx-passed;' \
      '  fastcgi_temp_path /tmp/nginx-fastcgi;' \
      '  uwsgi_temp_path /tmp/nginx-uwsgi;' \
      '  scgi_temp_path /tmp/nginx-scgi;' \
      '  include /etc/nginx/conf.d/*.conf;' \
      '}' \
      > /etc/nginx/nginx.conf
RUN mkdir -p /etc/nginx/conf.d && \
    printf '%s\n' \
      'server {' \
      '  listen 3000;' \
      '  root /usr/share/nginx/html;' \
      '  # Names of files below it change with their content.' \
      '  location /assets/ {' \
      '    expires 1y;' \
      '    add_header Cache-Control immutable;' \
      '  }' \
      '  location / {' \
      '    add_header Cache-Control no-cache;' \
      '    try_files $uri /index.html;' \
      '  }' \
      '  include /tmp/nginx-proxy.conf;' \
      '}' \
      > /etc/nginx/conf.d/default.conf
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    PAGES_PORT="3000" \
    PAGES_PROXY="/v1/=http://app:8000"
EXPOSE 3000
LABEL org.opencontainers.image.title="frontend" \
    org.opencontainers.image.description="Pages that check texts and show the rules, and the way to the API" \
    org.opencontainers.image.source="https://github.com/example/xredline" \
    org.opencontainers.image.version="v1.0.0" \
    org.opencontainers.image.created="2026-11-27T00:00:00Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="Apache-2.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-pages health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-pages"]
CMD []
