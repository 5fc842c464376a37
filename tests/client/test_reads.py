"""Reads: what OpenAlgo was seen to answer as values; what is missing as an error that names it; when to ask again."""

from datetime import date, datetime
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore_openalgo.client import (
    Budget,
    Funds,
    Level,
    MarginNeeded,
    OrderWanted,
    Quote,
    ReadFailed,
    SymbolInfo,
    Window,
)
from tests.client.conftest import NOW
from tests.client.peer import DROP, SILENCE, recorded, success
from tests.live_feed.server import until

pytestmark = pytest.mark.smoke


def ist(*parts):
    return datetime(*parts, tzinfo=rc.IST)


def rows_of(name, case):
    """A recorded answer without the line that stands for rows that were left out."""
    status, body = recorded(name, case)
    return status, {**body, "data": [row for row in body["data"] if isinstance(row, dict)]}


def test_funds_of_the_sandbox_and_of_a_live_broker_are_the_same_value(peer, client):
    peer.says("funds", recorded("funds", "story 3: SELL 40 filled at bid 1409.95 (partial close)"))
    assert client.funds() == Funds(Decimal(9983596), Decimal(16800), Decimal(0), Decimal(396), Decimal(597))
    peer.says("funds", recorded("live_mode", "funds"))
    assert client.funds() == Funds(Decimal(1000000), Decimal(0), Decimal(0), Decimal(0), Decimal(0))


def test_F12_funds_that_are_empty_are_an_error_and_never_zero(peer, client):
    """A broker's failure comes out of OpenAlgo as a success with nothing in it."""
    peer.says("funds", success({}))
    with pytest.raises(ReadFailed, match="funds: data is empty") as caught:
        client.funds()
    assert (caught.value.what, caught.value.error) == ("funds", "unknown")


@pytest.mark.parametrize("value", [None, "", "n/a", "1,00,000", True, [], "1e6"])
@pytest.mark.parametrize("name", ["availablecash", "utiliseddebits", "collateral", "m2mrealized", "m2munrealized"])
def test_a_field_of_the_funds_that_is_missing_is_named(peer, client, name, value):
    _, body = recorded("live_mode", "funds")
    peer.says("funds", success({**body["data"], name: value}))
    with pytest.raises(ReadFailed, match=rf"data\.{name}"):
        client.funds()


def test_a_quote_has_our_key_and_our_moment(peer, client):
    peer.says("quotes", recorded("quotes", "success"))
    quote = client.quote("NSE", "RELIANCE")
    assert quote == Quote(
        key="NSE:RELIANCE",
        last=Decimal("1400.0"),
        bid=Decimal("1399.95"),
        ask=Decimal("1400.05"),
        open=Decimal("1400.0"),
        high=Decimal("1428.0"),
        low=Decimal("1372.0"),
        previous_close=Decimal("1400.0"),
        volume=1234567,
        asked_at=NOW,
    )
    assert quote.doubts == ()
    assert client.quote("NSE", "RELIANCE", at=ist(2026, 11, 23, 12)).asked_at == ist(2026, 11, 23, 12)
    assert peer.calls("quotes")[0] == {"apikey": "API_KEY", "symbol": "RELIANCE", "exchange": "NSE"}


def test_a_quote_without_a_last_price_is_no_quote(peer, client):
    peer.says("quotes", recorded("data_quality", "last price 0"))
    with pytest.raises(ReadFailed, match=r"quotes NSE:SBIN: data\.ltp"):
        client.quote("NSE", "SBIN")


def test_sides_of_a_quote_that_are_nothing_are_none(peer, client):
    peer.says("quotes", success({"ltp": "800", "ask": 0, "bid": -0.05, "low": 0.0, "high": None, "volume": ""}))
    quote = client.quote("NSE", "SBIN")
    assert (quote.bid, quote.ask, quote.low, quote.high, quote.volume) == (None,) * 5
    peer.says("quotes", success({"ltp": 1500, "bid": 1500, "ask": 1500}))  # Kotak's, where nobody bids or offers
    quote = client.quote("NSE", "INFY")
    assert (quote.bid, quote.ask) == (None, None)


