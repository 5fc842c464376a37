"""One answer of the fake OpenAlgo, and the common words of success and failure."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from riskcore_openalgo.testing.broker import FakeBroker


@frozen
class Answer:
    """Status and JSON body; `held_s` seconds pass before it is sent."""

    status: int
    body: Any
    held_s: float = 0.0


BAD_KEY: Final = Answer(403, {"message": "Invalid openalgo apikey", "status": "error"})
BAD_JSON: Final = Answer(
    400, {"message": "The browser (or proxy) sent a request that this server could not understand."}
)
INTERNAL: Final = Answer(500, {"message": "Internal Server Error"})
UNEXPECTED: Final = Answer(500, {"message": "An unexpected error occurred", "status": "error"})


def marked(broker: FakeBroker, body: dict[str, Any]) -> dict[str, Any]:
    """The body with `mode: analyze`, while the analyzer is on."""
    return {**body, "mode": "analyze"} if broker.analyzer else body


def done(broker: FakeBroker, **fields: Any) -> Answer:
    """Success of an order or account call."""
    return Answer(200, marked(broker, {"status": "success", **fields}))


def failed(broker: FakeBroker, status: int, message: Any, **fields: Any) -> Answer:
    """Failure of an order or account call."""
    return Answer(status, marked(broker, {"status": "error", "message": message, **fields}))


def data(value: Any, **fields: Any) -> Answer:
    """Success of a call that never says the mode."""
    return Answer(200, {"status": "success", "data": value, **fields})


def no_data(status: int, message: Any, **fields: Any) -> Answer:
    """Failure of a call that never says the mode."""
    return Answer(status, {"status": "error", "message": message, **fields})
