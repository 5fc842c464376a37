"""A small OpenAlgo on loopback: it answers from a list, remembers what it was asked, and can misbehave."""

import json
import threading
from collections import deque
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RECORDED = Path(__file__).resolve().parents[1] / "recorded"
DROP = "drop"
SILENCE = "silence"
KEY = "5ecre7" + "0123456789abcdef" * 3


def recorded(name, case, nth=0):
    """One answer of the real server: its status and its body."""
    rows = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    row = [row for row in rows if row["case"] == case][nth]
    return row["http_status"], row["response"]


def success(data, **more):
    return 200, {"status": "success", "data": data, **more}


class Handler(BaseHTTPRequestHandler):
    """Answers with what the peer has ready for the path."""

    def do_POST(self):
        """Every call of OpenAlgo used here is a POST."""
        length = int(self.headers.get("Content-Length", 0))
        asked = json.loads(self.rfile.read(length))
        answer = self.server.peer.answer(self.path, asked)
        if answer == SILENCE:
            self.server.peer.released.wait(10)
            self.close_connection = True
            return
        if answer == DROP:
            self.close_connection = True
            return
        status, body = answer
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        with suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

    def log_message(self, *_):
        """Nothing on the screen."""


class Server(ThreadingHTTPServer):
    daemon_threads = False  # closing it waits for its threads, so that no socket is left

    def handle_error(self, request, client_address):
        """A client that has gone away is what some tests are about."""


class Peer:
    """`answers[path]` are given one after the other, the last one again and again; `asked` is what came in."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.peer = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def host(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def says(self, path, *answers):
        """What the path answers from now on."""
        self.answers[f"/api/v1/{path}"] = deque(answers)

    def calls(self, path):
        """The bodies that were posted to a path, oldest first, without the key."""
        with self._lock:
            return [{**body, "apikey": "API_KEY"} for name, body in self.asked if name == f"/api/v1/{path}"]

    def answer(self, path, asked):
        with self._lock:
            self.asked.append((path, asked))
            ready = self.answers.get(path)
            if ready is None:
                return 404, {"status": "error", "message": "Not found", "path": path}
            return ready.popleft() if len(ready) > 1 else ready[0]

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
