"""Instruments made of the broker's contract master and the market tables."""

from datetime import date
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore_openalgo.client import InstrumentCache, ReadFailed
from riskcore_openalgo.config.settings import InstrumentGiven
from tests.client.peer import recorded, success

pytestmark = pytest.mark.smoke

TODAY = date(2026, 11, 23)
CRUDE = {"ltp": 5431, "open": 5440, "high": 5460, "low": 5402}
MRF = {"ltp": 152_432.35, "bid": 152_430, "ask": 152_435, "open": 151_900, "high": 152_600, "low": 151_800}
SBIN = {"ltp": 803.45, "bid": 803.4, "ask": 803.5, "open": 800, "high": 804.15, "low": 797.2, "prev_close": 801.2}


def row_of(case, **changes):
    _, body = recorded("symbol", case)
    return success({**body["data"], **changes})


def test_a_share_has_the_brokers_tick_and_the_tables_sector(peer, client):
    peer.says("symbol", row_of("success", tick_size=0.1, brsymbol="RELIANCE-BE"))
    made = InstrumentCache(client).instrument("NSE", "RELIANCE", TODAY)
    assert (made.key, made.tick, made.lot_size, made.series) == ("NSE:RELIANCE", Decimal("0.1"), 1, "BE")
    assert made.sector == rc.sector_of("RELIANCE")
    assert made.derivatives_listed is True
    assert made.freeze_quantity is None


def test_a_share_of_bse_is_of_bse(peer, client):
    peer.says("symbol", row_of("success", exchange="BSE"))
    assert InstrumentCache(client).instrument("BSE", "RELIANCE", TODAY).exchange == "BSE"


def test_a_future_has_the_brokers_lot_and_freeze_quantity(peer, client):
    peer.says("symbol", row_of("future"))
    made = InstrumentCache(client).instrument("NFO", "NIFTY29DEC26FUT", TODAY)
    assert (made.symbol, made.segment, made.kind, made.underlying) == ("NIFTY29DEC26FUT", "FUT", "index", "NIFTY")
    assert (made.lot_size, made.freeze_quantity, made.expiry) == (75, 1800, date(2026, 12, 29))


def test_a_freeze_quantity_that_the_broker_lacks_is_the_tables(peer, client):
    peer.says("symbol", row_of("future", freeze_qty=1))
    made = InstrumentCache(client).instrument("NFO", "NIFTY29DEC26FUT", TODAY)
    assert made.freeze_quantity == rc.freeze_for("NIFTY", on=TODAY)


def test_an_option_and_a_commodity_are_read_by_their_names(peer, client):
    peer.says("symbol", row_of("option"))
    made = InstrumentCache(client).instrument("NFO", "NIFTY29DEC2626000CE", TODAY)
    assert (made.segment, made.strike, made.right) == ("OPT", 26000, "CE")
    peer.says("symbol", row_of("MCX future"))
    peer.says("quotes", success(CRUDE))
    crude = InstrumentCache(client).instrument("MCX", "CRUDEOIL18DEC26FUT", TODAY)
    assert (crude.kind, crude.lot_size, crude.freeze_quantity) == ("commodity", 100, None)


def test_what_the_user_says_comes_first(peer, client):
    peer.says("symbol", row_of("success"))
    given = {"RELIANCE": InstrumentGiven(sector="Mine", tick="0.25")}
    made = InstrumentCache(client, given=given).instrument("NSE", "RELIANCE", TODAY)
    assert (made.sector, made.tick, made.lot_size) == ("Mine", Decimal("0.25"), 1)


def test_a_fund_is_one_where_its_user_or_the_contract_master_says_so(peer, client):
    """Of a contract nobody may say what it is written on but its name."""
    peer.says("symbol", row_of("success"))
    given = {name: InstrumentGiven(kind="etf_without_stt") for name in ("GOLDBEES", "NIFTY29DEC2626000CE")}
    cache = InstrumentCache(client, given=given)
    assert [cache.instrument("NSE", name, TODAY).kind for name in ("GOLDBEES", "RELIANCE")] == [
        "etf_without_stt",
        "stock",
    ]
    peer.says("symbol", row_of("success", instrumenttype="ETF"))
    assert cache.instrument("NSE", "NIFTYBEES", TODAY).kind == "etf"
    peer.says("symbol", row_of("option"))
    with pytest.raises(ReadFailed, match="take kind: etf_without_stt away"):
        cache.instrument("NFO", "NIFTY29DEC2626000CE", TODAY)


@pytest.mark.parametrize(
    ("told", "quoted", "tick"),
    [
        (5.0, SBIN, "0.05"),
        (5.0, MRF, "5"),
        (10.0, {"ltp": 1400.1, "open": 1400}, "0.1"),
        (1.0, {"ltp": 160.37}, "0.01"),
        (1.0, {"ltp": 7431, "open": 7400, "high": 7450}, "1"),
        (0.25, {"ltp": 88.1225, "bid": 88.12, "ask": 88.125}, "0.0025"),
    ],
)
def test_a_tick_in_paise_is_known_by_prices_between_its_steps(peer, client, told, quoted, tick):
    """A plugin told 5 of what is 0.05: stops and limits went by steps of five rupees, entries far from the price."""
    peer.says("symbol", row_of("success", tick_size=told))
    peer.says("quotes", success(quoted))
    assert InstrumentCache(client).instrument("NSE", "RELIANCE", TODAY).tick == Decimal(tick)


