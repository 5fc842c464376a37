"""An account read into a book: the sandbox's story, a live broker's shape, and everything that may be missing."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, localcontext

import pytest
from attrs import evolve

import riskcore as rc
from riskcore_openalgo.client import Funds
from riskcore_openalgo.portfolio import entries_of, opening_equity, read_book
from tests.client.conftest import NOW
from tests.client.peer import DROP, recorded, success

pytestmark = pytest.mark.smoke

EMPTY = {
    "funds": recorded("funds", "success (empty account)"),
    "orderbook": recorded("orderbook", "success (empty account)"),
    "tradebook": recorded("tradebook", "success (empty account)"),
    "positionbook": recorded("positionbook", "success (empty account)"),
    "holdings": recorded("holdings", "success (empty account)"),
    "symbol": recorded("symbol", "success"),
}
RELIANCE = rc.nse_equity("RELIANCE", on=NOW.date(), tick="0.05")
HELD = rc.Position(
    instrument=RELIANCE,
    side="BUY",
    quantity=100,
    average_price="1400.05",
    stop=1380,
    target=1450,
    product="MIS",
    opened_quantity=100,
    initial_stop=Decimal(1380),
    strategy="ours",
    signal_id="s1",
)


@pytest.fixture
def account(peer):
    """The answers of an account, an empty one but for what a test says."""

    def say(**answers):
        for path, answer in {**EMPTY, **answers}.items():
            peer.says(path, answer)

    say()
    return say


def row(**changes):
    given = {"symbol": "RELIANCE", "exchange": "NSE", "product": "MIS", "quantity": 10}
    return {**given, "average_price": 1400.05, "ltp": 1410.0, **changes}


def order(number, side, quantity=10, **changes):
    given = {"id": str(number), "key": "NSE:RELIANCE", "side": side, "quantity": quantity, "product": "MIS"}
    placed = NOW + timedelta(seconds=number)
    return rc.BrokerOrder(**{**given, "status": "complete", "price": 1, "placed_at": placed, **changes})


def test_a_fresh_account_has_its_money_and_nothing_else(account, client):
    read = read_book(client, at=NOW)
    assert (read.book.opening_equity, read.book.equity) == (10000000, 10000000)
    assert (read.book.positions, read.book.trades_today, read.book.session) == ((), 0, NOW.date())
    assert read.missing == ()
    assert read.funds.available_cash == 10000000
    assert read.broker.orders == ()


def test_the_opening_equity_stays_through_the_whole_story_of_a_day(account, client):
    """Cash and margin move with every fill; cash + margin - realised is what the day began with."""
    for number in range(1, 8):
        case = next(one for one in STORY if one.startswith(f"story {number}:"))
        account(funds=recorded("funds", case), positionbook=recorded("positionbook", case))
        read = read_book(client, at=NOW)
        assert read.book.opening_equity == 10000000, case
        assert read.book.realised + read.book.unrealised == TOTALS[number], case


STORY = (
    "story 1: BUY 100 RELIANCE MIS filled at ask 1400.05, last 1400",
    "story 2: last price 1410",
    "story 3: SELL 40 filled at bid 1409.95 (partial close)",
    "story 4: last price 1380",
    "story 5: SELL 60 filled at 1379.95, flat",
    "story 6: flat, last price moves to 1390",
    "story 7: SELL 20 short re-opens the same row",
)
TOTALS = {1: Decimal(-5), 2: Decimal(995), 3: Decimal(993), 4: Decimal(-807), 5: -810, 6: -810, 7: Decimal(-811)}


def test_a_foreign_position_has_no_stop_and_says_so(account, client):
    account(positionbook=recorded("positionbook", STORY[6]))
    read = read_book(client, at=NOW)
    (short,) = read.book.positions
    assert (short.side, short.quantity, short.average_price, short.stop) == ("SELL", 20, Decimal("1389.95"), None)
    assert short.instrument.key == "NSE:RELIANCE"
    assert "positions: NSE:RELIANCE MIS -20: not opened here, and without a stop" in read.notes
    assert read.missing == ()


def test_a_live_account_is_read_from_strings(account, client):
    account(
        funds=recorded("live_mode", "funds"),
        positionbook=(200, {"status": "success", "data": [row(average_price="1400.05")]}),
    )
    read = read_book(client, at=NOW)
    assert read.book.opening_equity == 1000000
    assert read.book.positions[0].average_price == Decimal("1400.05")
    assert client.seen_mode is not None


@pytest.mark.parametrize(
    ("broker", "equity"), [("zerodha", 1_000_000), ("angel", 1_000_000), ("mstock", 1_060_500), ("nobody", 1_060_500)]
)
def test_cash_that_is_the_days_balance_has_the_margin_in_use_in_it_already(account, client, broker, equity):
    """Kite's: cash is what the day began with. Margin was added to it once more, and sizes were as much too large."""
    told = {"availablecash": "1000000.00", "utiliseddebits": "60000.00", "m2mrealized": "-500.00"}
    account(funds=success({**told, "collateral": "0.00", "m2munrealized": "120.00"}))
    assert read_book(client, at=NOW, broker=broker).book.opening_equity == equity


