"""Senders of alerts, and an intake in front of a real runner with a real journal."""

import contextlib
import http.client
import json
import threading

from riskcore_openalgo.runner.alerts import AlertDesk
from riskcore_openalgo.web.intake import intake_app, serve


def ask(server, method, path, body=None, headers=None):
    """Status, text and headers of one request."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode(), dict(response.getheaders())
    finally:
        connection.close()


def post(server, path, body, **headers):
    """Status and answer of a posted alert; headers as `x_forwarded_for=...`."""
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    status, told, _ = ask(server, "POST", path, text, named)
    return status, json.loads(told)


@contextlib.contextmanager
def taking(bench, **settings):
    """The intake before a bench whose runner turns in a thread of its own."""
    stop = threading.Event()

    def turn():
        while not stop.is_set():
            bench.runner.settle()
            stop.wait(0.002)

    thread = threading.Thread(target=turn)
    app = intake_app(AlertDesk(bench.runner).submit, clock=bench.runner.clock, **settings)
    with serve(app, "127.0.0.1", 0) as server:
        thread.start()
        try:
            yield server
        finally:
            stop.set()
            thread.join()
            bench.runner.settle()
