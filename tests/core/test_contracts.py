"""Futures and options: their names, ticks, lots, freeze quantities and slices; price bands, margins, expiries."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

import riskcore as rc
from riskcore.table_rows import Freeze, Listing, Lot, Margin, PriceBand, TickBand, Ticks
from riskcore.tables import lots, ticks

pytestmark = pytest.mark.smoke

TODAY = date(2026, 11, 20)
EXPIRY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("kind", "close", "day", "tick"),
    [
        ("index", "14999.95", "2025-04-15", "0.05"),
        ("index", "15000", "2025-04-15", "0.10"),
        ("index", "30000", "2025-04-15", "0.10"),
        ("index", "30000.05", "2025-04-15", "0.20"),
        ("index", "30000.05", "2025-04-14", "0.05"),
        ("stock", "249.99", "2025-04-15", "0.01"),
        ("stock", "1500", "2025-04-15", "0.10"),
        ("stock", "1500", "2025-04-14", "0.05"),
        ("stock", "100", "2024-06-09", "0.05"),
    ],
)
def test_F28_the_tick_of_a_future_follows_the_underlying_and_the_day(kind, close, day, tick):
    """Bands of the index since 2025-04-15; single stocks as their shares."""
    found = rc.tick_for(Decimal(close), on=date.fromisoformat(day), exchange="NFO", segment="FUT", kind=kind)
    assert found == Decimal(tick)


@pytest.mark.parametrize("day", ["2016-01-01", "2024-06-10", "2025-04-15", "2026-11-20"])
def test_the_tick_of_an_option_has_always_been_the_same(day):
    """0.05, whatever the premium."""
    for kind in ("stock", "index"):
        found = rc.tick_for(Decimal(1000), on=date.fromisoformat(day), exchange="NFO", segment="OPT", kind=kind)
        assert found == Decimal("0.05")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"symbol": "NSE:SBIN"}, "in capitals, without its exchange, such as RELIANCE"),
        ({"symbol": "sbin"}, "in capitals such as RELIANCE"),
        ({"expiry": "tomorrow"}, "expiry must be a day such as"),
    ],
)
def test_an_instrument_is_told_what_it_cannot_be(wrong, told):
    """A symbol with its exchange was a share that nobody has; a text for an expiry failed at the first decision."""
    with pytest.raises(ValueError, match=told):
        rc.Instrument(**{"symbol": "SBIN", "tick": "0.05", **wrong})
    assert rc.Instrument(symbol="SBIN", tick="0.05", expiry="2026-11-24").expiry == date(2026, 11, 24)


def test_an_exchange_traded_fund_has_no_tick_in_the_table():
    """Its tick has to be given."""
    with pytest.raises(LookupError, match=r"no tick table for NSE EQ \(etf\)"):
        rc.nse_equity("NIFTYBEES", on=TODAY, last_month_close=280, kind="etf")
    assert rc.nse_equity("NIFTYBEES", on=TODAY, tick="0.01", kind="etf").tick == Decimal("0.01")


@pytest.mark.parametrize(
    ("underlying", "expiry", "lot"),
    [
        ("NIFTY", "2025-12-30", 75),
        ("NIFTY", "2026-01-06", 65),
        ("BANKNIFTY", "2025-06-26", 30),
        ("BANKNIFTY", "2025-07-31", 35),
        ("BANKNIFTY", "2026-01-27", 30),
        ("FINNIFTY", "2025-12-30", 65),
        ("FINNIFTY", "2026-11-24", 60),
        ("MIDCPNIFTY", "2026-11-24", 120),
        ("NIFTYNXT50", "2026-11-24", 25),
        ("RELIANCE", "2026-11-24", None),
        ("NIFTY", "2020-01-30", None),
    ],
)
def test_F28_two_lots_live_side_by_side_and_the_expiry_tells_them_apart(underlying, expiry, lot):
    """Facts of the circular NSE/FAOP/70616 and of the notice of April 2025."""
    assert rc.lot_for(underlying, expiry=date.fromisoformat(expiry)) == lot


def test_the_lots_agree_with_the_recorded_rules(riskcore_data):
    """NIFTY, BANKNIFTY and SENSEX as recorded; FINNIFTY and MIDCPNIFTY there are the lots of 2024."""
    import json  # noqa: PLC0415

    text = (riskcore_data / "reference" / "market_rules.json").read_text(encoding="utf-8")
    theirs = json.loads(text)["index_lots_per_openalgo_docs"]
    for name, exchange in (("NIFTY", "NFO"), ("BANKNIFTY", "NFO"), ("SENSEX", "BFO"), ("BANKEX", "BFO")):
        assert rc.lot_for(name, expiry=EXPIRY) == theirs[name]
        assert rc.exchange_for(name) == exchange


def test_a_future_and_an_option_from_the_tables():
    """All that the exchange says of a contract, in one call."""
    future = rc.future("NIFTY", expiry=EXPIRY, on=TODAY, last_month_close=25_900)
    assert (future.symbol, future.key) == ("NIFTY23NOV26FUT", "NFO:NIFTY23NOV26FUT")
    assert (future.tick, future.lot_size, future.freeze_quantity) == (Decimal("0.10"), 65, 1800)
    assert (future.kind, future.segment, future.underlying, future.expiry) == ("index", "FUT", "NIFTY", EXPIRY)
    assert future.bucket == "index NIFTY"
    option = rc.option("RELIANCE", expiry=EXPIRY, strike="1292.5", right="pe", on=TODAY, lot_size=500)
    assert (option.symbol, option.strike, option.right) == ("RELIANCE23NOV261292.5PE", Decimal("1292.5"), "PE")
    assert (option.kind, option.tick, option.lot_size, option.freeze_quantity) == ("stock", Decimal("0.05"), 500, 15000)
    assert option.bucket == "Oil Gas & Consumable Fuels"
    sensex = rc.future("SENSEX", expiry=date(2026, 11, 26), on=TODAY, tick="0.05")
    assert (sensex.key, sensex.kind, sensex.lot_size) == ("BFO:SENSEX26NOV26FUT", "index", 20)
    assert sensex.freeze_quantity is None
    bankex = rc.option("BANKEX", expiry=date(2026, 11, 26), strike=60_000, right="CE", on=TODAY, tick="0.05")
    assert (bankex.key, bankex.lot_size) == ("BFO:BANKEX26NOV2660000CE", 30)
    gold = rc.future("GOLD", expiry=date(2026, 12, 4), on=TODAY, exchange="MCX", tick=1, lot_size=1)
    assert gold.kind == "commodity"


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ({"underlying": "RELIANCE", "expiry": EXPIRY, "last_month_close": 1290}, ValueError, "give lot_size="),
        ({"underlying": "NIFTY", "expiry": EXPIRY}, ValueError, "give tick="),
        ({"underlying": "NIFTY", "expiry": date(2026, 11, 17), "tick": 1}, ValueError, "expired on 2026-11-17"),
        ({"underlying": "GOLD", "expiry": EXPIRY, "exchange": "MCX", "last_month_close": 1}, LookupError, "no tick"),
    ],
)
def test_what_no_table_knows_must_be_given(more, error, says):
    """The message names the argument to add."""
    with pytest.raises(error, match=says):
        rc.future(on=TODAY, **more)


def test_the_cash_market_has_no_freeze_quantity_of_its_contracts():
    """The list is of futures and options."""
    assert rc.nse_equity("RELIANCE", on=TODAY, tick="0.1").freeze_quantity is None
    assert rc.freeze_for("RELIANCE", on=TODAY) == 15000
    assert rc.freeze_for("RELIANCE", on=date(2025, 12, 19)) is None
    assert rc.freeze_for("SENSEX", on=TODAY) is None


def nifty(lot=65, freeze=1800):
    return rc.Instrument(symbol="NIFTYFUT", tick="0.1", exchange="NFO", lot_size=lot, freeze_quantity=freeze)


@pytest.mark.parametrize(
    ("quantity", "thing", "parts"),
    [
        (65, nifty(), (65,)),
        (1755, nifty(), (1755,)),
        (1820, nifty(), (1755, 65)),
        (3575, nifty(), (1755, 1755, 65)),
        (17_550, nifty(), (1755,) * 10),
        (3600, nifty(75), (1800, 1800)),
        (5, rc.Instrument(symbol="INFY", tick="0.1"), (5,)),
    ],
)
def test_F28_a_quantity_above_the_freeze_quantity_is_sliced(quantity, thing, parts):
    """floor(freeze / lot) x lot a slice: 27 lots of 65 are 1,755 of NIFTY's 1,800."""
    assert rc.slices(quantity, thing) == parts


