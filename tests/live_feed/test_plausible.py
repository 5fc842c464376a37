"""What is believed of a polled quote, and what settles a doubt."""

from datetime import timedelta
from decimal import Decimal

import pytest

from riskcore_openalgo.live_feed import POLL, Doubt, Judge, Known, Limits, Tick, plausible
from tests.live_feed.made import KEY, AQuote, moment, quote, tick

KNOWN = Known(stream=Decimal(1400), stream_age_s=1, last=Decimal(1400), closes=(Decimal(1400),))
QUIET = Known(stream=Decimal(1400), stream_age_s=60, last=Decimal(1400), closes=(Decimal(1400),))
FIRST = Known()
NAMED = Known(closes=(Decimal(1400),))


@pytest.mark.parametrize(
    ("figures", "known", "why"),
    [
        (AQuote(last=None), KNOWN, "no_price"),
        (AQuote(last=Decimal(0)), KNOWN, "no_price"),
        (AQuote(last=Decimal(-5)), KNOWN, "no_price"),
        (AQuote(last=Decimal("NaN")), KNOWN, "no_price"),
        (AQuote(last=Decimal(1430)), KNOWN, "outside_own_range"),
        (AQuote(last=Decimal(1371)), KNOWN, "outside_own_range"),
        (quote(1429), KNOWN, "far_from_stream"),
        (quote(1371), KNOWN, "far_from_stream"),
        (quote(1428), KNOWN, None),
        (quote(1401, previous_close=Decimal(2900)), KNOWN, "wrong_instrument"),
        (quote(1401, previous_close=Decimal("1400.5")), KNOWN, None),
        (quote(1471), QUIET, "far_from_last"),
        (quote(1470), QUIET, None),
        (quote(1690), Known(last=Decimal(1680), closes=(Decimal(1400),)), None),
        (quote(1681, previous_close=Decimal(1400)), NAMED, "far_from_close"),
        (quote(1680, previous_close=Decimal(1400)), NAMED, None),
        (quote(1400), FIRST, "nothing_to_compare"),
        (quote(1400, previous_close=None), FIRST, "nothing_to_compare"),
        (quote(1400, previous_close=Decimal(0)), NAMED, "nothing_to_compare"),
        (quote(1400), Known(last=Decimal(1399)), None),
        (AQuote(high=Decimal(0), low=None), KNOWN, None),
    ],
)
def test_each_doubt_has_its_name(figures, known, why):
    """In the order in which they are asked; what the broker did not say is not held against it."""
    found = plausible(figures, known)
    assert (None if found is None else found.why) == why


def test_a_doubt_tells_both_figures():
    assert str(plausible(AQuote(last=Decimal(1430)), KNOWN)) == "outside_own_range: 1430 against 1428"


def test_the_numbers_are_settings():
    assert plausible(quote(1429), KNOWN, Limits(from_stream_pct=Decimal(3))) is None


class Asked:
    """A judge who is told quotes two seconds apart."""

    def __init__(self, **more):
        self.judge, self.seconds = Judge(**more), 0.0

    def quote(self, last, **more):
        figures = last if isinstance(last, AQuote) else quote(last, **{"volume": int(self.seconds), **more})
        found = self.judge.judge(KEY, figures, moment(self.seconds), moment(self.seconds + 0.1))
        self.seconds += 2
        if isinstance(found, Tick):
            return found.price
        return found.why if isinstance(found, Doubt) else found

    def stream(self, price, **more):
        self.judge.saw(tick(price, self.seconds, **more))

    def discarded(self, why):
        return self.judge.counts[KEY, why]


def test_F44_a_quote_of_another_instrument_is_discarded_and_counted():
    """Forty of three hundred, as it was seen at a broker: none becomes a price while the stream speaks."""
    asked = Asked()
    for n in range(300):
        asked.stream(1400 + n % 3)
        if n % 15 in (3, 9):
            assert (
                asked.quote(219, high=Decimal(224), low=Decimal(215), previous_close=Decimal(220)) == "far_from_stream"
            )
        else:
            assert asked.quote(1400 + n % 3) == 1400 + n % 3
    assert asked.discarded("far_from_stream") == 40


def test_F44_a_wrong_answer_that_is_repeated_is_still_wrong():
    """While the stream speaks no number of them is believed; they are told apart as a disagreement."""
    asked = Asked()
    for n in range(10):
        asked.stream(1400)
        assert asked.quote(219, previous_close=Decimal(220)) == "far_from_stream"
        assert asked.judge.contradicted(KEY) == n + 1
    asked.stream(1400)
    assert asked.quote(1400) == 1400
    assert asked.judge.contradicted(KEY) == 0


def test_F44_without_a_stream_the_previous_close_names_the_instrument():
    """A wrong answer near the price is known by it too, and one or two are not enough."""
    asked = Asked(previous_close=lambda key: Decimal(1400))
    assert asked.quote(1405) == 1405
    assert asked.quote(1404, previous_close=Decimal(1180)) == "wrong_instrument"
    assert asked.quote(1406) == 1406
    assert asked.quote(219, previous_close=Decimal(220)) == "wrong_instrument"
    assert asked.quote(219, previous_close=Decimal(220)) == "wrong_instrument"
    assert asked.quote(1407) == 1407
    assert asked.discarded("wrong_instrument") == 3


def test_a_previous_close_that_three_quotes_agree_on_is_taken_over():
    """A broker that rolls it over late in the morning must not be refused for the day."""
    asked = Asked(previous_close=lambda key: Decimal(1400))
    told = [asked.quote(1380 + n, previous_close=Decimal(1379)) for n in range(4)]
    assert told == ["wrong_instrument", "wrong_instrument", 1382, 1383]


