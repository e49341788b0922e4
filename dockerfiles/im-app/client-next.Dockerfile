# The same pages by Next.js, and their way to the API.
#
# Generated from stacks/im-app: edit that, then run ./daggerw call --stack=im-app dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/im-app/client-next.Dockerfile -t client-next .
#   buildah build --format docker -f dockerfiles/im-app/client-next.Dockerfile -t client-next .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=im-app --mirrors=apt=http://… dockerfile --component=client-next prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim
# Any image with Node.
ARG NODE=docker.io/library/node:24-trixie-slim
# A mirror of npm's registry, such as https://registry.npmmirror.com. npm's own when empty.
ARG NPM_REGISTRY=

FROM scratch AS source
COPY examples/im-app/client-next /

FROM ${NODE} AS build
ARG NPM_REGISTRY
WORKDIR /src
# Packages are installed before the source is there, so that an edit does not install them again.
COPY --from=source /package.json /package-lock.json ./
RUN npm ci --no-audit --no-fund ${NPM_REGISTRY:+--registry="$NPM_REGISTRY"}
COPY --from=source / .
RUN npm run build && \
    mkdir -p /out && \
    cp -R .next/standalone/. /out/

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, libstdc++6' 300" \
      "if has_manager apt-get 'ca-certificates tzdata libstdc++6' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, libstdc++6'" \
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
COPY --from=build /out/ /app/
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY shell/start-node.sh /usr/local/bin/start-node
RUN chmod 755 /usr/local/bin/start-node
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    NODE_ENV="production" \
    NODE_MAIN="/app/server.js" \
    NEXT_TELEMETRY_DISABLED="1" \
    PORT="3000" \
    HOSTNAME="0.0.0.0" \
    HEALTH_PORT="3000" \
    HEALTH_PATH="/"
EXPOSE 3000
LABEL org.opencontainers.image.title="client-next" \
    org.opencontainers.image.description="The same pages by Next.js, and their way to the API" \
    org.opencontainers.image.source="https://github.com/hellocplusplus0/im-app" \
    org.opencontainers.image.version="v1.0.0" \
    org.opencontainers.image.created="2026-11-27T00:00:00Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="Apache-2.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-node health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-node"]
CMD []
