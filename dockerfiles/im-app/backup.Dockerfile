# Saves and restores what the stores keep, encrypted.
#
# Generated from stacks/im-app: edit that, then run ./daggerw call --stack=im-app dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/im-app/backup.Dockerfile -t backup .
#   buildah build --format docker -f dockerfiles/im-app/backup.Dockerfile -t backup .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=im-app --mirrors=apt=http://… dockerfile --component=backup prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, restic, age, postgresql-client-17, redis-tools, openssh-client' 300" \
      "if has_manager apt-get 'ca-certificates tzdata restic age postgresql-client-17 redis-tools openssh-client' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai /usr/bin/restic /usr/bin/age /usr/bin/pg_dump /usr/bin/redis-cli'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, restic, age, postgresql-client-17, redis-tools, openssh-client'" \
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
    echo 'im:x:10001:10001:im:/backup:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /backup && \
    chown 10001:10001 /backup
COPY shell/start-backup.sh /usr/local/bin/start-backup
RUN chmod 755 /usr/local/bin/start-backup
WORKDIR /backup
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LABEL org.opencontainers.image.title="backup" \
    org.opencontainers.image.description="Saves and restores what the stores keep, encrypted" \
    org.opencontainers.image.source="https://github.com/restic/restic" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="BSD-2-Clause"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-backup health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-backup"]
CMD []
