# Queue of messages on their way.
#
# Generated from stacks/openim: edit that, then run ./daggerw call dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/kafka.Dockerfile -t openim-kafka .
#   buildah build --format docker -f dockerfiles/kafka.Dockerfile -t openim-kafka .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --mirrors=apt=http://… dockerfile --component=kafka prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim

FROM docker.io/library/debian:trixie-slim AS java
COPY shell/install-packages.sh /tmp/
RUN mkdir -p /usr/share/man/man1 && printf '%s\n' \
      '. /tmp/install-packages.sh' \
      "begin 'ca-certificates, maven, openjdk-21-jdk-headless' 300" \
      "if has_manager apt-get 'ca-certificates maven openjdk-21-jdk-headless' /etc/ssl/certs/ca-certificates.crt; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, maven, openjdk-21-jdk-headless'" \
      give_up \
      | sh -s
COPY java/kafka /build
WORKDIR /build
COPY shell/build-java.sh /tmp/
RUN sh /tmp/build-java.sh

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN mkdir -p /usr/share/man/man1 && printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, openjdk-21-jre-headless' 300" \
      "if has_manager apt-get 'ca-certificates tzdata openjdk-21-jre-headless' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, openjdk-21-jre-headless'" \
      give_up \
      ') || exit' \
      'for path in /etc/ssl/certs/java/cacerts /etc/ca-certificates/update.d/jks-keystore /var/log/alternatives.log /var/log/dpkg.log; do' \
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
COPY --from=java /out/ /opt/kafka/
COPY java/kafka/*.properties /opt/kafka/config/
COPY shell/start-kafka.sh /usr/local/bin/start-kafka
RUN chmod 755 /usr/local/bin/start-kafka
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EXPOSE 9092
LABEL org.opencontainers.image.title="openim-kafka" \
    org.opencontainers.image.description="Queue of messages on their way" \
    org.opencontainers.image.source="https://github.com/apache/kafka" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="Apache-2.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-kafka health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-kafka"]
CMD []