@pytest.mark.parametrize("broker", ["upstox", "shoonya", "flattrade", "zebu", "tradesmart"])
@pytest.mark.parametrize(
    ("available", "used", "realised"),
    [("931912.25", "68087.75", "-8087.75"), ("940000.00", "60000.00", "8087.75"), ("948087.75", "51912.25", "8087.75")],
)
def test_a_result_that_stands_apart_changes_nothing_of_what_the_day_began_with(
    account, client, broker, available, used, realised
):
    """A loss of today is part of the margin in use; a profit of neither figure (Upstox), or taken off it (Noren)."""
    told = {"availablecash": available, "utiliseddebits": used, "m2mrealized": realised}
    account(funds=success({**told, "collateral": "0.00", "m2munrealized": "0.00"}))
    read = read_book(client, at=NOW, broker=broker)
    assert (read.book.opening_equity, read.book.realised) == (1_000_000, Decimal(realised))
    told = client.funds().of_broker(rc.capability(broker, on=NOW.date()))
    assert (told.available_cash, told.realised_today) == (Decimal(available), 0)


@pytest.mark.parametrize(("broker", "cash"), [("zerodha", 40_000), ("upstox", 100_000)])
def test_collateral_is_money_that_can_be_spent_only_where_it_counts(broker, cash):
    """Shares that are pledged carry margin, and buy nothing."""
    money = Funds(*map(Decimal, (100_000, 60_000, 25_000, -500, 0)))
    row = rc.capability(broker, on=NOW.date())
    assert money.of_broker(row).available_cash == cash
    assert money.of_broker(row, collateral_counts=True).available_cash == cash + 25_000


def test_the_broker_is_asked_for_its_name_where_it_is_not_given(account, client, peer):
    told = {"availablecash": "1000000.00", "utiliseddebits": "60000.00", "m2mrealized": "0.00"}
    books = dict.fromkeys(("tradebook", "positionbook", "holdings"), (200, {"status": "success", "data": []}))
    account(
        funds=success({**told, "collateral": "0.00", "m2munrealized": "0.00"}),
        ping=success({"broker": "zerodha", "message": "pong"}),
        orderbook=(200, {"status": "success", "data": {"orders": [], "statistics": {}}}),
        **books,
    )
    assert read_book(client, at=NOW).book.opening_equity == 1_000_000
    peer.says("ping", (500, {"status": "error", "message": "no"}))
    read = read_book(client, at=NOW)
    assert read.book.opening_equity is None
    assert read.missing[0].startswith("ping: ")


def test_F12_without_funds_the_equity_is_unknown_and_named(account, client):
    account(funds=success({}))
    read = read_book(client, at=NOW)
    assert read.book.opening_equity is None
    assert len(read.missing) == 1
    assert read.missing[0].startswith("funds: data is empty")


def test_F12_noughts_alone_are_what_a_plugin_makes_of_an_error(account, client):
    """Dhan's and INDmoney's of a dead login: an account of 0 would refuse all day, and ring when the money is there."""
    noughts = dict.fromkeys(("availablecash", "collateral", "m2mrealized", "m2munrealized", "utiliseddebits"), "0.00")
    account(funds=success(noughts))
    assert read_book(client, at=NOW).missing[0].startswith("funds: every figure is 0")
    for name in noughts:
        account(funds=success({**noughts, name: "0.01"}))
        assert client.funds()


def test_a_missing_field_of_the_funds_is_named(account, client):
    account(funds=success({"availablecash": "1", "collateral": "0", "m2mrealized": "0", "m2munrealized": "0"}))
    assert read_book(client, at=NOW).missing[0].startswith("funds: data.utiliseddebits is missing")


