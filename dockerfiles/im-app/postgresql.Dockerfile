# Accounts and messages.
#
# Generated from stacks/im-app: edit that, then run ./daggerw call --stack=im-app dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/im-app/postgresql.Dockerfile -t postgresql .
#   buildah build --format docker -f dockerfiles/im-app/postgresql.Dockerfile -t postgresql .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=im-app --mirrors=apt=http://… dockerfile --component=postgresql prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, postgresql-17' 300" \
      "if has_manager apt-get 'ca-certificates tzdata postgresql-17' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai /usr/lib/postgresql/17/bin/postgres /usr/lib/postgresql/17/bin/initdb'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, postgresql-17'" \
      give_up \
      ') || exit' \
      'for path in /etc/postgresql /var/lib/postgresql /var/log/postgresql /var/log/alternatives.log /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem; do' \
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
RUN echo 'im:x:10001:' >> /etc/group && \
    echo 'im:x:10001:10001:im:/data:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /data && \
    chown 10001:10001 /data
COPY shell/start-postgresql.sh /usr/local/bin/start-postgresql
RUN chmod 755 /usr/local/bin/start-postgresql
WORKDIR /data
ENV PATH="/usr/lib/postgresql/17/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 5432
LABEL org.opencontainers.image.title="postgresql" \
    org.opencontainers.image.description="Accounts and messages" \
    org.opencontainers.image.source="https://github.com/postgres/postgres" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="PostgreSQL"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-postgresql health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-postgresql"]
CMD []
