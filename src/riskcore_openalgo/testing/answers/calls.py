"""Every call of the fake OpenAlgo: its fields, its limit, its function, and its own way of saying no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen

from riskcore_openalgo.testing.account import Account
from riskcore_openalgo.testing.answers import book_calls, data_calls, gtt_calls, muddled, order_calls, requests
from riskcore_openalgo.testing.answers.answer import BAD_KEY, INTERNAL, UNEXPECTED, Answer, done, failed, no_data
from riskcore_openalgo.testing.answers.schema import Errors, Schema
from riskcore_openalgo.testing.broker import FakeBroker
from riskcore_openalgo.testing.fault import CALL, OLDER, Fault

Serve: TypeAlias = Callable[[FakeBroker, "dict[str, Any]"], Answer]

FEW: Final = 10
MANY: Final = 50
EMPTY: Final = frozenset({"orderbook", "tradebook", "positionbook", "holdings", "funds", "openposition", "orderstatus"})
"""Calls whose failure some mappings turn into an empty success; a status then is an order not found."""
PAGE: Final = "<!doctype html><html><title>Error</title><body>Bad gateway</body></html>"


@frozen(kw_only=True)
class Call:
    """One call. `words`: complaints about fields are one text, else an object; `says_mode`: with `mode: analyze`.

    `dead`: what it says in live modes when the broker fails: "" is the broker's own words, None that it is not asked.
    `open_key`: any key will do.
    """

    schema: Schema
    serve: Serve
    limit: int = MANY
    words: bool = False
    says_mode: bool = False
    dead: str | None = None
    open_key: bool = False
    bad_key: Answer = field(default=BAD_KEY)
    not_json: Answer = field(default=UNEXPECTED)

    def complaint(self, broker: FakeBroker, errors: Errors) -> Answer:
        """400, in this call's manner."""
        message = str(errors) if self.words else errors
        return failed(broker, 400, message) if self.says_mode else no_data(400, message)


def _order(schema: Schema, serve: Serve, verb: str, limit: int = FEW, *, says_mode: bool = True) -> Call:
    dead = f"Failed to {verb} due to internal error"
    return Call(schema=schema, serve=serve, limit=limit, words=True, says_mode=says_mode, dead=dead)


def _book(serve: Serve, schema: Schema = requests.ACCOUNT, *, words: bool = False) -> Call:
    return Call(schema=schema, serve=serve, dead="", words=words, says_mode=words)


_PLACE: Final = _order(requests.PLACE, order_calls.place, "place order", says_mode=False)

CALLS: Final[Mapping[str, Call]] = {
    "placeorder": evolve(_PLACE, not_json=no_data(500, "An unexpected error occurred in the API endpoint")),
    "placesmartorder": _order(requests.SMART, order_calls.smart, "place smart order"),
    "basketorder": _order(requests.BASKET, order_calls.basket, "place basket order", MANY),
    "splitorder": _order(requests.SPLIT, order_calls.split, "place split order", MANY),
    "modifyorder": _order(requests.MODIFY, order_calls.modify, "modify order"),
    "cancelorder": _order(requests.ORDER, order_calls.cancel, "cancel order"),
    "cancelallorder": _order(requests.ALL, order_calls.cancel_all, "cancel all orders", MANY),
    "closeposition": _order(requests.ALL, order_calls.close, "close positions", MANY),
    "placegttorder": _order(requests.PLACE_GTT, gtt_calls.place, "place GTT order"),
    "modifygttorder": _order(requests.MODIFY_GTT, gtt_calls.modify, "modify GTT order"),
    "cancelgttorder": _order(requests.CANCEL_GTT, gtt_calls.cancel, "cancel GTT order"),
    "gttorderbook": _book(gtt_calls.book),
    "orderbook": _book(book_calls.orderbook),
    "tradebook": _book(book_calls.tradebook),
    "positionbook": _book(book_calls.positionbook),
    "holdings": _book(book_calls.holdings),
    "funds": _book(book_calls.funds),
    "orderstatus": _book(book_calls.orderstatus, requests.ORDER, words=True),
    "openposition": _book(book_calls.openposition, requests.OPEN_POSITION, words=True),
    "pnl/symbols": Call(
        schema=requests.ACCOUNT,
        serve=book_calls.pnl_symbols,
        bad_key=Answer(403, {"message": "Invalid API key", "status": "error"}),
    ),
    "margin": Call(schema=requests.MARGIN, serve=book_calls.margin, words=True, dead=""),
    "quotes": Call(schema=requests.QUOTE, serve=data_calls.quotes),
    "multiquotes": Call(schema=requests.MULTIQUOTE, serve=data_calls.multiquotes),
    "depth": Call(
        schema=requests.QUOTE, serve=data_calls.depth, bad_key=no_data(404, "Broker-specific module not found")
    ),
    "history": Call(schema=requests.HISTORY, serve=data_calls.history),
    "symbol": Call(schema=requests.QUOTE, serve=data_calls.symbol),
    "search": Call(schema=requests.SEARCH, serve=data_calls.search),
    "intervals": Call(schema=requests.ACCOUNT, serve=data_calls.intervals),
    "expiry": Call(schema=requests.EXPIRY, serve=data_calls.expiry),
    "market/holidays": Call(schema=requests.HOLIDAYS, serve=data_calls.holidays, open_key=True),
    "market/timings": Call(schema=requests.TIMINGS, serve=data_calls.timings, open_key=True),
    "ping": Call(schema=requests.ACCOUNT, serve=book_calls.ping),
    "analyzer": Call(schema=requests.ACCOUNT, serve=book_calls.analyzer, words=True, not_json=INTERNAL),
    "analyzer/toggle": Call(schema=requests.TOGGLE, serve=book_calls.toggle, words=True, not_json=INTERNAL),
    "telegram/notify": Call(schema=requests.TELEGRAM, serve=book_calls.telegram),
}