@pytest.mark.parametrize(("path", "name"), [("orderbook", "orders"), ("positionbook", "positions")])
def test_F29_F47_a_book_that_could_not_be_read_leaves_the_equity_unknown(account, client, path, name):
    account(**{path: DROP})
    read = read_book(client, at=NOW)
    assert read.book.opening_equity is None
    assert read.missing[0].startswith(f"{name}: {path}: ")


def test_no_entry_is_decided_on_a_part_of_the_truth_and_the_refusal_names_it(account, client):
    account(positionbook=DROP)
    market = rc.Market(instrument=RELIANCE, at=NOW, last=1400, atr=10)
    signal = rc.Signal("RELIANCE", "BUY", at=NOW)
    decision = rc.decide(signal, read_book(client, at=NOW).book, market, rc.Policy())
    assert "equity_unknown" in decision.explain()
    account()
    assert rc.decide(signal, read_book(client, at=NOW).book, market, rc.Policy()).approved


def test_trades_and_holdings_that_nobody_needs_may_be_unread(account, client):
    account(tradebook=DROP, holdings=DROP)
    read = read_book(client, at=NOW)
    assert read.missing == ()
    assert read.book.opening_equity == 10000000
    assert [note.split(":")[0] for note in read.notes[:2]] == ["trades", "holdings"]


def test_shares_sold_from_holdings_are_no_short(account, client):
    account(
        positionbook=success([row(product="CNC", quantity=-2)]),
        holdings=success({"holdings": [{"symbol": "RELIANCE", "exchange": "NSE", "quantity": 5, "product": "CNC"}]}),
    )
    read = read_book(client, at=NOW)
    assert read.book.positions == ()
    assert "positions: NSE:RELIANCE CNC: 2 sold from holdings" in read.notes


@pytest.mark.parametrize(("broker", "held"), [("shoonya", 0), ("zerodha", 1)])
def test_what_was_sold_of_them_is_no_short_where_the_holdings_fall_by_it_too(account, client, broker, held):
    """Five of five that were sold were none in the holdings, and five short in the positions."""
    holding = {"symbol": "RELIANCE", "exchange": "NSE", "quantity": 0, "product": "CNC"}
    sold = row(product="CNC", quantity=-5)
    account(
        funds=recorded("live_mode", "funds"), positionbook=success([sold]), holdings=success({"holdings": [holding]})
    )
    assert len(read_book(client, at=NOW, broker=broker).book.positions) == held


def test_what_holdings_do_not_cover_is_short_and_so_is_every_other_product(account, client):
    holding = success({"holdings": [{"symbol": "RELIANCE", "exchange": "NSE", "quantity": 5, "product": "CNC"}]})
    account(positionbook=success([row(product="CNC", quantity=-7), row(quantity=-2)]), holdings=holding)
    positions = read_book(client, at=NOW).book.positions
    assert [(one.product, one.side, one.quantity) for one in positions] == [("CNC", "SELL", 2), ("MIS", "SELL", 2)]


def test_a_sale_that_holdings_might_cover_needs_them(account, client):
    account(positionbook=success([row(product="CNC", quantity=-2)]), holdings=DROP)
    read = read_book(client, at=NOW)
    assert read.book.opening_equity is None
    assert read.missing == ("holdings: NSE:RELIANCE was sold from them or short, and they could not be read",)


@pytest.mark.parametrize(
    ("changes", "answers", "words"),
    [
        ({"symbol": None}, {}, "a row without a symbol MIS 10: the row has no symbol"),
        ({"average_price": 0}, {}, "NSE:RELIANCE MIS 10: the row has no average_price"),
        ({}, {"symbol": recorded("symbol", "unknown symbol")}, "NSE:RELIANCE MIS 10: symbol NSE:RELIANCE: HTTP 404"),
    ],
)
def test_a_position_that_cannot_be_valued_is_named(account, client, changes, answers, words):
    account(positionbook=success([row(**changes)]), **answers)
    read = read_book(client, at=NOW)
    assert read.book.opening_equity is None
    assert read.missing[0].startswith(f"positions: {words}")


def test_a_flat_row_without_a_symbol_holds_nothing_up(account, client):
    account(positionbook=recorded("live_mode", "positionbook after closeposition"))
    assert read_book(client, at=NOW).missing == ()


def test_our_own_position_keeps_its_stop_and_gets_the_latest_price(account, client):
    account(positionbook=success([row(quantity=100)]))
    known = rc.Book(9000000, session=NOW.date(), positions=[HELD], trades_today=3)
    read = read_book(client, at=NOW, known=known)
    assert read.book.positions == (evolve(HELD, last=Decimal("1410.0")),)
    assert (read.book.opening_equity, read.book.trades_today) == (9000000, 3)
    assert (read.missing, read.notes) == ((), ())