@pytest.mark.parametrize(
    ("quantity", "thing", "says"),
    [
        (100, nifty(), "multiple of the lot of 65, got 100; try 65"),
        (17_615, nifty(), r"at most 17550 \(10 slices of 1755\), got 17615"),
        (0, nifty(), "must be 1 or more"),
        (65, nifty(65, 50), "freeze quantity 50 is below one lot of 65"),
    ],
)
def test_F28_what_cannot_be_sent_is_said_with_what_can(quantity, thing, says):
    """Off the lot, more than ten slices, nothing."""
    with pytest.raises(ValueError, match=says):
        rc.slices(quantity, thing)


def test_the_largest_quantity_that_ten_slices_carry():
    """None where no freeze quantity is known."""
    assert rc.largest_quantity_sent(nifty()) == 17_550
    assert rc.largest_quantity_sent(rc.Instrument(symbol="INFY", tick="0.1")) is None


LISTED = rc.Instrument(symbol="INFY", tick="0.1")
SMALL = rc.Instrument(symbol="SMALL", tick="0.05", derivatives_listed=False)
TRADE_FOR_TRADE = rc.Instrument(symbol="SMALL", tick="0.05", derivatives_listed=False, series="BE")


@pytest.mark.parametrize(
    ("thing", "phase", "band", "low", "high"),
    [
        (LISTED, "continuous", 10, "900", "1100"),
        (LISTED, "closing_auction", 3, "970", "1030"),
        (TRADE_FOR_TRADE, "continuous", 5, "950", "1050"),
    ],
)
def test_price_bands(thing, phase, band, low, high):
    """Dynamic 10 % with derivatives, 3 % in the closing auction, 5 % trade for trade."""
    assert rc.band_pct(thing, on=TODAY, phase=phase) == band
    assert rc.price_band(thing, 1000, on=TODAY, phase=phase) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize("pct", [2, 5, 10, 20])
