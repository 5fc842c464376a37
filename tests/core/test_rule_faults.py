"""The fault cases of signals and limits, under their numbers."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events as e
from tests.core.engine_days import INFY, SEEN, TCS, a_day

pytestmark = pytest.mark.smoke

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=rc.IST)
WIDE = {"max_position_size_percent": 100, "max_sector_exposure": 100, "entry_band_pct": 0}
RISKS_ONE_PERCENT = {"stop": 990, "target": 1100}


def decided(book=None, *, price=None, market=None, at=NOON, side="BUY", **policy):
    """A purchase of INFY at 1,000 with a stop ten rupees away: a hundred shares are one per cent of 100,000."""
    way = 1 if side == "BUY" else -1
    signal = rc.Signal("INFY", side, at=at, stop=1000 - 10 * way, target=1000 + 100 * way, price=price)
    seen = rc.Market(**{"instrument": INFY, "at": at, "last": 1000, **(market or {})})
    return rc.decide(signal, book or rc.Book(100_000), seen, rc.Policy(**{**WIDE, **policy}))


def reasons(decision):
    return [found.reason for found in decision.reasons]


@pytest.mark.parametrize("price", [0, -1000])
def test_F08_a_price_of_nought_or_less_is_no_signal(price):
    """It is refused where the signal is made, with the name of the field."""
    with pytest.raises(ValueError, match=r"Signal\.price must be above 0"):
        rc.Signal("INFY", "BUY", at=NOON, price=price)


def test_F08_a_price_ten_times_the_quote_is_refused_where_drift_is_limited():
    """And a tenth of it; a price a tick off the grid is only compared, never traded at."""
    assert reasons(decided(price=10_000, max_price_drift_pct=2)) == ["price_drifted"]
    assert reasons(decided(price=100, max_price_drift_pct=2)) == ["price_drifted"]
    assert decided(price="1000.0123", max_price_drift_pct=2).approved
    assert decided(price=10_000).approved


def test_F12_an_empty_answer_of_the_funds_call_is_never_a_balance():
    """Before the session's equity is known entries are refused by that name, later by that of the funds."""
    assert reasons(decided(rc.Book())) == ["equity_unknown"]
    assert reasons(decided(market={"cash_unknown": True})) == ["funds_unknown"]
    with pytest.raises(ValueError, match="leave one of the two out"):
        decided(market={"cash_unknown": True, "available_cash": 50_000})


def test_F12_yesterdays_equity_is_not_used_when_todays_is_unknown():
    """The engine asks for it, with what it knew last; until it is answered entries are refused."""
    told = a_day()
    told.next_day()
    told.time("09:16")
    told.enter("10:00", **SEEN)
    assert "equity_unknown" in told.refusal()


def test_F15_an_entry_that_could_take_the_day_past_its_limit_is_blocked():
    """At -2.1 % with 1 % more at risk and a limit of 3 %: blocked where daily_loss_worst_case is on."""
    bad = rc.Book(100_000, realised=-2100)
    assert decided(bad).order.risk == 970
    assert reasons(decided(bad, daily_loss_worst_case=True)) == ["worst_case_over"]
    good = rc.Book(100_000, realised=-1900)
    assert decided(good, daily_loss_worst_case=True).order.risk == 980


def test_F15_it_is_cut_to_what_is_left_where_the_policy_says_so():
    """Rs 900 are left to the limit: at ten rupees a share 89 shares, because at the limit is blocked."""
    bad = rc.Book(100_000, realised=-2100)
    cut = decided(bad, daily_loss_worst_case=True, worst_case_over="shrink")
    assert (cut.order.quantity, cut.size.bound_by) == (89, "daily_loss_worst_case")
    nothing_left = rc.Book(100_000, realised=-2990)
    found = decided(nothing_left, daily_loss_worst_case=True, worst_case_over="shrink").reasons
    assert [(f.reason, f.measured, f.limit) for f in found] == [("worst_case_too_large", Decimal(3000), Decimal(3000))]


