"""`riskcore doctor` on the times of a day: the policy's own, those of the tables, OpenAlgo's clock, and its money."""

from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from threading import Thread
from types import SimpleNamespace

import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.client import Funds, ReadFailed
from riskcore_openalgo.client.market import SymbolInfo
from riskcore_openalgo.config import Settings
from riskcore_openalgo.config.settings import InstrumentGiven, System
from riskcore_openalgo.doctor import gateway, limits, machine

D = Decimal
FRIDAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
SATURDAY = date(2026, 11, 21)


def test_times_that_hold_are_told_as_they_come_out():
    """Of the next day of usual hours, where the exchange is closed today."""
    for day in (FRIDAY, SATURDAY):
        found = limits.times(rc.Policy(square_off_at="14:30", no_entry_after="14:00"), day)
        assert found.status == "ok"
        assert "other shares: entries 09:20 to 14:00, off at 14:30" in found.found
    assert limits.times(rc.Policy(), FRIDAY).status == "ok"
    early = limits.times(rc.Policy(time_stop_before_square_off_min=60, entry_windows=["09:15-11:00"]), FRIDAY)
    assert (early.status, "other shares: entries 09:20 to 14:10, off at 14:10" in early.found) == ("ok", True)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"square_off_at": "02:30"},
            "square_off_at 02:30 is not used for other shares: they trade from 09:15 to 15:30",
        ),
        ({"square_off_at": "15:45"}, "square_off_at 15:45 is not used for shares with derivatives"),
        ({"no_entry_before": "15:00"}, "no entry ever passes: none before 15:00, none from 14:45 on"),
        ({"no_entry_after": "09:10"}, "no entry ever passes: none before 09:20, none from 09:10 on"),
        ({"square_off_at": "09:16"}, "no entry ever passes: none before 09:20, none from 09:16 on"),
        ({"time_stop_before_square_off_min": 400}, "no entry ever passes: none before 09:20, none from 08:30 on"),
        ({"entry_windows": ["02:00-03:00"]}, "entry_windows 02:00-03:00: entries pass from 09:20 to 14:45 alone"),
        ({"entry_windows": ["10:00-11:00", "14:45-15:15"]}, "entry_windows 14:45-15:15: entries pass from 09:20"),
        ({"entry_windows": ["09:00-09:20"]}, "entry_windows 09:00-09:20: entries pass from 09:20 to 14:45 alone"),
    ],
)
def test_times_that_are_not_used_or_let_nothing_pass_are_named(given, says):
    """Half past two is 14:30: written as 02:30 it was taken without a word, and not used."""
    found = limits.times(rc.Policy(**given), FRIDAY)
    assert (found.status, says in found.found) == ("warn", True), found
    assert "14:30" in found.remedy


def test_where_the_calendar_ends_no_time_is_made_up():
    assert limits.times(rc.Policy(square_off_at="02:30"), date(2100, 1, 1)).status == "ok"


def test_every_limit_that_is_off_is_told():
    """Those whose names do not begin with max_ were left out, so that nobody was told that they are off."""
    off = limits.switched_off(rc.Policy()).found
    for name in (
        "max_drawdown",
        "stale_after_s",
        "near_band_pct",
        "unusual_move_atr",
        "cooldown_s",
        "connection_timers",
    ):
        assert name in off
    assert "stale_after_s" not in limits.switched_off(rc.Policy(stale_after_s=30)).found