def test_the_daily_list_of_bands_comes_from_the_user(pct):
    """Without it the band of a share without derivatives is unknown, and so are the bands of contracts."""
    tables = rc.Tables(bands=(PriceBand(exchange="NSE", symbol="SMALL", band_pct=pct, since="2026-11-20"),))
    assert rc.price_band(SMALL, 100, on=TODAY) is None
    assert rc.price_band(nifty(), 25_000, on=TODAY) is None
    assert rc.price_band(SMALL, 100, on=TODAY, tables=tables) == (100 - pct, 100 + pct)
    assert rc.price_band(SMALL, 100, on=TODAY - timedelta(days=1), tables=tables) is None
    assert rc.margin_pct(SMALL, "MIS", on=TODAY, tables=tables) == (20 if pct == 20 else 100)


def test_no_closing_auction_band_before_there_was_one():
    """2026-08-03."""
    assert rc.band_pct(LISTED, on=date(2026, 8, 2), phase="closing_auction") is None


def test_margins_of_contracts():
    """A bought option is paid in full; futures and sold options are unknown until the user says."""
    future = rc.future("NIFTY", expiry=EXPIRY, on=TODAY, last_month_close=25_900)
    option = rc.option("NIFTY", expiry=EXPIRY, strike=26_000, right="CE", on=TODAY, tick="0.05")
    assert rc.margin_pct(option, "NRML", on=TODAY, side="BUY") == 100
    assert rc.margin_pct(option, "NRML", on=TODAY, side="SELL") is None
    assert rc.margin_pct(option, "NRML", on=TODAY) is None
    assert rc.margin_pct(future, "MIS", on=TODAY, side="BUY") is None
    mine = Margin(exchange="NFO", segment="FUT", product="all", symbol="NIFTY", margin_pct="13.5", since=TODAY)
    tables = rc.Tables(margins=(mine,))
    assert rc.margin_pct(future, "MIS", on=TODAY, side="SELL", tables=tables) == Decimal("13.5")
    other = rc.future("BANKNIFTY", expiry=EXPIRY, on=TODAY, tick="0.2")
    assert rc.margin_pct(other, "MIS", on=TODAY, side="BUY", tables=tables) is None


@pytest.mark.parametrize(
    ("on", "exchange", "expiry"),
    [
        ("2025-09-01", "NFO", "2025-09-02"),
        ("2025-09-01", "BFO", "2025-09-04"),
        ("2026-11-20", "NFO", "2026-11-23"),  # Tuesday the 24th is a holiday
        ("2026-11-24", "NFO", "2026-12-01"),
        ("2026-11-20", "BFO", "2026-11-26"),
        ("2026-12-22", "BFO", "2026-12-24"),
    ],
)
def test_weekly_expiries(on, exchange, expiry):
    """Tuesday at NSE, Thursday at BSE, the session before a holiday."""
    assert rc.weekly_expiry(date.fromisoformat(on), exchange=exchange) == date.fromisoformat(expiry)


def test_monthly_expiries():
    """The last such weekday of the month; unknown before 2025-09 and beyond the calendar."""
    assert rc.monthly_expiry(2026, 11) == date(2026, 11, 23)
    assert rc.monthly_expiry(2025, 12) == date(2025, 12, 30)
    assert rc.monthly_expiry(2026, 12) == date(2026, 12, 29)
    assert rc.monthly_expiry(2026, 11, exchange="BFO") == date(2026, 11, 26)
    with pytest.raises(rc.CalendarUnknown, match="no weekday of expiry"):
        rc.monthly_expiry(2025, 8)
    with pytest.raises(rc.CalendarUnknown, match="the calendar runs"):
        rc.monthly_expiry(2027, 1)


