"""What each breaker measures of a book, in numbers worked out by hand, and what it says of them."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore.breakers import approach, data, loss, market, sending, streak, table
from riskcore.breakers.measure import NOTHING, Measure, Observations
from riskcore.policy.breakers import BreakerRule, ConnectionTimers, ErrorLimit
from riskcore.table_rows import CalendarDay
from tests.core.engine_days import INFY, TCS
from tests.core.one_trade import NOON, after, done, held

SECOND = timedelta(seconds=1)


def on(**settings):
    return rc.Policy(**settings)


def day(of, net, opening=100_000):
    return rc.DayResult(of, Decimal(opening), Decimal(net), None)


# ---------------------------------------------------------------- the loss of a week, and what was given back


@pytest.mark.parametrize("today", [date(2026, 11, 18), date(2026, 11, 20)])
def test_a_weeks_loss_begins_on_its_monday_and_counts_today_once(today):
    """700 lost on Monday and 300 today, against 4 % of what Monday opened with; the Friday before is another week.

    A session of today's date among the finished ones is today's, and today is counted by its own result.
    """
    days = (day(date(2026, 11, 13), -5000), day(date(2026, 11, 16), -700, 80_000), day(today, -9000))
    book = rc.Book(90_000, realised=-300, days=days)
    at = datetime.combine(today, NOON.timetz())
    found = loss.weekly_loss_measure(book, NOTHING, on(max_weekly_loss=4), at)
    assert found == Measure("max_weekly_loss", Decimal(1000), Decimal(3200))


def test_a_months_loss_begins_on_its_first_day():
    """Monday's and today's, and not the last of October's."""
    days = (day(date(2026, 10, 30), -5000), day(date(2026, 11, 2), -700, 80_000))
    book = rc.Book(90_000, realised=-300, days=days)
    found = loss.monthly_loss_measure(book, NOTHING, on(max_monthly_loss=5), NOON)
    assert found == Measure("max_monthly_loss", Decimal(1000), Decimal(4000))


@pytest.mark.parametrize(
    ("book", "settings"),
    [
        (rc.Book(session_peak=102_000), {"max_give_back_pct": 50}),
        (rc.Book(100_000), {"max_give_back_pct": 50}),
        (rc.Book(100_000, session_peak=102_000), {}),
    ],
)
def test_without_an_equity_a_peak_or_a_limit_nothing_was_given_back(book, settings):
    """Any one of the three missing."""
    assert loss.give_back(book, NOTHING, on(**settings), NOON) is None


@pytest.mark.parametrize(("peak", "measured", "limit"), [(100_999, 0, 500), (101_000, 700, 500), (102_000, 1700, 1000)])
def test_what_was_given_back_counts_from_a_gain_of_one_per_cent_on(peak, measured, limit):
    """300 are left of the day; below a gain of 1,000 the limit is half of that, and nothing counts."""
    book = rc.Book(100_000, realised=300, session_peak=peak)
    found = loss.give_back(book, NOTHING, on(max_give_back_pct=50, give_back_after_pct=1), NOON)
    assert found == Measure("max_give_back_pct", Decimal(measured), Decimal(limit))


# ---------------------------------------------------------------- streaks


YESTERDAY = NOON.date() - timedelta(days=1)
STREAK = "max_loss_streak"


def lost(*sessions):
    """A book of today whose trades were lost in these sessions, each for one R."""
    outcomes = [done(at=datetime.combine(session, NOON.timetz())) for session in sessions]
    return after(*outcomes, session=NOON.date())


def streaks(book, limit, **more):
    """What both breakers measure, at a limit."""
    policy = on(max_loss_streak=limit, max_loss_streak_r=limit, **more)
    return streak.loss_streak(book, NOTHING, policy, NOON), streak.loss_streak_r(book, NOTHING, policy, NOON)