@pytest.mark.parametrize(
    ("quoted", "tick"),
    [
        ({"ltp": 420.05}, "0.05"),
        ({"ltp": 160.05}, "0.05"),
        ({"ltp": 1400.1}, "0.1"),
        ({"ltp": 990.5}, "0.1"),
        ({"ltp": 4000, "prev_close": 4300}, "0.5"),
        (MRF, "5"),
        ({"ltp": 0}, "0.05"),
    ],
)
def test_the_tick_that_a_plugin_says_of_every_share_is_that_of_its_prices_band(peer, client, quoted, tick):
    """Flattrade's says 0.05 of each: at 1,400 every other stop was refused by the exchange, as off its tick."""
    peer.says("symbol", row_of("success", tick_size=0.05))
    peer.says("quotes", success(quoted))
    cache = InstrumentCache(client)
    assert cache.instrument("NSE", "RELIANCE", TODAY).tick == Decimal(tick)
    assert (cache.known("NSE", "RELIANCE", TODAY) is None) == (quoted["ltp"] == 0)
    given = {"RELIANCE": InstrumentGiven(tick="0.05")}
    assert InstrumentCache(client, given=given).instrument("NSE", "RELIANCE", TODAY).tick == Decimal("0.05")


def test_what_its_user_says_of_anything_else_leaves_the_tick_of_a_share_to_its_price(peer, client):
    peer.says("symbol", row_of("success", tick_size=0.05))
    peer.says("quotes", success({"ltp": 1400.1}))
    given = {"RELIANCE": InstrumentGiven(sector="Mine")}
    made = InstrumentCache(client, given=given).instrument("NSE", "RELIANCE", TODAY)
    assert (made.sector, made.tick) == ("Mine", Decimal("0.1"))


def test_the_tick_of_a_contract_is_of_no_band_of_shares(peer, client):
    """A future of an index at 26,000 goes by 0.05 or 0.10 as its exchange says, and not by five rupees."""
    peer.says("symbol", row_of("future", tick_size=0.05))
    peer.says("quotes", success({"ltp": 26_000.05}))
    assert InstrumentCache(client).instrument("NFO", "NIFTY29DEC26FUT", TODAY).tick == Decimal("0.05")


def test_a_coarse_tick_without_a_quote_makes_no_instrument_unless_the_user_says_it(peer, client):
    peer.says("symbol", row_of("success", tick_size=5))
    peer.says("quotes", success({"ltp": 0}))
    with pytest.raises(ReadFailed, match="quotes NSE:RELIANCE"):
        InstrumentCache(client).instrument("NSE", "RELIANCE", TODAY)
    given = {"RELIANCE": InstrumentGiven(tick="0.05")}
    assert InstrumentCache(client, given=given).instrument("NSE", "RELIANCE", TODAY).tick == Decimal("0.05")


def test_a_commodity_with_a_lot_of_one_is_taken_where_its_user_says_so(peer, client):
    """GOLDPETAL is a gram, and its price is that of a gram. Of CRUDEOIL, 100 barrels, some brokers say 1 too."""
    peer.says("symbol", row_of("MCX future", lotsize=1, symbol="GOLDPETAL31DEC26FUT", expiry=""))
    peer.says("quotes", success(CRUDE))
    given = {"GOLDPETAL31DEC26FUT": InstrumentGiven(lot_size=1)}
    assert InstrumentCache(client, given=given).instrument("MCX", "GOLDPETAL31DEC26FUT", TODAY).lot_size == 1


def test_a_lot_of_one_is_believed_where_every_broker_counts_shares_and_else_only_where_its_user_says_it(peer, client):
    peer.says("symbol", row_of("future", lotsize=1))
    assert InstrumentCache(client).instrument("NFO", "NIFTY29DEC26FUT", TODAY).lot_size == 1
    peer.says("symbol", row_of("MCX future", lotsize=1))
    peer.says("quotes", success(CRUDE))
    given = {"CRUDEOIL18DEC26FUT": InstrumentGiven(sector="Mine")}
    with pytest.raises(ReadFailed, match="a lot of 1"):
        InstrumentCache(client, given=given).instrument("MCX", "CRUDEOIL18DEC26FUT", TODAY)


def test_a_symbol_is_asked_for_once_a_day(peer, client):
    peer.says("symbol", row_of("success", tick_size=0.1))
    cache = InstrumentCache(client)
    first = cache.instrument("NSE", "RELIANCE", TODAY)
    assert cache.instrument("NSE", "RELIANCE", TODAY) is first
    assert len(peer.asked) == 1
    cache.instrument("NSE", "RELIANCE", date(2026, 11, 24))
    assert len(peer.asked) == 2


def test_what_could_not_be_known_is_asked_again(peer, client):
    cache = InstrumentCache(client)
    peer.says("symbol", recorded("symbol", "unknown symbol"))
    with pytest.raises(ReadFailed, match="not found"):
        cache.instrument("NSE", "RELIANCE", TODAY)
    peer.says("symbol", row_of("success"))
    assert cache.instrument("NSE", "RELIANCE", TODAY).symbol == "RELIANCE"


@pytest.mark.parametrize(
    ("case", "changes", "words"),
    [
        ("index", {}, "NSE_INDEX trades contracts"),
        ("future", {"expiry": "24-NOV-26"}, "expires on 2026-12-29"),
        ("future", {"symbol": "NIFTY29XXX26FUT"}, "none that this version can read"),
        ("future", {"symbol": "NIFTY27OCT26FUT", "expiry": ""}, "expired on 2026-10-27"),
        ("MCX future", {"lotsize": 1}, "a lot of 1: a broker that counts contracts says so of any"),
        ("success", {"symbol": "reliance"}, "in capitals"),
        ("success", {"tick_size": 0.00001}, "at least 0.0001"),
    ],
)
def test_what_makes_no_instrument_is_named(peer, client, case, changes, words):
    peer.says("symbol", row_of(case, **changes))
    peer.says("quotes", success(CRUDE))
    with pytest.raises(ReadFailed, match=words):
        InstrumentCache(client).instrument("NSE", "X", TODAY)