def test_F44_a_quote_that_contradicts_itself_says_so(peer, client):
    peer.says("quotes", success({"ltp": 1500, "high": 1490, "low": 1480, "bid": 1501, "ask": 1500}))
    assert client.quote("NSE", "INFY").doubts == (
        "last 1500 is above the day's high 1490",
        "bid 1501 is above ask 1500",
    )
    peer.says("quotes", success({"ltp": 99, "high": 1490, "low": 1480}))
    assert client.quote("NSE", "INFY").doubts == ("last 99 is below the day's low 1480",)


def test_quotes_of_several_have_an_error_in_the_place_of_a_bad_one(peer, client):
    peer.says("multiquotes", recorded("multiquotes", "one unknown symbol"))
    found = client.quotes(["NSE:TCS", "NSE:NOSUCH", "NSE:RELIANCE", "NSE:TCS", "NSE:SBIN"])
    assert list(found) == ["NSE:TCS", "NSE:NOSUCH", "NSE:RELIANCE", "NSE:SBIN"]
    assert (found["NSE:TCS"].last, found["NSE:RELIANCE"].last) == (3000, 1400)
    assert "not found" in found["NSE:NOSUCH"].why
    assert found["NSE:SBIN"].why == "the answer leaves it out"


def test_quotes_of_none_ask_nobody_and_a_key_without_an_exchange_is_a_mistake(peer, client):
    assert client.quotes([]) == {}
    with pytest.raises(ValueError, match="NSE:RELIANCE"):
        client.quotes(["RELIANCE"])
    assert peer.asked == []


@pytest.mark.parametrize(
    "answer", [recorded("multiquotes", "all unknown"), recorded("multiquotes", "bad api key"), DROP]
)
def test_quotes_of_which_all_fail_are_errors_by_key(peer, client, answer):
    peer.says("multiquotes", answer)
    found = client.quotes(["NSE:NOSUCH"])
    assert isinstance(found["NSE:NOSUCH"], ReadFailed)


def test_a_depth_leaves_out_levels_that_nobody_is_at(peer, client):
    peer.says("depth", recorded("depth", "success"))
    depth = client.depth("NSE", "RELIANCE")
    assert (depth.bids[0], depth.asks[4]) == (Level(Decimal("1399.95"), 100), Level(Decimal("1400.25"), 500))
    peer.says("depth", success({"bids": [{"price": 0, "quantity": 0}], "asks": []}))
    assert client.depth("NSE", "RELIANCE").bids == ()
    peer.says("depth", success({"bids": []}))
    with pytest.raises(ReadFailed, match=r"data\.asks is missing"):
        client.depth("NSE", "RELIANCE")


def test_bars_of_minutes_are_stamped_with_their_start_in_india(peer, client):
    peer.says("history", rows_of("history", "1m success (first day)"))
    bars = client.history("NSE", "RELIANCE", "1m", date(2026, 11, 20), date(2026, 11, 20))
    assert bars[0] == rc.Bar(
        at=ist(2026, 11, 20, 9, 15), open="1403.8", high="1406.84", low="1399.06", close="1399.39", volume=75699
    )
    assert bars[0].at.utcoffset() == rc.IST.utcoffset(None)
    sent = peer.calls("history")[0]
    assert (sent["start_date"], sent["end_date"], sent["interval"]) == ("2026-11-20", "2026-11-20", "1m")


def test_bars_of_days_are_stamped_with_the_day_whichever_midnight_a_broker_takes(peer, client):
    bar = {"open": 1, "high": 2, "low": 1, "close": 2, "volume": 5, "oi": 0}
    midnight_utc, midnight_ist = 1794787200, 1794787200 - 19800
    for stamp in (midnight_utc, midnight_ist):
        for interval in ("D", "W", "Q"):
            peer.says("history", success([{**bar, "timestamp": stamp}]))
            bars = client.history("NSE", "RELIANCE", interval, date(2026, 11, 16), date(2026, 11, 20))
            assert [one.at for one in bars] == [ist(2026, 11, 16)]