def test_a_real_gap_is_believed_when_a_later_quote_agrees():
    asked = Asked()
    asked.stream(1400)
    asked.seconds = 60
    assert asked.quote(1240) == "far_from_last"
    assert asked.quote(1242) == 1242
    assert asked.quote(1243) == 1243


def test_an_option_that_has_trebled_is_asked_to_be_confirmed_once():
    """After that its price is compared with its price, and no more with yesterday's."""
    asked = Asked(previous_close=lambda key: Decimal(20))
    told = [asked.quote(60 + n / 2, low=Decimal(18), previous_close=Decimal(20)) for n in range(5)]
    assert told == ["far_from_close", 60.5, 61, 61.5, 62]


def test_a_quote_that_disagrees_with_the_doubted_one_begins_anew():
    asked = Asked()
    asked.stream(1400)
    asked.seconds = 60
    told = [asked.quote(price) for price in (1240, 1600, 1240, 1241)]
    assert told == ["far_from_last", "far_from_last", "far_from_last", 1241]


def test_a_big_move_that_the_stream_shows_is_no_doubt():
    """Two sources agree: nothing has to be repeated."""
    asked = Asked()
    asked.stream(1400)
    asked.quote(1400)
    asked.stream(1240)
    assert asked.quote(1242) == 1242


def test_F46_a_first_quote_whose_range_does_not_hold_it_is_never_taken():
    """An old price beside today's range."""
    asked = Asked()
    for _ in range(5):
        assert asked.quote(AQuote(last=Decimal(1120), volume=int(asked.seconds))) == "outside_own_range"


def test_F46_a_first_quote_with_nothing_beside_it_waits_for_a_second_that_has_moved():
    """The same figures again prove nobody looked again: a quote of weeks ago repeats itself for ever."""
    asked, old = Asked(), quote(1120, previous_close=Decimal(1118), volume=55)
    for _ in range(5):
        assert asked.quote(old) == "nothing_to_compare"
    asked.stream(1400)
    assert asked.quote(old) == "far_from_stream"
    fresh = Asked()
    assert [fresh.quote(1400), fresh.quote(1401)] == ["nothing_to_compare", 1401]


def test_F46_an_old_first_quote_has_another_previous_close():
    """Yesterday's close, from the stream or from a bar, is enough to know it by."""
    asked = Asked()
    asked.stream(1400, previous_close=Decimal(1395))
    asked.seconds = 20
    assert asked.quote(1390, previous_close=Decimal(1118)) == "wrong_instrument"
    assert asked.quote(1390, previous_close=Decimal(1395)) == 1390


def test_the_same_quote_again_says_nothing_new():
    """It is neither a price nor a doubt; a volume that has grown is news, and a bid alone is no trade."""
    asked = Asked()
    asked.stream(1400)
    assert asked.quote(1400, volume=9) == 1400
    assert asked.quote(1400, volume=9) is None
    assert asked.discarded("unchanged") == 1
    moved = asked.judge.judge(KEY, quote(1400, volume=9, bid=Decimal(1399)), moment(9), moment(9))
    assert (moved.source, moved.traded, moved.at) == (POLL, False, moment(9).at)
    assert asked.judge.judge(KEY, quote(1400, volume=10), moment(11), moment(11)).traded


def test_a_quote_that_stands_still_while_the_stream_moves_away_is_a_disagreement():
    asked = Asked()
    asked.stream(1400)
    assert asked.quote(1400, volume=9) == 1400
    for _ in range(3):
        asked.stream(1450)
        assert asked.quote(1400, volume=9) is None
    assert asked.judge.contradicted(KEY) == 3


def test_a_new_day_begins_with_nothing_known():
    asked = Asked()
    asked.stream(1400)
    assert asked.quote(1400) == 1400
    asked.seconds = timedelta(days=1).total_seconds()
    assert asked.quote(1700, previous_close=Decimal(1690)) == "nothing_to_compare"
    asked.judge.forget(KEY)
    assert asked.judge.contradicted(KEY) == 0


def test_a_stream_whose_close_moves_with_its_price_names_nobody():
    """Some senders put the last price there (Upstox's does): it is no name, and doubts no quote."""
    asked = Asked()
    for price in (1400, 1401, 1402):
        asked.stream(price, previous_close=Decimal(price))
    assert [asked.quote(1402 + n, previous_close=Decimal(1380)) for n in range(3)] == [1402, 1403, 1404]


def test_a_price_that_jumps_under_such_a_close_is_nobody_elses():
    asked = Asked(previous_close=lambda key: Decimal(1380))
    asked.stream(1400, previous_close=Decimal(1400))
    assert not asked.judge.is_anothers(tick(1440, 1, previous_close=Decimal("1440.1")))
    assert asked.judge.is_anothers(tick(219, 2, previous_close=Decimal(220)))


def test_a_quote_that_tells_its_own_price_as_the_close_is_judged_by_the_rest():
    """It moves with each quote: each was taken for another instrument's, while the price ran."""
    asked = Asked(previous_close=lambda key: Decimal(1380))
    assert asked.quote(1405, previous_close=Decimal(1380)) == 1405
    assert [asked.quote(1410 + 5 * n, previous_close=Decimal(1410 + 5 * n)) for n in range(3)] == [1410, 1415, 1420]
    assert asked.quote(219, previous_close=Decimal(219)) == "far_from_last"
