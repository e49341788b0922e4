# Registry in which OpenIM's programs find each other.
#
# Generated from stacks/openim: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/etcd.Dockerfile -t openim-etcd .
#   buildah build --format docker -f dockerfiles/etcd.Dockerfile -t openim-etcd .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --mirrors=apt=http://… dockerfile --component=etcd prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, etcd-server, etcd-client' 300" \
      "if has_manager apt-get 'ca-certificates tzdata etcd-server etcd-client' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai /usr/bin/etcd /usr/bin/etcdctl'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, etcd-server, etcd-client'" \
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
COPY shell/start-etcd.sh /usr/local/bin/start-etcd
RUN chmod 755 /usr/local/bin/start-etcd
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 2379
LABEL org.opencontainers.image.title="openim-etcd" \
    org.opencontainers.image.description="Registry in which OpenIM's programs find each other" \
    org.opencontainers.image.source="https://github.com/etcd-io/etcd" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="Apache-2.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-etcd health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-etcd"]
CMD []