def test_no_bars_are_no_error(peer, client):
    peer.says("history", recorded("history", "weekend only"))
    assert client.history("NSE", "RELIANCE", "D", date(2026, 11, 21), date(2026, 11, 22)) == ()


def test_a_bar_that_is_none_is_named(peer, client):
    good = {"timestamp": 1795146300, "open": 1, "high": 2, "low": 1, "close": 2, "volume": 5}
    for change in ({"close": 3}, {"open": 0}, {"low": None}, {"volume": None}):
        peer.says("history", success([good, {**good, "timestamp": 1795146360, **change}]))
        with pytest.raises(ReadFailed, match=r"history NSE:RELIANCE 1m: bar of 2026-11-20 09:16"):
            client.history("NSE", "RELIANCE", "1m", date(2026, 11, 20), date(2026, 11, 20))
    peer.says("history", success([{"timestamp": 1795146300, "open": 1}]))
    with pytest.raises(ReadFailed, match="column high is missing"):
        client.history("NSE", "RELIANCE", "1m", date(2026, 11, 20), date(2026, 11, 20))


def test_a_history_that_was_refused_says_what_was_wrong(peer, client):
    peer.says("history", recorded("history", "unsupported interval (schema)"))
    with pytest.raises(ReadFailed, match="interval: Must be one of: 1s") as caught:
        client.history("NSE", "RELIANCE", "7m", date(2026, 11, 20), date(2026, 11, 20))
    assert caught.value.error == "rejected"


def test_a_symbol_has_tick_lot_and_freeze_quantity(peer, client):
    peer.says("symbol", recorded("symbol", "option"))
    assert client.symbol("NFO", "NIFTY29DEC2626000CE") == SymbolInfo(
        exchange="NFO",
        symbol="NIFTY29DEC2626000CE",
        tick=Decimal("0.05"),
        lot_size=75,
        freeze_quantity=1800,
        expiry=date(2026, 12, 29),
        strike=Decimal("26000.0"),
        instrument_type="CE",
        token="1042::::1042",
        name="NIFTY",
        broker_symbol="NIFTY29DEC2626000CE",
    )
    peer.says("symbol", recorded("symbol", "success"))
    share = client.symbol("NSE", "RELIANCE")
    assert (share.freeze_quantity, share.expiry, share.strike) == (None, None, None)
    peer.says("symbol", recorded("symbol", "unknown symbol"))
    with pytest.raises(ReadFailed, match="Symbol NOSUCH not found") as caught:
        client.symbol("NSE", "NOSUCH")
    assert caught.value.error == "rejected"


@pytest.mark.parametrize(
    "change", [{"tick_size": 0}, {"tick_size": None}, {"lotsize": 0}, {"lotsize": "x"}, {"symbol": ""}]
)
def test_a_symbol_without_what_orders_need_is_an_error(peer, client, change):
    _, body = recorded("symbol", "success")
    peer.says("symbol", success({**body["data"], **change}))
    with pytest.raises(ReadFailed, match=next(iter(change))):
        client.symbol("NSE", "RELIANCE")


def test_a_search_finds_symbols_or_none(peer, client):
    peer.says("search", recorded("search", "success"))
    assert [found.key for found in client.search("RELIANCE")] == [
        "NSE:RELIANCE",
        "BSE:RELIANCE",
        "NFO:RELIANCE29DEC26FUT",
    ]
    peer.says("search", recorded("search", "no match"))
    assert client.search("ZZZZ", "NSE") == ()
    assert peer.calls("search")[1]["exchange"] == "NSE"


def test_intervals_come_the_shortest_first(peer, client):
    peer.says("intervals", recorded("intervals", "success (empty account)"))
    assert client.intervals() == ("1m", "3m", "5m", "10m", "15m", "30m", "1h", "D")


