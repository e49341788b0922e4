# Evaluates formulas over series for the analytics engine.
#
# Generated from stacks/v7: edit that, then run ./daggerw call --stack=v7 dockerfiles. To build, in the repository's folder:
#
#   docker build -f dockerfiles/v7/analytics-python.Dockerfile -t v7-analytics-python .
#   buildah build --format docker -f dockerfiles/v7/analytics-python.Dockerfile -t v7-analytics-python .
#
# HTTP_PROXY, HTTPS_PROXY and NO_PROXY as build arguments need no ARG, and stay out of the image. Mirrors of packages:
# ./daggerw call --stack=v7 --mirrors=apt=http://… dockerfile --component=analytics-python prints this file with them.

# The base: the same distribution by another name or digest.
ARG BASE=docker.io/library/debian:trixie-slim
# Any image with Python and pip, or Debian's, which gets its python3. Wheels of compiled code need the base's Python.
ARG PYTHON=docker.io/library/python:3-alpine
# A mirror of PyPI, such as https://mirrors.aliyun.com/pypi/simple. PyPI itself when empty.
ARG PYPI_INDEX=

FROM scratch AS source
COPY examples/v7/analytics-python /

FROM ${PYTHON} AS build
COPY shell/install-packages.sh /tmp/
RUN python3 -m pip --version > /dev/null 2>&1 || { \
    printf '%s\n' \
      '. /tmp/install-packages.sh' \
      "begin 'ca-certificates, python3, python3-pip' 300" \
      "if has_manager apt-get 'ca-certificates python3 python3-pip' /etc/ssl/certs/ca-certificates.crt; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, python3, python3-pip'" \
      give_up \
      | sh -s; }
ENV PIP_DISABLE_PIP_VERSION_CHECK="1" \
    PIP_NO_INPUT="1" \
    PIP_ROOT_USER_ACTION="ignore" \
    PIP_CONFIG_FILE="/dev/null" \
    PIP_RETRIES="3" \
    PIP_CERT="/etc/ssl/certs/ca-certificates.crt" \
    PYTHONDONTWRITEBYTECODE="1"
ARG PYPI_INDEX
WORKDIR /src
# Wheels are installed before the source is there, so that an edit does not fetch them again.
COPY --from=source /requirements.txt ./
RUN python3 -m pip install --no-compile --target /site-packages --require-hashes --only-binary :all: --requirement requirements.txt ${PYPI_INDEX:+--index-url="$PYPI_INDEX"} && \
    rm -rf /site-packages/bin && mkdir -p /site-packages && find /site-packages -name __pycache__ -prune -exec rm -rf {} +
COPY --from=source / .
RUN env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX=/tmp/pyc python3 -m compileall -q src && \
    mkdir -p /out && \
    cp -R src/. /out/ && \
    cp -R /site-packages /out/ && \
    find /out -name __pycache__ -prune -exec rm -rf {} +

FROM ${BASE}
COPY shell/install-packages.sh /tmp/
RUN printf '%s\n' \
      '. /tmp/install-packages.sh' \
      '(' \
      "begin 'ca-certificates, tzdata, python3' 300" \
      "if has_manager apt-get 'ca-certificates tzdata python3' '/etc/ssl/certs/ca-certificates.crt /usr/share/zoneinfo/Asia/Shanghai /usr/bin/python3'; then" \
      '  via_own_sources' \
      fi \
      "no_download 'ca-certificates, tzdata, python3'" \
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
RUN echo 'v7:x:10001:' >> /etc/group && \
    echo 'v7:x:10001:10001:v7:/data:/sbin/nologin' >> /etc/passwd && \
    mkdir -p /data && \
    chown 10001:10001 /data
COPY --from=build /out/ /app/
COPY shell/start-python.sh /usr/local/bin/start-python
RUN chmod 755 /usr/local/bin/start-python
WORKDIR /data
ENV PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
    PYTHONPATH="/app:/app/site-packages" \
    PYTHONDONTWRITEBYTECODE="1" \
    PYTHONUNBUFFERED="1" \
    PYTHON_MODULE="v7_formulas" \
    PYTHON_HEALTH="http://127.0.0.1:50052/health"
EXPOSE 50052
LABEL org.opencontainers.image.title="v7-analytics-python" \
    org.opencontainers.image.description="Evaluates formulas over series for the analytics engine" \
    org.opencontainers.image.source="https://github.com/hellocplusplus0/v7" \
    org.opencontainers.image.version="v1.0.0" \
    org.opencontainers.image.created="2026-11-27T00:00:00Z" \
    org.opencontainers.image.base.name="docker.io/library/debian:trixie-slim" \
    org.opencontainers.image.licenses="Apache-2.0"
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --start-interval=1s --retries=3 \
    CMD /usr/local/bin/start-python health
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/start-python"]
CMD []