@pytest.mark.parametrize(
    ("sessions", "measured"),
    [
        ((YESTERDAY,) * 3, 0),
        ((YESTERDAY,) * 5, 0),
        ((YESTERDAY,) * 2, 2),
        ((YESTERDAY, YESTERDAY, NOON.date()), 3),
        ((NOON.date(),) * 3, 3),
        ((*(YESTERDAY,) * 3, NOON.date()), 4),
    ],
)
def test_a_streak_that_was_at_its_limit_is_over_in_the_next_session_until_another_trade_is_lost(sessions, measured):
    """A script without an engine was refused for good, and no trade could end the streak."""
    assert [found.measured for found in streaks(lost(*sessions), 3)] == [measured, measured]


@pytest.mark.parametrize(("resets", "measured"), [("operator", 3), ("condition", 3), ("next_session", 0)])
def test_a_streak_that_stands_until_a_hand_or_a_gain_lifts_it_stands_in_the_next_session_too(resets, measured):
    rules = [{"name": name, "state": "reducing", "resets": resets} for name in (STREAK, f"{STREAK}_r")]
    rules = [BreakerRule(**rule) for rule in rules]
    found = streaks(lost(*(YESTERDAY,) * 3), 3, breakers=rules)
    assert [one.measured for one in found] == [measured, measured]


def test_BRK_4_a_looser_streak_never_stops_what_a_tighter_one_lets_pass():
    """However many were lost before today, and today."""
    for before in range(5):
        for today in range(5):
            book = lost(*(YESTERDAY,) * before, *(NOON.date(),) * today)
            stopped = [any(found.tripped for found in streaks(book, limit)) for limit in range(1, 10)]
            assert stopped == sorted(stopped, reverse=True), (before, today)


def test_a_script_that_lost_too_many_in_a_row_may_enter_in_the_next_session():
    policy, book = on(max_loss_streak=3, entry_band_pct=0), attrs.evolve(lost(*(YESTERDAY,) * 3), session=YESTERDAY)
    answers = []
    for now, known in (
        (NOON - timedelta(days=1), book),
        (NOON, book.next_session(NOON.date()).opened(Decimal(100_000))),
    ):
        signal = rc.Signal(INFY.symbol, "BUY", at=now, stop=980, target=1100)
        answers.append(rc.decide(signal, known, rc.Market(instrument=INFY, at=now, last=1000), policy))
    assert [found.reason for found in answers[0].reasons] == ["loss_streak"]
    assert answers[1].approved, answers[1].explain()


def test_a_trade_that_came_to_nought_neither_ends_a_streak_nor_belongs_to_it():
    """Two lost, with one of nought between; before them a gain of half a rupee, which ends it."""
    gain, even = done(result="0.5"), done(r=None, result=0)
    book = after(done("-1"), gain, done("-1"), even, done("-2"), even)
    assert streak.loss_streak(book, NOTHING, on(max_loss_streak=3), NOON) == Measure(
        "max_loss_streak", 2, 3, "trades lost in a row"
    )
    assert streak.loss_streak_r(book, NOTHING, on(max_loss_streak_r=4), NOON) == Measure(
        "max_loss_streak_r", Decimal(3), Decimal(4), "R lost in a row"
    )


# ---------------------------------------------------------------- what is seen, and how late


@pytest.mark.parametrize(
    ("length", "answer"),
    [
        (timedelta(seconds=1, microseconds=1), "1.000001"),
        (timedelta(days=100_000, microseconds=999_999), "8640000000.999999"),
        (timedelta(days=250_000_000, microseconds=7), "21600000000000.000007"),
        (-SECOND / 2, "-0.5"),
    ],
)
def test_a_length_of_time_is_exact_to_the_microsecond(length, answer):
    """However long."""
    assert data.seconds(length) == Decimal(answer)


@pytest.mark.parametrize(("drift", "measured"), [("-1.5", "1.5"), ("1.5", "1.5")])
def test_a_clock_may_drift_either_way(drift, measured):
    """Seconds, without their sign."""
    found = data.clock_drift(rc.Book(), Observations(drift_s=Decimal(drift)), on(max_clock_drift_s=2), NOON)
    assert found == Measure("max_clock_drift_s", Decimal(measured), Decimal(2), "s of clock drift")