@pytest.mark.parametrize(
    ("name", "stage", "margin", "netting"),
    [
        ("ASM-ST", "I", 50, True),
        ("ASM-ST", "II", 100, True),
        ("ASM-LT", "I", 100, True),
        ("GSM", "II", 100, False),
        ("ESM", "I", 100, False),
        ("T2T", "all", 100, False),
        ("SOMETHING-NEW", "IX", 100, False),
    ],
)
def test_what_a_surveillance_list_does(name, stage, margin, netting):
    """No MIS on any; a list that nobody knows counts as the strictest."""
    listed = Listing(symbol="SMALL", list=name, stage=stage, since="2026-11-02", until="2026-11-20")
    tables = rc.Tables(surveillance=(listed,), surveillance_as_of=TODAY)
    found = rc.surveillance("SMALL", on=TODAY, tables=tables)
    assert (found.known, found.mis, found.margin_pct, found.netting) == (True, False, margin, netting)
    assert found.as_of == TODAY
    assert rc.margin_pct(SMALL, "MIS", on=TODAY, tables=tables) == 100
    assert rc.surveillance("SMALL", on=TODAY + timedelta(days=1), tables=tables).listed == ()
    assert rc.surveillance("INFY", on=TODAY, tables=tables).mis is True


def test_a_missing_surveillance_list_is_unknown_and_not_clear():
    """An empty list is an answer; none is none. The series alone can tell trade for trade."""
    assert rc.surveillance("SMALL", on=TODAY) == rc.Surveillance(known=False)
    assert rc.surveillance("SMALL", on=TODAY, tables=rc.Tables(sectors=())).mis is None
    assert rc.surveillance("SMALL", on=TODAY, tables=rc.Tables(surveillance=())).mis is True
    found = rc.surveillance("SMALL", on=TODAY, series="BE")
    assert (found.known, found.mis, found.netting, found.listed) == (False, False, False, ("T2T",))


def test_a_users_rows_are_asked_first():
    """Lot, freeze quantity and tick of the user's own, for the days they name."""
    tables = rc.Tables(
        lots=(Lot(exchange="NFO", underlying="RELIANCE", lot_size=500, since="2026-01-01"),),
        freeze=(Freeze(exchange="NFO", underlying="NIFTY", quantity=1200, since="2026-03-02"),),
        ticks=(
            Ticks(
                exchange="NFO",
                segment="FUT",
                since="2026-11-01",
                bands=(TickBand(upper=100, tick="0.01"), TickBand(tick="0.5")),
            ),
        ),
    )
    made = rc.future("RELIANCE", expiry=EXPIRY, on=TODAY, last_month_close=1290, tables=tables)
    assert (made.lot_size, made.tick) == (500, Decimal("0.5"))
    assert rc.future("NIFTY", expiry=EXPIRY, on=TODAY, last_month_close=99, tables=tables).freeze_quantity == 1200
    assert rc.freeze_for("NIFTY", on=date(2026, 3, 1), tables=tables) == 1800


@pytest.mark.parametrize(
    ("kind", "fields", "says"),
    [
        (Lot, {"exchange": "NFO", "underlying": "NIFTY", "lot_size": 0, "since": "2026-01-01"}, "lot_size must be 1"),
        (Lot, {"exchange": "NFO", "underlying": "Nifty", "lot_size": 1, "since": "2026-01-01"}, "symbol in capitals"),
        (Lot, {"exchange": "LSE", "underlying": "NIFTY", "lot_size": 1, "since": "2026-01-01"}, "one of NSE, BSE"),
        (Lot, {"exchange": "NFO", "underlying": "NIFTY", "lot_size": 1, "since": "2026-1-1"}, "since must be a day"),
        (
            Lot,
            {"exchange": "NFO", "underlying": "NIFTY", "lot_size": 1, "since": "2026-01-02", "until": "2026-01-01"},
            "is before since",
        ),
        (PriceBand, {"exchange": "NSE", "band_pct": 101, "since": "2026-01-01"}, "at most 100"),
        (Ticks, {"exchange": "NSE", "segment": "EQ", "since": "2026-01-01", "bands": ()}, "upper ends that rise"),
        (rc.Tables, {"lots": ("x",)}, "must hold rows of the class Lot"),
        (rc.Tables, {"lots": "x"}, "must be a list of rows"),
    ],
)
def test_a_row_that_cannot_be_right_is_refused(kind, fields, says):
    """Each message names the field and what it wants."""
    with pytest.raises(ValueError, match=says):
        kind(**fields)


def test_the_shipped_rows_are_what_the_literals_say():
    """Nothing is lost on the way from the generated module to the look-up."""
    from riskcore.overrides import shipped  # noqa: PLC0415

    assert len(shipped("ticks")) == len(ticks.TICKS)
    assert [row.lot_size for row in shipped("lots")] == [row["lot_size"] for row in lots.LOTS]
