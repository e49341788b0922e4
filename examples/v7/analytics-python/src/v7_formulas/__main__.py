"""Starts the service, and ends it when the container is stopped."""

import os
import signal
import sys
import threading

from . import VERSION
from .server import server

HELP = """Usage: python3 -m v7_formulas [--help | --version]

Evaluates formulas over series of numbers, by HTTP: POST /evaluate, GET /health.

Variables:
  FORMULAS_PORT   the port that it listens on (50052)
"""


def main(arguments: list[str]) -> int:
    match arguments:
        case ["--help" | "-h"]:
            print(HELP, end="")
        case ["--version"]:
            print(VERSION)
        case []:
            return run()
        case [other, *_]:
            print(f"unknown argument {other}\n\n{HELP}", file=sys.stderr, end="")
            return 2
    return 0


def run() -> int:
    text = os.environ.get("FORMULAS_PORT", "50052")
    if not text.isdigit() or not 0 < int(text) < 65536:
        print(f'v7_formulas: FORMULAS_PORT is "{text}": expected a port number', file=sys.stderr)
        return 1
    try:
        running = server(int(text))
    except OSError as error:
        print(f"v7_formulas: port {text} cannot be used: {error.strerror}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        # It waits for the loop to end, so it must not run in the loop's own thread.
        signal.signal(number, lambda *_: threading.Thread(target=running.shutdown).start())
    print(f"listening on port {text}", flush=True)
    running.serve_forever()
    print("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