def test_holidays_are_days_with_the_hours_that_stay_open(peer, client):
    peer.says("market/holidays", rows_of("market_holidays", "year 2026"))
    first, republic = client.holidays(2026)[:2]
    assert (first.day, first.closed[0], first.kind) == (date(2026, 1, 15), "NSE", "TRADING_HOLIDAY")
    assert first.open == (Window("MCX", ist(2026, 1, 15, 17), ist(2026, 1, 15, 23, 55)),)
    assert (republic.day, republic.open, republic.doubts) == (date(2026, 1, 26), (), ())
    peer.says("market/holidays", recorded("market_holidays", "year without data"))
    assert client.holidays(2031) == ()


def test_hours_of_another_day_are_left_out_of_a_holiday_and_named(peer, client):
    """OpenAlgo's list of 2025 has Muhurat trading with the figures of 2024."""
    hours = {"exchange": "NSE", "start_time": 1730464200000, "end_time": 1730467800000}
    row = {"date": "2025-11-01", "description": "Muhurat", "closed_exchanges": [], "open_exchanges": [hours]}
    peer.says("market/holidays", success([row]))
    (holiday,) = client.holidays(2025)
    assert (holiday.open, holiday.doubts) == ((), ("NSE at 2024-11-01 18:00",))


@pytest.mark.parametrize("case", ["trading day", "trading day [server process in TZ=UTC]"])
def test_hours_are_indias_in_whatever_time_zone_the_server_runs(peer, client, case):
    peer.says("market/timings", recorded("market_timings", case))
    hours = {window.exchange: window for window in client.timings(date(2026, 11, 23))}
    assert hours["NSE"] == Window("NSE", ist(2026, 11, 23, 9, 15), ist(2026, 11, 23, 15, 30))
    assert hours["NFO"].end == ist(2026, 11, 23, 15, 40)
    peer.says("market/timings", recorded("market_timings", "holiday (26 Jan)"))
    assert client.timings(date(2026, 1, 26)) == ()


def test_F24_the_mode_is_known_and_remembered_from_every_answer_that_tells(peer, client):
    assert client.seen_mode is None
    peer.says("analyzer", recorded("analyzer", "analyze"))
    assert (client.mode(), client.seen_mode) == ("analyze", "analyze")
    peer.says("positionbook", recorded("live_mode", "positionbook"))
    client.positions()
    assert client.seen_mode == "live"
    peer.says("funds", recorded("funds", "success (empty account)"))
    client.funds()
    assert client.seen_mode == "analyze"
    peer.says("analyzer", recorded("analyzer", "live"))
    assert (client.mode(), client.seen_mode) == ("live", "live")
    for data in ({}, {"analyze_mode": True, "mode": "live"}, {"analyze_mode": "true", "mode": "analyze"}):
        peer.says("analyzer", success(data))
        with pytest.raises(ReadFailed, match="analyzerstatus"):
            client.mode()


def test_the_broker_is_named_by_its_ping(peer, client):
    peer.says("ping", recorded("ping", "success (empty account)"))
    assert client.broker() == "stub"


def test_margin_is_asked_for_with_numbers_as_text(peer, client):
    peer.says("margin", recorded("margin", "success"))
    wanted = OrderWanted("NSE", "RELIANCE", "BUY", 10, "MIS", "LIMIT", price=1400)
    assert client.margin([wanted]) == MarginNeeded(Decimal("2800.0"), Decimal(0), Decimal(0))
    (position,) = peer.calls("margin")[0]["positions"]
    assert (position["quantity"], position["price"], position["pricetype"]) == ("10", "1400", "LIMIT")
    with pytest.raises(ValueError, match="1 to 50"):
        client.margin([])


def test_a_message_is_taken_or_not_and_told_once(peer, client):
    peer.says("telegram/notify", (200, {"status": "success", "message": "sent"}))
    assert client.telegram("x" * 5000, username="rajan")
    sent = peer.calls("telegram/notify")[0]
    assert (len(sent["message"]), sent["username"]) == (4096, "rajan")
    peer.says("telegram/notify", DROP)
    assert not client.telegram("again", username="rajan")
    assert len(peer.calls("telegram/notify")) == 2


