import json
import threading
import unittest
from http.client import HTTPConnection

from v7_formulas.server import server


class Service(unittest.TestCase):
    def setUp(self) -> None:
        self.server = server(0, "127.0.0.1")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict]:
        connection = HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def test_evaluates(self) -> None:
        self.assertEqual(self.ask("POST", "/evaluate", {"formula": "mean(values)", "values": [2, 4]}), (200, {"result": 3.0}))
        self.assertEqual(self.ask("GET", "/health")[0], 200)

    def test_says_what_is_wrong(self) -> None:
        for body, words in [
            ({"formula": "mean("}, "expected"),
            ([], "expected"),
            ({"formula": 1, "values": []}, "expected"),
            ({"formula": "1", "values": ["1"]}, "must be a number"),
            ({"formula": "mean(", "values": [1]}, "cannot be evaluated"),
        ]:
            with self.subTest(str(body)):
                status, content = self.ask("POST", "/evaluate", body)
                self.assertEqual(status, 400)
                self.assertIn(words, content["error"])
        self.assertEqual(self.ask("POST", "/elsewhere", {})[0], 404)
        self.assertEqual(self.ask("GET", "/evaluate")[0], 404)