@frozen(kw_only=True)
class Reply:
    """What goes over the wire: JSON, or `text` of a content type, or nothing at all where `dropped`.

    `wait_s` seconds pass first; where `serves` is given, the call is carried out only then, and that is the answer.
    """

    answer: Answer
    text: str | None = None
    content_type: str = "application/json"
    dropped: bool = False
    wait_s: float = 0.0
    serves: Callable[[], Answer] | None = None


def served(broker: FakeBroker, name: str, values: dict[str, Any]) -> Answer:
    """The answer when nothing is scripted."""
    call = CALLS[name]
    with broker.lock:
        broker.catch_up()
        if not (broker.token_alive or broker.profile.sandbox) and call.dead is not None:
            if broker.profile.empty_on_error and name in EMPTY:
                return emptied(broker, name, values)
            return failed(broker, 500, call.dead or broker.data_fails)
        return call.serve(broker, values)


def emptied(broker: FakeBroker, name: str, values: dict[str, Any]) -> Answer:
    """Success, with nothing in it: what a failed broker call looks like behind some mappings."""
    if name == "funds":
        return done(broker, data={})
    venue = broker.venue
    kept, venue.account = venue.account, Account(Decimal(0))
    try:
        return CALLS[name].serve(broker, values)
    finally:
        venue.account = kept


def lagging(broker: FakeBroker, name: str, values: dict[str, Any], seconds: float) -> Answer:
    """The answer of a broker whose books take so long to show something new; of what they show all is of now."""
    venue = broker.venue
    kept, venue.account = venue.account, venue.account.without_since(broker.clock() - timedelta(seconds=seconds))
    try:
        return served(broker, name, values)
    finally:
        venue.account = kept


def answered(broker: FakeBroker, name: str, body: Mapping[str, Any], values: dict[str, Any]) -> Reply:
    """The reply to a good request, through the first scripted fault that fits it."""
    fault = broker.faults.take(name, body, CALL)
    asked = broker.mode, name
    if fault is None or (fault.kind == "stale" and asked not in broker.faults.given):
        answer = served(broker, name, values)
        if answer.status == 200:
            broker.faults.given[asked] = answer
        return Reply(answer=answer)
    if fault.kind == "stale":
        return Reply(answer=broker.faults.given[asked])
    if fault.kind == "delay" and not fault.executed:
        return Reply(answer=INTERNAL, wait_s=fault.seconds, serves=lambda: served(broker, name, values))
    if fault.kind in {"delay", "timeout"} and fault.executed:
        answer = served(broker, name, values)
        return Reply(answer=evolve(answer, held_s=answer.held_s + fault.seconds))
    if fault.kind == "timeout":
        return Reply(answer=INTERNAL, dropped=True, wait_s=fault.seconds)
    if fault.kind == "empty":
        with broker.lock:
            return Reply(answer=emptied(broker, name, values))
    if fault.kind in {"doubled", "respelled", "lagging"}:
        with broker.lock:
            return Reply(answer=_muddled(broker, name, values, fault))
    if fault.kind == "semi_auto":
        with broker.lock:
            before, broker.semi_auto = broker.semi_auto, True
            try:
                return Reply(answer=served(broker, name, values))
            finally:
                broker.semi_auto = before
    return _spoilt(broker, name, fault, served(broker, name, values) if fault.executed else None)


def _muddled(broker: FakeBroker, name: str, values: dict[str, Any], fault: Fault) -> Answer:
    """A true answer, late, or with its rows written otherwise."""
    if fault.kind == "lagging":
        return lagging(broker, name, values, fault.seconds)
    answer = served(broker, name, values)
    if answer.status != 200:
        return answer
    if fault.kind == "respelled":
        return muddled.respelled(name, answer, fault.message)
    before = broker.faults.given.get((broker.mode, name)) if fault.message == OLDER else None
    return muddled.doubled(name, answer, before)


def _spoilt(broker: FakeBroker, name: str, fault: Fault, real: Answer | None) -> Reply:
    """Replies that say something else than what was done."""
    if fault.kind == "drop":
        return Reply(answer=INTERNAL, dropped=True)
    if fault.kind == "null_id":
        body = dict(real.body) if real and real.status == 200 else done(broker).body
        return Reply(answer=Answer(200, {**body, "orderid": None}))
    if fault.kind == "unreadable":
        return Reply(answer=Answer(200, None), text=fault.message or '{"status": "succ')
    if fault.kind == "empty_body":
        return Reply(answer=Answer(200, None), text="")
    if fault.kind == "html":
        return Reply(answer=Answer(fault.status, None), text=fault.message or PAGE, content_type="text/html")
    if fault.kind == "too_many":
        return Reply(answer=too_many(CALLS[name].limit))
    if fault.kind == "forbidden":
        return Reply(answer=no_data(403, fault.message) if fault.message else CALLS[name].bad_key)
    words = fault.message or CALLS[name].dead or "An unexpected error occurred"
    return Reply(answer=no_data(fault.status, words))


def too_many(limit: int) -> Answer:
    """429: no status, and no word of when to come again."""
    return Answer(429, {"message": f"{limit} per 1 second"})
