"""What trades cost: the golden values, other people's calculators, plans, old rates, expiry."""

import json
from datetime import date
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.costs import policy_charges
from riskcore.money import to_paisa
from riskcore.table_rows import ChargeRates, FundTax

pytestmark = pytest.mark.smoke

DAY = date(2026, 11, 20)
PLAN = {"brokerage_pct": "0.03", "brokerage_max": 20}
FLAT = {"brokerage_pct": 0, "brokerage_max": 0, "brokerage_flat": 20}
FREE = {"brokerage_pct": 0, "brokerage_max": 0}
FUT = {"exchange": "NFO", "segment": "FUT", "product": "NRML"}
OPT = {"exchange": "NFO", "segment": "OPT", "product": "NRML"}

GOLDEN = [  # brokerage, STT, exchange, SEBI, stamp duty, GST and their sum, computed by hand from the rate cards
    ("delivery", {"buy": 1000, "sell": 1000, "quantity": 5000, "product": "CNC", **FREE}, "0 10000 307 10 750 57.06"),
    ("seed", {"buy": 2500, "sell": 2468, "quantity": 50, **PLAN}, "40 30.85 7.6259 0.2484 3.75 8.6174"),
    ("future", {"buy": 25000, "sell": 25100, "quantity": 65, **FUT, **FLAT}, "40 815.75 59.594 3.2565 32.50 18.5131"),
    ("option", {"buy": 100, "sell": 120, "quantity": 65, **OPT, **FLAT}, "40 11.70 5.0808 0.0143 0.195 8.1171"),
]
TOTALS = {"delivery": "11124.06", "seed": "91.0917", "future": "969.6135", "option": "65.1072"}


@pytest.mark.parametrize(("name", "trade", "parts"), GOLDEN, ids=lambda value: value if type(value) is str else "")
def test_the_golden_values_hold_to_a_hundredth_of_a_paisa(name, trade, parts):
    """Both ways of one trade in each segment, at the rates since 2026-04-01."""
    cost = rc.charges(on=DAY, **trade)
    names = ("brokerage", "stt", "exchange", "sebi", "stamp", "gst")
    found = [round(getattr(cost, part), 4) for part in names]
    assert found == [Decimal(text) for text in parts.split()]
    assert round(cost.total, 4) == Decimal(TOTALS[name])


def published(riskcore_data, name):
    rows = json.loads((riskcore_data / "worked/examples.json").read_text(encoding="utf-8"))
    return next(row for row in rows if row["name"] == f"charges_{name}")


def test_the_calculator_of_2021_to_2023_says_the_same(riskcore_data):
    """It charges no GST within the SEBI line but on it; the sum is the same to the paisa."""
    example = published(riskcore_data, "intraday/zerodha_calculator_2021_2023")
    given, wanted = example["inputs"], example["expected"]
    trade = {name: given[name] for name in ("buy", "sell", "quantity")}
    for day in (date(2021, 4, 1), date(2023, 3, 31)):
        cost = rc.charges(on=day, **trade, **PLAN)
        assert (cost.brokerage, cost.stt, cost.stamp) == (wanted["brokerage"], wanted["stt"], wanted["stamp"])
        assert to_paisa(cost.exchange) == Decimal(str(wanted["exchange_txn"]))
        assert to_paisa(cost.total) == Decimal(str(wanted["total"]))


def test_a_contract_note_of_2020_says_the_same(riskcore_data):
    """Its rates as a user's own row; STT of 0.507 rupees is one rupee on the note."""
    example = published(riskcore_data, "intraday/zerodha_small_2020")
    trade = {name: str(example["inputs"][name]) for name in ("buy", "sell", "quantity")}
    own = ChargeRates(
        exchange="NSE",
        segment="EQ",
        product="MIS",
        since="2020-01-01",
        until="2020-06-30",
        stt_buy_pct=0,
        stt_sell_pct="0.025",
        exchange_pct="0.00325",
        sebi_pct="0.0001",
        stamp_buy_pct=0,
        gst_pct=18,
    )
    tables = rc.Tables(charges=(own,))
    cost = rc.charges(on=date(2020, 3, 2), **trade, **PLAN, stt_stamp_whole_rupees=True, tables=tables)
    assert cost.stt == 1
    assert to_paisa(cost.total) == Decimal(str(example["expected"]["charges"]))
    with pytest.raises(rc.ChargesUnknown):
        rc.charges(on=date(2020, 7, 1), **trade, **PLAN, tables=tables)