TIMERS = ConnectionTimers(mode="live", degraded_s=5, no_entries_s=15, action_s=60, action="hold")


@pytest.mark.parametrize(("lost_at", "measured"), [(None, 0), (NOON - 7 * SECOND, 7), (NOON + SECOND, 0)])
def test_a_connection_is_measured_in_seconds_without_it(lost_at, measured):
    """None while it stands, and none where it was lost after the moment asked about."""
    seen = Observations(lost_at=lost_at, mode="live")
    found = data.connection(rc.Book(), seen, on(connection_timers=[TIMERS]), NOON)
    assert found == Measure("connection_timers", Decimal(measured), 15, "s without a connection")


@pytest.mark.parametrize(
    ("price_at", "opened_at", "age"),
    [
        (NOON - 40 * SECOND, None, 40),
        (NOON - 40 * SECOND, NOON - 10 * SECOND, 10),
        (None, None, (12 * 60 - 9 * 60 - 15) * 60),
    ],
)
def test_a_held_instrument_is_stale_by_its_last_price_its_fill_or_the_open(price_at, opened_at, age):
    """Whichever is latest; without a price of today the market has been open since 9:15."""
    seen = Observations(seen_at=() if price_at is None else ((INFY.key, price_at),))
    found = data.stale_data(held(INFY, opened_at=opened_at), seen, on(stale_after_s=30), NOON)
    assert found == Measure("stale_after_s", Decimal(age), 30, "s without a price", INFY.key)


def test_a_held_instrument_is_not_stale_where_the_policys_calendar_has_no_session():
    """The day is closed in the user's own table, or its times are in none: nobody knows that a price is due."""
    closed = rc.Tables(days=(CalendarDay(day=NOON.date(), kind="closed"),))
    assert data.stale_data(held(INFY), NOTHING, on(stale_after_s=30), NOON) is not None
    assert data.stale_data(held(INFY), NOTHING, on(stale_after_s=30, tables=closed), NOON) is None
    assert data.stale_data(held(INFY, product="NRML"), NOTHING, on(stale_after_s=30), NOON) is None


def test_the_measures_of_an_account_are_followed_by_those_of_what_is_held():
    """Two symbols, and the breakers of the account before them."""
    book = rc.Book(100_000, positions=(held(INFY), held(TCS)))
    found = table.measures(book, NOTHING, on(stale_after_s=30, max_loss_streak=3), NOON)
    assert [(measure.rule, measure.key) for measure in found] == [
        ("max_daily_loss", ""),
        ("max_loss_streak", ""),
        ("stale_after_s", INFY.key),
        ("stale_after_s", TCS.key),
    ]


@pytest.mark.parametrize(("policy", "answer"), [(on(max_loss_streak=3), True), (on(), False)])
def test_a_breaker_is_on_where_its_field_is_set(policy, answer):
    """By the name of the field."""
    assert table.set_in("max_loss_streak")(policy) is answer


# ---------------------------------------------------------------- orders


@pytest.mark.parametrize(
    ("errors", "common", "own", "answer"),
    [
        ({}, 5, {"rejected": 3}, (0, 5, "")),
        ({}, None, {"rejected": 3, "unknown": 2}, (0, 2, "")),
        ({"timeout": 9}, None, {"rejected": 3}, (0, 3, "")),
        ({"rejected": 2, "unknown": 4}, None, {"rejected": 3, "unknown": 10}, (2, 3, "rejected")),
        ({"rejected": 2, "unknown": 3}, 5, {"rejected": 3}, (2, 3, "rejected")),
    ],
)
def test_of_the_errors_the_class_nearest_to_its_limit_counts(errors, common, own, answer):
    """Two of three are nearer than four of ten; where none has a limit of its own, the common one or the least."""
    limits = [ErrorLimit(error=error, limit=limit) for error, limit in own.items()]
    policy = on(max_order_errors=common, order_error_limits=limits)
    found = sending.order_errors(rc.Book(), Observations(errors=tuple(errors.items())), policy, NOON)
    assert found == Measure("max_order_errors", *answer[:2], "in a row", "", answer[2])


