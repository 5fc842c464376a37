"""Waiting after closes and stop-outs over nights, and what the rules say of it."""

from datetime import datetime, timedelta

import pytest

import riskcore as rc
from riskcore.table_rows import Hours
from tests.core.one_trade import NOON, after, decided, done, failed

pytestmark = pytest.mark.smoke

THURSDAY = datetime(2026, 11, 19, 15, 0, tzinfo=rc.IST)
FRIDAY = datetime(2026, 11, 20, 9, 15, tzinfo=rc.IST)


def told(decision, rule):
    """Reason, measured and limit of a rule's finding."""
    [found] = [found for found in decision.findings if found.rule == rule]
    return found.reason, found.measured, found.limit


def minutes(count):
    return timedelta(minutes=count)


# ---------------------------------------------------------------- a cooldown


@pytest.mark.parametrize(("at", "answer"), [(24, ("cooling_down", 1440, 1500)), (25, ("", 1500, 1500))])
def test_a_cooldown_goes_on_after_the_night(at, answer):
    """Closed on Thursday at 15:00, a quarter of an hour before the end: ten minutes of Friday are missing to 25."""
    book = after(done(at=THURSDAY))
    answer_ = decided(book, at=FRIDAY + minutes(at - 15), cooldown_s=1500, no_entry_before=FRIDAY.time())
    assert told(answer_, "cooldown_s") == answer


def test_a_cooldown_is_counted_in_the_hours_of_the_policys_own_tables():
    """With a market that closes at 15:05, five minutes of Thursday count; by the shipped hours it were fifteen."""
    hours = rc.Tables(hours=(Hours(exchange="NSE", segment="EQ", open="09:15", close="15:05", since="2026-11-01"),))
    book, at = after(done(at=THURSDAY)), FRIDAY + minutes(10)
    early = {"at": at, "cooldown_s": 1500, "no_entry_before": FRIDAY.time()}
    assert told(decided(book, **early, tables=hours), "cooldown_s") == ("cooling_down", 900, 1500)
    assert told(decided(book, **early), "cooldown_s") == ("", 1500, 1500)


def test_a_wait_is_counted_no_further_than_it_lasts():
    """The quarter of an hour was over on Thursday; Friday's minutes are not added to it."""
    answer = decided(after(done(at=THURSDAY)), at=FRIDAY + minutes(15), cooldown_s=900)
    assert told(answer, "cooldown_s") == ("", 900, 900)


def test_a_wait_after_a_loss_holds_in_its_scope():
    """A loss of another strategy is that strategy's."""
    book = after(done(strategy="other"))
    waiting = {"cooldown_after_loss_s": 600}
    assert failed(decided(book, **waiting)) == ["cooling_down_after_loss"]
    assert decided(book, cooldown_scope="symbol_strategy", **waiting).approved


def test_what_may_not_be_entered_again_is_told():
    """By its symbol, and what the policy says."""
    answer = decided(after(done()), reentry_after_stop="next_session")
    assert told(answer, "reentry_after_stop") == ("stopped_out_today", "INFY", "next_session")


def test_without_a_close_there_is_nothing_to_wait_for():
    """Neither after any nor after a loss."""
    answer = decided(cooldown_s=600, cooldown_after_loss_s=900)
    assert told(answer, "cooldown_s") == ("", None, 600)
    assert told(answer, "cooldown_after_loss_s") == ("", None, 900)


# ---------------------------------------------------------------- stop-outs


@pytest.mark.parametrize(
    ("outcomes", "counted"),
    [
        ([], 0),
        ([done(ago=60)], 1),
        ([done(ago=90), done(ago=60)], 2),
        ([done(ago=90), done("2", ago=75, reason="target"), done(ago=60)], 2),
        ([done(at=THURSDAY), done(at=THURSDAY + minutes(1))], 0),
        ([done(at=THURSDAY), done(ago=60)], 1),
    ],
)
def test_the_stop_outs_that_came_together_today_are_told(outcomes, counted):
    """None, one, two; a gain between them is none, and yesterday's are of yesterday."""
    assert told(decided(after(*outcomes), max_stops=3), "max_stops") == ("", counted, 3)


def test_the_most_that_came_together_are_told_and_not_the_last():
    """Three within ten minutes in the morning, one at noon: the morning's are three of four."""
    morning = [done(at=NOON - minutes(n)) for n in (120, 118, 116)]
    book = after(*morning, done(ago=60))
    assert told(decided(book, max_stops=4, stops_window_s=600), "max_stops") == ("", 3, 4)


@pytest.mark.parametrize(
    ("second", "together"), [(FRIDAY, True), (FRIDAY + timedelta(seconds=1), False), (FRIDAY + minutes(1), False)]
)
def test_a_window_of_stop_outs_goes_on_after_the_night(second, together):
    """Fifteen minutes from Thursday at 15:00 end with the market; Friday's open is still within them."""
    book = after(done(at=THURSDAY), done(at=second))
    answer = decided(book, at=FRIDAY + minutes(30), max_stops=2, stops_window_s=900)
    assert told(answer, "max_stops") == (("too_many_stops", 2, 2) if together else ("", 1, 2))


@pytest.mark.parametrize(("after_open", "locked"), [(9, True), (10, False)])
def test_a_lock_goes_on_after_the_night(after_open, locked):
    """25 minutes from Thursday at 15:00: fifteen of Thursday and ten of Friday."""
    book = after(done(at=THURSDAY - minutes(1)), done(at=THURSDAY))
    settings = {"max_stops": 2, "stops_lock_s": 1500, "no_entry_before": FRIDAY.time()}
    answer = decided(book, at=FRIDAY + minutes(after_open), **settings)
    assert told(answer, "max_stops") == (("too_many_stops", 2, 2) if locked else ("", 0, 2))