def test_F48_the_quantity_of_our_position_follows_the_broker(account, client):
    account(positionbook=success([row(quantity=60)]))
    known = rc.Book(9000000, session=NOW.date(), positions=[HELD])
    read = read_book(client, at=NOW, known=known)
    (held,) = read.book.positions
    assert (held.quantity, held.stop, held.opened_quantity) == (60, 1380, 100)
    assert read.notes == ("positions: NSE:RELIANCE MIS: 60 at the broker, 100 here",)


@pytest.mark.parametrize("rows", [[], [row(quantity=0, average_price=0)], [row(quantity=-100)]])
def test_F47_a_position_of_ours_that_is_not_shown_is_kept_and_named(account, client, rows):
    account(positionbook=success(rows))
    known = rc.Book(9000000, session=NOW.date(), positions=[HELD])
    read = read_book(client, at=NOW, known=known)
    assert HELD in read.book.positions
    assert read.book.opening_equity is None
    assert "BUY 100 is held here and is not shown" in read.missing[0]


def test_positions_that_could_not_be_read_stay_as_they_were(account, client):
    account(positionbook=DROP)
    known = rc.Book(9000000, session=NOW.date(), positions=[HELD])
    read = read_book(client, at=NOW, known=known)
    assert read.book.positions == (HELD,)
    assert read.book.opening_equity is None


def test_a_known_book_of_yesterday_is_taken_into_today(account, client):
    yesterday = NOW - timedelta(days=3)
    known = rc.Book(9000000, session=yesterday.date(), realised=-500, trades_today=4)
    read = read_book(client, at=NOW, known=known)
    assert (read.book.session, read.book.trades_today, read.book.realised) == (NOW.date(), 0, 0)
    assert read.book.opening_equity == 10000000
    assert read.book.days[-1].session == yesterday.date()


def test_collateral_counts_only_where_it_is_said_to():
    funds = Funds(*(Decimal(part) for part in ("100000.10", "20000.20", "5000", "-300.30", "0")))
    with localcontext() as host:
        host.prec = 4
        assert opening_equity(funds) == Decimal("120300.60")
        assert opening_equity(funds, collateral_counts=True) == Decimal("125300.60")


def test_F16_the_days_entries_are_counted_from_the_order_book(account, client):
    """Of the story's five orders one opened a long, one a short, and one turned that into a long again."""
    after = recorded("positionbook", "story 8: BUY 50 reverses short 20 to long 30")
    account(orderbook=recorded("orderbook", "after the P&L story"), positionbook=after)
    read = read_book(client, at=NOW)
    assert read.book.trades_today == 3
    assert "trades_today: 3, derived from the order book" in read.notes


@pytest.mark.parametrize(
    ("orders", "held", "entries"),
    [
        ([order(1, "BUY"), order(2, "SELL")], 0, 1),
        ([order(2, "SELL"), order(1, "BUY")], 0, 1),
        ([order(1, "SELL")], 0, 0),
        ([order(1, "SELL")], -10, 1),
        ([order(1, "BUY"), order(2, "SELL", 20)], -10, 2),
        ([order(1, "BUY", status="rejected")], 0, 0),
        ([order(1, "BUY", status="rejected", filled_quantity=4)], 4, 1),
        ([order(1, "BUY", status="cancelled", filled_quantity=0)], 0, 1),
        ([order(1, "BUY"), order(2, "SELL", status="trigger_pending", trigger=1, filled_quantity=0)], 10, 1),
        ([order(1, "BUY", status="open", filled_quantity=0)], 0, 1),
        ([order(1, "BUY", placed_at=None), order(2, "SELL", placed_at=None)], 0, 1),
    ],
)
def test_an_order_counts_if_it_opened_enlarged_or_turned_a_position(orders, held, entries):
    positions = [rc.BrokerPosition(key="NSE:RELIANCE", product="MIS", quantity=held)] if held else []
    assert entries_of(orders, positions) == entries


def test_working_orders_of_nobody_are_told(account, client):
    account(orderbook=recorded("live_mode", "orderbook"))
    notes = read_book(client, at=NOW).notes
    assert any("NSE:RELIANCE works as 9179541001100002" in note for note in notes)


def test_a_moment_of_another_time_zone_is_the_same_session(account, client):
    late = datetime(2026, 11, 23, 19, 0, tzinfo=timezone.utc)
    assert read_book(client, at=late).book.session == date(2026, 11, 24)