@pytest.mark.parametrize(
    ("name", "order", "part", "key"),
    [
        ("delivery/stt_50000", {"side": "SELL", "value": 50_000, "product": "CNC"}, "stt", "stt"),
        ("intraday/brokerage_cap", {"side": "BUY", "value": 100_000}, "brokerage", "brokerage"),
        ("intraday/brokerage_under_cap", {"side": "BUY", "value": 10_000}, "brokerage", "brokerage"),
        ("intraday/stt_sell", {"side": "SELL", "value": 100_000}, "stt", "stt"),
    ],
)
def test_published_parts_of_charges(riskcore_data, name, order, part, key):
    """One line of a calculator each."""
    expected = published(riskcore_data, name)["expected"][key]
    assert getattr(rc.order_charges(on=DAY, **order, **PLAN), part) == Decimal(str(expected))


@pytest.mark.parametrize(
    ("segment", "day", "stt"),
    [
        (FUT, "2021-04-01", "0.01"),
        (FUT, "2023-04-01", "0.0125"),
        (FUT, "2024-09-30", "0.0125"),
        (FUT, "2024-10-01", "0.02"),
        (FUT, "2026-03-31", "0.02"),
        (FUT, "2026-04-01", "0.05"),
        (OPT, "2023-03-31", "0.05"),
        (OPT, "2023-04-01", "0.0625"),
        (OPT, "2024-10-01", "0.1"),
        (OPT, "2026-04-01", "0.15"),
        ({**FUT, "exchange": "BFO"}, "2026-04-01", "0.05"),
        ({**OPT, "exchange": "BFO"}, "2024-10-01", "0.1"),
    ],
)
@pytest.mark.parametrize("product", ["MIS", "NRML"])
def test_the_transaction_tax_of_contracts_by_date(segment, day, stt, product):
    """On the sale alone, of the price or of the premium."""
    order = {**segment, "product": product, "value": 100_000, "on": date.fromisoformat(day), **FREE}
    assert rc.order_charges(side="SELL", **order).stt == Decimal(stt) * 1000
    assert rc.order_charges(side="BUY", **order).stt == 0


@pytest.mark.parametrize(
    ("where", "rate"),
    [
        ({"exchange": "BSE"}, "0.00375"),
        ({**FUT, "exchange": "BFO"}, "0"),
        ({**OPT, "exchange": "BFO"}, "0.0325"),
        (FUT, "0.00183"),
        (OPT, "0.03553"),
    ],
)
def test_the_fees_of_the_exchanges(where, rate):
    """BSE takes nothing of futures."""
    assert rc.order_charges(side="BUY", value=100_000, on=DAY, **where, **FREE).exchange == Decimal(rate) * 1000


@pytest.mark.parametrize("exchange", ["MCX", "CDS", "NCDEX"])
def test_contracts_without_a_schedule_are_refused_by_name(exchange):
    """Nobody's rates, so no charge of nought."""
    with pytest.raises(rc.ChargesUnknown, match=f"no schedule of charges for {exchange} FUT NRML"):
        rc.order_charges(side="BUY", value=1, on=DAY, exchange=exchange, segment="FUT", product="NRML", **FREE)


STOCK = rc.Instrument(symbol="INFY", tick="0.1")
NIFTY_CE = rc.option("NIFTY", expiry=date(2026, 11, 23), strike=26000, right="CE", on=DAY)
NIFTY_FUT = rc.future("NIFTY", expiry=date(2026, 11, 23), on=DAY, tick="0.1")


