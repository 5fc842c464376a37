"""A stop that trades at the broker: what would enter the same share again is taken back, and nothing else."""

from riskcore import events as e
from tests.core.custody_days import at_broker, stop_of
from tests.core.engine_days import INFY, SEEN, TCS, a_day


def test_it_ends_the_entries_of_its_own_share_alone():
    """Entries of other shares work on; the position leaves by itself."""
    day = a_day(INFY, TCS, one_position_per_symbol=False, max_positions=9, risk_per_trade="0.2")
    day.take(e.BrokerSeen(day.at("09:17"), at_broker().state.custody.capability))
    first = day.enter("10:00", **SEEN)
    day.report("10:00:01", first, "working", broker_id="E1")
    day.fill("10:00:01", first, price=1000)
    stop = stop_of(day)
    day.report("10:00:02", stop.order_id, "working", broker_id="S1")
    again, other = day.enter("10:01", **SEEN), day.enter("10:01:01", symbol="TCS", **SEEN)
    for number, entry in enumerate((again, other), 2):
        day.report(f"10:01:0{number}", entry, "working", broker_id=f"E{number}")
    day.fill("10:02", stop.order_id, price=980)
    asked = [fact.order_id for fact in day.facts if isinstance(fact, e.CancelRequested)]
    assert asked == [again]
    assert day.book.order(other).status == "working"
