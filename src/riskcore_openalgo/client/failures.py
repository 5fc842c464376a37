"""What can go wrong with a call, in the classes that the breakers count, and the exception of a failed read."""

from __future__ import annotations

from typing import Final

REJECTED: Final = "rejected"
UNKNOWN: Final = "unknown"
RATE_LIMITED: Final = "rate_limited"
NO_FUNDS: Final = "no_funds"
NO_LOGIN: Final = "no_login"
NETWORK: Final = "network"
NOT_SENT: Final = "not_sent"

REMEDIES: Final = {
    REJECTED: "OpenAlgo refused the question; mend what it names",
    UNKNOWN: "the answer could not be used; look at OpenAlgo's log and at the broker's own page",
    RATE_LIMITED: "too many calls in a second; ask less often, and count other programs on this machine",
    NO_LOGIN: "log in to the broker on OpenAlgo's page and check the API key in api_credentials.yaml",
    NETWORK: "see that OpenAlgo runs and that its address in api_credentials.yaml is right",
    NOT_SENT: "nothing was sent",
}


class ReadFailed(Exception):
    """A read that did not give what it was asked for.

    `what` was asked for (`orderbook`, `quotes NSE:RELIANCE`), `why` says what was wrong, and `error` is its class:
    one of `rejected`, `unknown`, `rate_limited`, `no_login`, `network`, `not_sent`.
    """

    def __init__(self, what: str, why: str, error: str = UNKNOWN) -> None:
        super().__init__(what, why, error)
        self.what, self.why, self.error = what, why, error

    def __str__(self) -> str:
        remedy = REMEDIES.get(self.error, "")
        return f"{self.what}: {self.why}" + (f" ({remedy})" if remedy else "")