@pytest.mark.parametrize(
    ("plan", "thing", "product", "brokerage"),
    [
        ({}, STOCK, "MIS", "3"),
        ({}, STOCK, "CNC", "3"),
        ({}, NIFTY_FUT, "NRML", "3"),
        ({}, NIFTY_CE, "NRML", "20"),
        ({"brokerage_options_flat": None}, NIFTY_CE, "NRML", "3"),
        ({"brokerage_delivery_pct": 0}, STOCK, "CNC", "0"),
        ({"brokerage_delivery_pct": 0}, STOCK, "MIS", "3"),
        ({"brokerage_delivery_pct": "0.1"}, STOCK, "CNC", "10"),
        ({"brokerage_flat": 15}, STOCK, "MIS", "15"),
        ({"brokerage_flat": 15}, NIFTY_CE, "NRML", "15"),
        ({"brokerage_flat": 0}, NIFTY_FUT, "NRML", "0"),
    ],
)
def test_brokerage_plans(plan, thing, product, brokerage):
    """A percentage with a cap, one fee for every order, a fee for options, delivery for nothing."""
    found = policy_charges(thing, product, "BUY", Decimal(10_000), DAY, rc.Policy(**plan))
    assert found.brokerage == Decimal(brokerage)


def test_the_depositorys_charge_is_off_until_it_is_set_and_only_on_a_delivery_sale():
    """It bears GST like a brokerage."""
    policy = rc.Policy(dp_charge="13.5")
    value = Decimal(10_000)
    sold, plain = (policy_charges(STOCK, "CNC", "SELL", value, DAY, p) for p in (policy, rc.Policy()))
    assert (sold.dp, plain.dp) == (Decimal("13.5"), 0)
    assert sold.total - plain.total == Decimal("13.5") * Decimal("1.18")
    for product, side in (("CNC", "BUY"), ("MIS", "SELL")):
        assert policy_charges(STOCK, product, side, value, DAY, policy).dp == 0


def test_contract_notes_round_two_taxes_to_whole_rupees():
    """STT and stamp duty, halves up; the others keep their paise."""
    policy = rc.Policy(stt_stamp_whole_rupees=True)
    bought = policy_charges(STOCK, "CNC", "BUY", Decimal(2500), DAY, policy)
    exact = policy_charges(STOCK, "CNC", "BUY", Decimal(2500), DAY, rc.Policy())
    assert (exact.stt, exact.stamp) == (Decimal("2.5"), Decimal("0.375"))
    assert (bought.stt, bought.stamp) == (3, 0)
    assert (bought.exchange, bought.gst) == (exact.exchange, exact.gst)


FUNDS = [  # product, kind, and the STT of a lakh bought and sold
    ("CNC", "stock", "100", "100"),
    ("CNC", "etf", "0", "1"),
    ("CNC", "etf_without_stt", "0", "0"),
    ("MIS", "etf", "0", "25"),
    ("MIS", "etf_without_stt", "0", "0"),
]


@pytest.mark.parametrize(("product", "kind", "bought", "sold"), FUNDS)
@pytest.mark.parametrize(("exchange", "day"), [("NSE", "2021-04-01"), ("NSE", "2025-06-02"), ("BSE", "2026-11-20")])
def test_a_fund_that_trades_like_a_share_is_taxed_otherwise(exchange, day, product, kind, bought, sold):
    """STT of what brokers' pages say; all else as of a share. A row of one's own goes before."""
    on, lakh = date.fromisoformat(day), Decimal(100_000)
    thing = rc.Instrument(symbol="NIFTYBEES", exchange=exchange, tick="0.01", kind=kind)
    share = attrs.evolve(thing, kind="stock")
    for side, tax in (("BUY", bought), ("SELL", sold)):
        found = policy_charges(thing, product, side, lakh, on, rc.Policy())
        assert found.stt == Decimal(tax)
        assert attrs.evolve(policy_charges(share, product, side, lakh, on, rc.Policy()), stt=found.stt) == found
        where = {"exchange": exchange, "product": product, "kind": kind}
        assert rc.order_charges(side=side, value=lakh, on=on, **where, **PLAN) == found
        one = rc.charges(buy=1000, sell=1000, quantity=100, on=on, **where, **PLAN)
        assert one.stt == Decimal(bought) + Decimal(sold)
    own = FundTax(kind="etf", product="all", since="2020-01-01", stt_buy_pct="0.5", stt_sell_pct="0.5")
    policy = rc.Policy(tables=rc.Tables(funds=(own,)))
    assert policy_charges(thing, product, "SELL", lakh, on, policy).stt == (500 if kind == "etf" else Decimal(sold))