@contextmanager
def dated(*dates):
    """A server whose answers bear these Date headers, and its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_response_only(200)
            for written in dates:
                self.send_header("Date", written)
            self.end_headers()

        def log_message(self, *said):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("dates", "status"),
    [
        (["Fri, 20 Nov 2026 05:00:00 GMT"] * 2, "ok"),
        (["Fri, 20 Nov 2026 05:00:00 -0000"], "ok"),
        (["yesterday"], "warn"),
        ([], "warn"),
    ],
)
def test_a_date_that_is_written_twice_is_one(dates, status):
    """OpenAlgo writes it twice into the answer with its page: `doctor` ended in a traceback."""
    with dated(*dates) as host:
        assert machine.clock(host, AT, 5).status == status


USED = Funds(D(1_000_000), used_margin=D(60_000), collateral=D(800_000), realised_today=D(-500), unrealised=D(0))


@pytest.mark.parametrize(("kind", "status"), [(None, "warn"), ("stock", "ok"), ("etf", "ok")])
def test_what_is_named_like_a_fund_and_charged_as_a_share_is_told(kind, status):
    settings = Settings(
        system=System(watch=["NIFTYBEES", "INFY"], instruments={"NIFTYBEES": InstrumentGiven(kind=kind)})
    )
    told = SimpleNamespace(
        symbol=lambda exchange, symbol: SymbolInfo(
            exchange=exchange,
            symbol=symbol,
            tick=D("0.01"),
            lot_size=1,
            freeze_quantity=None,
            expiry=None,
            strike=None,
            instrument_type="EQ",
            token="1",
            name=symbol,
            broker_symbol=symbol,
        )
    )
    found = gateway.symbols(settings, told, FRIDAY)
    assert found.status == status
    if status == "warn":
        assert found.found.endswith("named like funds: NIFTYBEES")


@pytest.mark.parametrize(
    ("broker", "counts", "free", "began"),
    [
        ("zerodha", False, "9,40,000.00", "10,00,000.00"),
        ("zerodha", True, "17,40,000.00", "18,00,000.00"),
        ("dhan", False, "10,00,000.00", "10,60,500.00"),
        (None, False, "10,00,000.00", "10,60,500.00"),
    ],
)
def test_what_the_money_comes_to_is_told_to_be_compared(broker, counts, free, began):
    """What a plugin calls cash may have the margin in use in it, and nobody saw what was made of it."""
    told = SimpleNamespace(mode=lambda: "live", seen_mode="live", broker=lambda: broker, funds=lambda: USED)
    found = gateway.money(Settings(system=System(mode="live", collateral_counts=counts)), told, FRIDAY)
    assert (found.status, found.found.count(f"Rs {free} can be spent"), f"began with Rs {began}" in found.found) == (
        "ok",
        1,
        True,
    )


def test_money_that_is_none_or_cannot_be_read_is_a_warning():
    settings = Settings(system=System(mode="live"))
    told = SimpleNamespace(
        mode=lambda: "analyze",
        seen_mode="analyze",
        broker=lambda: "zerodha",
        funds=lambda: evolve(USED, available_cash=D(-70_000)),
    )
    assert gateway.money(settings, told, FRIDAY).status == "warn"

    def nothing():
        raise ReadFailed("funds", "data is empty")

    told.funds = nothing
    found = gateway.money(settings, told, FRIDAY)
    assert (found.status, "data is empty" in found.found) == ("warn", True)
    assert "Rs 1,00,000.00" in gateway.money(Settings(), told, FRIDAY).found


@pytest.mark.parametrize(
    ("broker", "status", "words"),
    [
        ("zerodha", "ok", "rest at the broker as SL, and are changed in place"),
        ("angel", "ok", "rest at the broker as SL, and are taken back and sent anew where they move"),
        ("paytm", "warn", "none can rest at paytm through OpenAlgo"),
    ],
)
def test_how_stops_rest_at_the_broker_is_told(broker, status, words):
    """Through Paytm's plugin a stop is a market order: whoever trades there has to know that nothing rests."""
    told = SimpleNamespace(mode=lambda: "live", seen_mode="live", broker=lambda: broker)
    found = gateway.stops(Settings(system=System(mode="live")), told, FRIDAY)
    assert (found.status, words in found.found) == (status, True)
    assert gateway.stops(Settings(), told, FRIDAY).status == "ok"


def test_a_broker_that_cannot_be_learnt_is_a_warning():
    def nothing():
        raise ReadFailed("analyzerstatus", "no answer")

    found = gateway.stops(Settings(system=System(mode="live")), SimpleNamespace(mode=nothing), FRIDAY)
    assert (found.status, "no answer" in found.found) == ("warn", True)


def test_a_broker_is_asked_at_its_pace_from_the_first_question_on():
    """Its money is asked for twice within a second, and a call too many is answered with nothing: no entry, it said."""
    paces = []
    told = SimpleNamespace(
        host="http://127.0.0.1:5000",
        seen_mode="live",
        broker=lambda: "compositedge",
        pace=lambda row: paces.append((row.broker, row.paces_books)),
        funds=lambda: paces.append("funds"),
        mode=lambda: "live",
    )
    checks = gateway.openalgo(Settings(), told, datetime(2026, 11, 20, 9, 0, tzinfo=rc.IST))
    assert [check.name for check in islice(checks, 2)] == ["version", "credentials"]
    assert paces == [("compositedge", True), "funds"]
