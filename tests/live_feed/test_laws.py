"""What holds for any prices in any order, and for any quote."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import event, given, strategies as st

from riskcore_openalgo.live_feed import POLL, STREAM, Doubt, Judge, Known, Limits, Prices, Tick, plausible
from tests.live_feed.made import KEY, AQuote, moment, tick

OTHER = "NSE:TCS"
prices = st.decimals("0.05", "99999", places=2)
figures = st.none() | st.decimals("0", "99999", places=2)
seconds = st.integers(0, 40)


@st.composite
def told(draw):
    """A price of either source and instrument, stamped or not, its stamp and its arrival in any order."""
    source = draw(st.sampled_from((STREAM, POLL)))
    made = draw(st.none() | seconds) if source == STREAM else None
    return tick(draw(prices), draw(seconds), source, draw(st.sampled_from((KEY, OTHER))), made)


@st.composite
def quotes(draw, last=prices):
    return AQuote(
        last=draw(last),
        bid=draw(figures),
        ask=draw(figures),
        high=draw(figures),
        low=draw(figures),
        previous_close=draw(figures),
        volume=draw(st.none() | st.integers(0, 3)),
    )


known = st.builds(
    Known,
    stream=st.none() | prices,
    stream_age_s=st.floats(0, 100),
    last=st.none() | prices,
    closes=st.lists(prices, max_size=2).map(tuple),
)


def played(acts):
    """A run of prices and looks: what was accepted, and what the looks told, by instrument."""
    conflated, accepted, spans = Prices(), {KEY: [], OTHER: []}, {KEY: [], OTHER: []}
    conflated.watch((KEY, OTHER), moment())
    for act in (*acts, 41):
        if isinstance(act, Tick):
            if not conflated.add(act):
                accepted[act.key].append(act)
        else:
            for span in conflated.take(moment(act)):
                spans[span.key].append(span)
    return accepted, spans


acts = st.lists(told() | seconds, max_size=40)


@given(acts)
def test_no_price_that_was_accepted_is_lost(acts):
    """First, last, highest and lowest over all spans are those of the accepted prices, and so is their number."""
    accepted, spans = played(acts)
    for key, ticks in accepted.items():
        seen = spans[key]
        event(f"{min(len(ticks), 5)} prices in {min(len(seen), 5)} spans")
        assert sum(span.ticks for span in seen) == len(ticks)
        if ticks:
            assert max(span.high for span in seen) == max(told.price for told in ticks)
            assert min(span.low for span in seen) == min(told.price for told in ticks)
            assert (seen[0].first, seen[-1].last) == (ticks[0].price, ticks[-1].price)
            assert {source for span in seen for source in span.sources} == {told.source for told in ticks}


@given(acts)
def test_a_span_holds_its_own_first_and_last(acts):
    for seen in played(acts)[1].values():
        assert all(span.low <= min(span.first, span.last) <= max(span.first, span.last) <= span.high for span in seen)


@given(acts)
def test_time_never_runs_back(acts):
    """In what is accepted, by our clock and by each sender's stamps; and in the spans, one after the other.

    A stamp from the future says nothing of the order.
    """
    ahead = timedelta(seconds=Limits().ahead_s)
    accepted, spans = played(acts)
    for key, ticks in accepted.items():
        arrived = [told.mono for told in ticks]
        assert arrived == sorted(arrived)
        made = [told.made_at for told in ticks if told.made_at is not None and told.made_at - told.at <= ahead]
        assert made == sorted(made)
        bounds = [bound for span in spans[key] for bound in (span.since, span.at)]
        assert bounds == sorted(bounds)


@given(acts)
def test_the_same_price_told_twice_is_accepted_once(acts):
    """Each stamped price is told a second time at once; nothing changes."""
    twice = [again for act in acts for again in ((act, act) if isinstance(act, Tick) and act.made_at else (act,))]
    assert played(twice) == played(acts)


@given(quotes(st.none() | st.decimals("-99999", "0", places=2)), known)
def test_a_quote_of_nothing_never_passes(quote, known):
    """Zero, less, or no price: whatever is known."""
    assert plausible(quote, known).why == "no_price"


@given(quotes(), known)
def test_a_quote_that_equals_the_newest_streamed_price_always_passes(quote, known):
    assert plausible(AQuote(last=known.stream or quote.last), Known(stream=known.stream or quote.last)) is None
    if quote.last == known.stream:
        assert plausible(quote, known) is None


@given(quotes(), known)
def test_what_passes_beside_a_fresh_stream_is_near_it(quote, known):
    """However often it is told, and whatever else is known."""
    fresh = known.stream is not None and known.stream_age_s <= Limits().stream_fresh_s
    if fresh and plausible(quote, known) is None:
        assert abs(quote.last - known.stream) * 100 <= known.stream * 2


@given(st.lists(quotes(st.none() | figures), max_size=12), prices, st.integers(0, 12))
def test_a_judge_believes_nothing_far_from_a_fresh_stream(told, price, at):
    """Whatever quotes come, in whatever order: every one that becomes a price is near, and each is accounted for."""
    judge, taken = Judge(), 0
    for n, quote in enumerate(told):
        judge.saw(tick(price, n))
        found = judge.judge(KEY, quote, moment(n), moment(n))
        taken += isinstance(found, Tick)
        if isinstance(found, Tick):
            assert abs(found.price - price) * 100 <= price * 2
        elif isinstance(found, Doubt):
            assert judge.counts[KEY, found.why] > 0
    assert taken + sum(judge.counts.values()) == len(told)


@given(prices, st.decimals("-40", "40", places=1))
def test_a_gap_of_any_size_is_believed_within_three_quotes(price, pct):
    """While the stream is silent: quotes that agree, each with its own volume and the same previous close."""
    moved = max(price * (100 + pct) / 100, Decimal("0.01"))
    judge = Judge(previous_close=lambda key: price)
    judge.saw(tick(price, 0))
    found = None
    for n in range(3):
        quote = AQuote(last=moved, high=moved, low=moved, previous_close=price, volume=n)
        found = judge.judge(KEY, quote, moment(60 + n), moment(60 + n))
    assert isinstance(found, Tick)