def test_a_fund_without_a_rate_is_refused_by_name():
    rates = dict.fromkeys(("stt_buy_pct", "stt_sell_pct", "exchange_pct", "sebi_pct", "stamp_buy_pct", "gst_pct"), 0)
    own = ChargeRates(exchange="NSE", segment="EQ", product="CNC", since="2016-01-01", **rates)
    with pytest.raises(rc.ChargesUnknown, match=r"funds \(etf, CNC\) on 2020-01-01"):
        rc.order_charges(
            side="SELL",
            value=1,
            on=date(2020, 1, 1),
            product="CNC",
            kind="etf",
            tables=rc.Tables(charges=(own,)),
            **PLAN,
        )


@pytest.mark.parametrize(
    ("setting", "value", "says"),
    [
        ("brokerage_flat", -1, "brokerage_flat must be 0 or more"),
        ("brokerage_delivery_pct", 101, "brokerage_delivery_pct is in percent"),
        ("dp_charge", "x", "dp_charge must be a plain decimal"),
        ("stt_stamp_whole_rupees", 1, "must be true or false"),
        ("tables", {}, "tables must be a riskcore.Tables or None"),
    ],
)
def test_plans_that_cannot_be_right_are_refused(setting, value, says):
    """By the name of the field."""
    with pytest.raises(ValueError, match=says):
        rc.Policy(**{setting: value})


NIFTY_PE = attrs.evolve(NIFTY_CE, right="PE")
RELIANCE = {"expiry": date(2026, 11, 23), "on": DAY, "lot_size": 500}
RELIANCE_CE = rc.option("RELIANCE", strike=1300, right="CE", **RELIANCE)
RELIANCE_FUT = rc.future("RELIANCE", tick="0.1", **RELIANCE)


@pytest.mark.parametrize(
    ("thing", "side", "price", "day", "tax"),
    [
        (NIFTY_CE, "BUY", 26_200, "2026-11-23", "19.50"),  # 0.15 % of 200 x 65
        (NIFTY_CE, "BUY", 26_200, "2026-03-31", "16.25"),  # 0.125 %
        (NIFTY_CE, "SELL", 26_200, "2026-11-23", "0"),
        (NIFTY_CE, "BUY", 26_000, "2026-11-23", "0"),  # at the money is not exercised
        (NIFTY_PE, "BUY", 25_800, "2026-11-23", "19.50"),
        (NIFTY_PE, "BUY", 26_200, "2026-11-23", "0"),
        (NIFTY_FUT, "BUY", 26_200, "2026-11-23", "0"),
        (RELIANCE_FUT, "BUY", 1310, "2026-11-23", "85.15"),  # 0.1 % of 1,310 x 65
        (RELIANCE_FUT, "SELL", 1310, "2026-11-23", "85.15"),
        (RELIANCE_CE, "BUY", 1310, "2026-11-23", "84.50"),  # delivered at the strike
        (RELIANCE_CE, "SELL", 1310, "2026-11-23", "84.50"),
        (RELIANCE_CE, "BUY", 1290, "2026-11-23", "0"),
    ],
)
def test_what_expiry_costs(thing, side, price, day, tax):
    """Index options in cash on their intrinsic value; stock contracts in shares, taxed on both sides."""
    found = rc.settlement_stt(thing, side=side, quantity=65, settlement_price=price, on=date.fromisoformat(day))
    assert found == Decimal(tax)
    assert rc.settles_by_delivery(thing) == (thing.underlying == "RELIANCE")


def test_expiry_of_what_never_expires():
    """A share has none; a contract made without a strike cannot tell; no rates, no guess."""
    trade = {"side": "BUY", "quantity": 1, "settlement_price": 1}
    with pytest.raises(ValueError, match="is no future and no option"):
        rc.settlement_stt(STOCK, on=DAY, **trade)
    with pytest.raises(ValueError, match="has no strike"):
        rc.settlement_stt(attrs.evolve(NIFTY_CE, strike=None), on=DAY, **trade)
    with pytest.raises(rc.ChargesUnknown, match="no rates of settlement"):
        rc.settlement_stt(NIFTY_CE, on=date(2020, 1, 1), **trade)