@pytest.mark.parametrize(
    ("side", "stop", "last", "left"),
    [
        ("BUY", 990, 1000, 2900),
        ("BUY", 990, 980, 2800),
        ("BUY", 1010, 1020, 3100),
        ("SELL", 1010, 1000, 2900),
        ("SELL", 990, 950, 3100),
    ],
)
def test_F15_what_is_open_counts_as_if_its_stop_were_hit(side, stop, last, left):
    """Ten shares at 1,000: ten rupees each to the stop, the latest price where that is worse, a locked gain for it."""
    held = rc.Position(instrument=TCS, side=side, quantity=10, average_price=1000, stop=stop, last=last)
    policy = {"daily_loss_worst_case": True, "worst_case_over": "shrink", "risk_per_trade": 3}
    book = rc.Book(100_000, positions=[held], realised=0)
    most = dict(decided(book, **policy).size.caps)["daily_loss_worst_case"]
    assert most == left // 10 - 1


def test_F16_five_trades_a_restart_and_the_sixth_signal_is_still_refused():
    """The counter is what the recorded facts say, not what the process remembers."""
    told = a_day(max_trades_per_day=5)
    for number in range(5):
        entry = told.enter(f"10:0{number}", **SEEN)
        told.fill(f"10:0{number}:01", entry, price=1000)
        told.prices(f"10:0{number}:02", last=1100)
        told.fill(f"10:0{number}:03", told.sent()[-1].order_id, price=1100)
    assert (told.book.trades_today, told.book.positions) == (5, ())
    told.restart()
    told.enter("11:00", **SEEN)
    assert told.refusal() == ("too_many_trades",)


def test_F17_counters_belong_to_the_session_date_and_not_to_the_utc_day():
    """05:30 IST is midnight UTC: a trade of 09:20 and one of the muhurat evening are of their own IST days."""
    muhurat = date(2025, 10, 21)
    evening = datetime(2025, 10, 21, 13, 55, tzinfo=rc.IST)
    done = rc.Outcome(
        key="NSE:INFY",
        side="BUY",
        session=muhurat,
        closed_at=evening - timedelta(minutes=5),
        quantity=1,
        gross=Decimal(-10),
        charges=Decimal(0),
        r_multiple=Decimal(-1),
        reason="stop",
    )
    book = rc.Book(100_000, session=muhurat, outcomes=[done])
    locked = {"reentry_after_stop": "next_session", "cooldown_s": 600}
    assert reasons(decided(book, at=evening, **locked)) == ["cooling_down", "stopped_out_today"]
    next_day = datetime(2025, 10, 23, 9, 20, 1, tzinfo=rc.IST)
    assert decided(book.next_session(next_day.date()).opened(Decimal(100_000)), at=next_day, **locked).approved


def test_F18_missing_history_is_refused_by_name_and_an_unknown_sector_is_a_bucket_of_its_own():
    """With correlation on, neither the candidate's history nor that of anything held is skipped."""
    held = rc.Position(instrument=TCS, side="BUY", quantity=1, average_price=1000, stop=990)
    book = rc.Book(100_000, positions=[held])
    moves = [100, 103, 101, 106] * 10
    known = {"NSE:INFY": moves, "NSE:TCS": [100, 97, 99, 94] * 10}
    on = {"max_correlation": "0.7"}
    assert decided(book, market={"closes": known}, **on).approved
    for missing in ({}, {"NSE:INFY": moves}, {"NSE:TCS": moves}, {**known, "NSE:TCS": moves[:30]}):
        refused = decided(book, market={"closes": missing}, **on)
        assert reasons(refused) == ["correlation_unknown"]
    assert "NSE:TCS" in refused.explain()
    still = decided(book, market={"closes": {**known, "NSE:TCS": [100] * 40}}, **on)
    assert "NSE:TCS, whose price does not move" in still.explain()
    assert decided(book).approved
    assert attrs.evolve(INFY, sector=None).bucket != attrs.evolve(TCS, sector=None).bucket


def test_F19_two_signals_of_one_moment_and_one_slot_left_give_one_approval():
    """The first answer books its reservation in the same transition, so the second meets a full account."""
    told = a_day(INFY, TCS, max_positions=1)
    first, second = told.signal("10:00", symbol="INFY"), told.signal("10:00", symbol="TCS")
    seen = {"last": 1000, "atr": 10}
    told.look("10:00", second, **seen)
    told.look("10:00", first, **seen)
    approved = [fact.signal.symbol for fact in told.facts if isinstance(fact, e.EntryApproved)]
    assert approved == ["TCS"]
    assert told.refusal() == ("too_many_positions",)