@pytest.mark.parametrize("trouble", [DROP, (500, {"message": "x"}), (429, {"message": "50 per 1 second"}), (200, b"")])
def test_F39_a_read_that_may_pass_is_asked_again_after_a_pause(peer, client, slept, trouble):
    good = recorded("live_mode", "funds")
    peer.says("funds", trouble, trouble, good)
    assert client.funds().available_cash == 1000000
    assert slept[:1] == [0.4]
    assert len(peer.calls("funds")) == 3


def test_pauses_grow_are_jittered_and_capped(peer, make_client, slept):
    peer.says("funds", DROP)
    with pytest.raises(ReadFailed):
        make_client(jitter=lambda: 0.5).funds()
    assert slept == [0.2, 0.4]
    assert len(peer.calls("funds")) == 3


def test_a_read_that_was_refused_is_not_asked_again(peer, client, slept):
    for status in (400, 403, 404):
        peer.says("funds", (status, {"status": "error", "message": "no"}))
        with pytest.raises(ReadFailed):
            client.funds()
    assert len(peer.calls("funds")) == 3
    assert slept == []


def test_a_read_that_times_out_gives_up_after_twice_its_time(peer, make_client):
    peer.says("funds", SILENCE)
    with pytest.raises(ReadFailed, match="timed out") as caught:
        make_client(timeout_s=0.8).funds()
    assert caught.value.error == "network"
    until(lambda: len(peer.calls("funds")) >= 2)
    assert len(peer.calls("funds")) == 2


def test_F29_F30_a_dead_login_and_a_revoked_key_are_told_apart_from_trouble(peer, client):
    peer.says("orderbook", recorded("orderbook", "bad api key"))
    with pytest.raises(ReadFailed, match="Invalid openalgo apikey") as caught:
        client.orders()
    assert caught.value.error == "no_login"
    peer.says("orderbook", recorded("live_mode", "orderbook broker raises"))
    with pytest.raises(ReadFailed, match=r"session expired.*log in to the broker") as caught:
        client.orders()
    assert caught.value.error == "no_login"


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (
            500,
            "Client error '403 Forbidden' for url 'https://broker.example/orders'\nFor more information check: ...",
            "no_login",
        ),
        (500, "Client error '401 Unauthorized' for url 'https://broker.example/orders'", "no_login"),
        (500, "Error fetching quotes: API Error: Incorrect `api_key` or `access_token`.", "no_login"),
        (500, "Could not authenticate the user", "no_login"),
        (500, "Unauthorized", "no_login"),
        (500, 'HTTP error 401: {"s": "error"}', "no_login"),
        (500, "Unauthorized IP address", "unknown"),
        (500, "Server error '502 Bad Gateway' for url 'https://broker.example/orders'", "unknown"),
        (500, "Client error '404 Not Found' for url 'https://broker.example/401/403'", "unknown"),
    ],
)
def test_F30_a_token_that_died_is_known_by_what_the_plugins_http_client_says(peer, client, code, words, kind):
    """Zerodha's: books were "unreadable" half a minute later, and nobody was told that a login is needed."""
    peer.says("orderbook", (code, {"status": "error", "message": words}))
    with pytest.raises(ReadFailed) as caught:
        client.orders()
    assert caught.value.error == kind


def test_F25_reads_have_a_budget_of_their_own(peer, make_client):
    now = [0.0]
    budget = Budget(reads_per_s=2, monotonic=lambda: now[0], sleep=lambda s: now.__setitem__(0, now[0] + s))
    client = make_client(budget=budget)
    peer.says("funds", recorded("live_mode", "funds"))
    for _ in range(5):
        client.funds()
    assert now[0] == 2.0


def test_data_that_is_not_there_is_named(peer, client):
    peer.says("orderbook", (200, {"status": "success"}))
    with pytest.raises(ReadFailed, match="orderbook: data is missing"):
        client.orders()
    for data in (None, [], "x"):
        peer.says("analyzer", success(data))
        with pytest.raises(ReadFailed, match="data must be an object"):
            client.mode()
