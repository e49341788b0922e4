"""HTTP around the formulas: POST /evaluate and GET /health."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import VERSION
from .formulas import Refusal, evaluate

MOST_BYTES = 4 * 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Of one read: a client that stops sending does not keep its thread.
    timeout = 30

    def do_GET(self) -> None:
        if self.path == "/health":
            self.answer(200, {"status": "ok", "version": VERSION})
        else:
            self.answer(404, {"error": "there is nothing here"})

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            # Its body is not read, so nothing else can follow on this connection.
            self.close_connection = True
            self.answer(413 if length.isdigit() else 411, {"error": f"a request says its length, at most {MOST_BYTES} bytes"})
            return
        body = self.rfile.read(int(length))
        if self.path != "/evaluate":
            self.answer(404, {"error": "there is nothing here"})
            return
        try:
            formula, values = question(body)
            self.answer(200, {"result": evaluate(formula, values)})
        except Refusal as refusal:
            self.answer(400, {"error": str(refusal)})

    def answer(self, status: int, content: dict) -> None:
        text = json.dumps(content).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_request(self, *_: object) -> None:
        """Only errors are logged."""


def question(body: bytes) -> tuple[str, list[float]]:
    try:
        asked = json.loads(body)
        formula, values = asked["formula"], asked["values"]
    except (ValueError, TypeError, KeyError) as error:
        raise Refusal('expected {"formula": TEXT, "values": LIST}') from error
    if not isinstance(formula, str) or not isinstance(values, list):
        raise Refusal('expected {"formula": TEXT, "values": LIST}')
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        raise Refusal("every value must be a number")
    return formula, values


def server(port: int, host: str = "0.0.0.0") -> ThreadingHTTPServer:
    made = ThreadingHTTPServer((host, port), Handler)
    made.daemon_threads = True
    return made