def test_what_a_second_leaves_to_entries_is_what_exits_keep_not():
    """Two went out in this second; of eight three are kept."""
    book = rc.Book().sending(NOON).sending(NOON)
    found = sending.order_rate(book, on(max_orders_per_s=8, order_tokens_for_exits=3), NOON)
    assert found == Measure("max_orders_per_s", 2, 5, "orders a second")


# ---------------------------------------------------------------- the market of one symbol


@pytest.mark.parametrize(
    ("low", "high", "answer"), [(900, 1050, 50), (990, 1050, 10), (900, 995, -5), (None, 1050, None), (900, None, None)]
)
def test_a_price_is_as_far_from_its_bands_as_from_the_nearer(low, high, answer):
    """1,000 between them; both have to be known."""
    bands = rc.Market(instrument=INFY, at=NOON, band_low=low, band_high=high).bands
    assert (bands and market.band_distance(bands, Decimal(1000))) == answer


def test_the_age_of_a_trade_is_in_seconds():
    """Against the most that is allowed."""
    seen = rc.Market(instrument=INFY, at=NOON, traded_at=NOON - 12 * SECOND)
    assert market.trade_age(seen, 30) == Measure("stale_after_s", Decimal(12), 30, "s without a price")


# ---------------------------------------------------------------- how near a limit is


def test_what_is_held_and_what_is_on_its_way_are_positions():
    """An entry sent counts beside what is held; the exit of what is held adds nothing."""
    entry = rc.decide(
        rc.Signal("TCS", "BUY", at=NOON, stop=990, target=1100),
        rc.Book(1_000_000),
        rc.Market(instrument=TCS, at=NOON, last=1000),
        on(),
    ).order
    leaving = rc.ApprovedExit(
        order_id="X-1",
        position_id="P-1",
        instrument=attrs.evolve(INFY, symbol="WIPRO"),
        side="SELL",
        quantity=10,
        product="MIS",
        reference=Decimal(1000),
        limit=Decimal(990),
        reason="signal",
        level=None,
        at=NOON,
    )
    book = rc.Book(1_000_000, positions=(held(INFY),)).after(entry).after(leaving)
    two = Measure("max_positions", 2, 4, "positions")
    assert approach.positions(book, NOTHING, on(max_positions=4), NOON) == two
    calm = rc.Book(1_000_000, positions=(held(INFY),)).after(entry)
    assert approach.positions(calm, NOTHING, on(max_positions=4), NOON) == two
    assert approach.trades(book, NOTHING, on(max_trades_per_day=5), NOON) == Measure(
        "max_trades_per_day", 1, 5, "entries today"
    )


@pytest.mark.parametrize(
    ("measured", "limit", "used"),
    [(2, 3, "66.67"), (0, 1, 0), (1, 1, 100), (3, 0, 100), (0, 0, 100), (Decimal("0.25"), Decimal("0.5"), 50)],
)
def test_how_much_of_a_limit_is_in_use(measured, limit, used):
    """In per cent, to two decimals; a limit of nought is in use whole."""
    assert approach.in_use_pct(Measure("max_positions", measured, limit)) == Decimal(used)


@pytest.mark.parametrize(
    ("measured", "limit", "near"),
    [(4, 5, True), (3, 5, False), (1, 1, False), (Decimal(1), Decimal(1), True), (Decimal("0.79"), Decimal(1), False)],
)
def test_a_limit_is_near_from_its_share_on(measured, limit, near):
    """At 80 per cent, exactly there too; a limit of a single trade is never neared, one of a single rupee is."""
    assert approach.is_near(Measure("max_positions", measured, limit), Decimal(80)) is near


def test_every_level_is_asked_with_what_was_observed():
    """All that can be measured, in the order in which they are told."""
    found = approach.levels(rc.Book(100_000), NOTHING, on(max_weekly_loss=5, max_open_risk=6), NOON)
    assert [measure.rule for measure in found] == [
        "max_daily_loss",
        "max_weekly_loss",
        "max_trades_per_day",
        "max_positions",
        "max_open_risk",
    ]
