#!/bin/sh
# Starts a Python module as the main process of a container. Usage:
#   start-python            start
#   start-python health     does it answer?
#   start-python COMMAND …  anything else instead, such as sh
# PYTHON_MODULE is the module, PYTHONPATH has it and its packages. PYTHON_HEALTH is the address that health asks: it answers 200 as long
# as all is well.
set -eu

give_up() {
  echo "start-python: $*" >&2
  exit 1
}

case ${1:-} in
  health)
    python3 -c 'import sys, urllib.request as r; r.build_opener(r.ProxyHandler({})).open(sys.argv[1], timeout=4)' \
      "${PYTHON_HEALTH:?}" 2>/dev/null || exit 1 ;;
  "")
    [ -n "${PYTHON_MODULE:-}" ] || give_up "no module: set PYTHON_MODULE"
    exec python3 -m "$PYTHON_MODULE" ;;
  *) exec "$@" ;;
esac
