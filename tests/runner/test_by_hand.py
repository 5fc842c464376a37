"""A turn by hand: an operator's input into a journal that nobody runs, with no broker behind it."""

import pytest

from riskcore import events
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.journal.replay import replay
from riskcore_openalgo.runner.by_hand import NeedsARunner, take_by_hand
from riskcore_openalgo.runner.hands import symbol_key
from tests.core.custody_days import at_broker, held
from tests.core.engine_days import SEEN
from tests.journal.told import entries


def written(path, day):
    """The journal of a day."""
    journal = Journal(path)
    journal.append(entries(day))
    return journal


def test_an_input_is_taken_as_a_runner_takes_it(tmp_path):
    """With the policy that was in force; the journal replays."""
    day, _ = held()
    at = day.at("10:30")
    with written(tmp_path / "live.db", day) as journal:
        before = journal.policy(), journal.length
        facts = take_by_hand(journal, events.OperatorHalted(at, "asha", "lunch"), at)
        assert [type(fact).__name__ for fact in facts] == ["Latched"]
        assert journal.load().state.book.state == "halted"
        assert (journal.policy(), list(journal.rows(after=before[1], types=["PolicyChanged"]))) == (before[0], [])
        assert replay(journal).same


@pytest.mark.parametrize(("clock", "wants"), [("10:00:05", "PlaceExit"), ("10:30", "PlaceExit")])
def test_nothing_is_written_where_the_moment_asks_for_an_order(tmp_path, clock, wants):
    """A position whose stop did not leave: an intent that nobody sends would be looked for at the broker in vain."""
    day, _ = held(rests=False)
    for _ in range(2):
        day.report("10:00:02", day.sent()[-1].order_id, "rejected", error="not_sent")
    at = day.at(clock)
    with written(tmp_path / "live.db", day) as journal:
        length = journal.length
        with pytest.raises(NeedsARunner, match=rf"{wants}\), and no runner is there to send them"):
            take_by_hand(journal, events.OperatorHalted(at, "asha", "lunch"), at)
        assert journal.length == length


def test_entries_on_their_way_are_not_taken_back_by_hand(tmp_path):
    """A halt cancels them, and a cancel has to be sent."""
    day = at_broker()
    day.enter("10:01", **SEEN)
    at = day.at("10:01:05")
    assert day.book.live_orders(entries=True)
    with written(tmp_path / "live.db", day) as journal, pytest.raises(NeedsARunner, match="CancelOrder"):
        take_by_hand(journal, events.OperatorHalted(at, "asha", "lunch"), at)


@pytest.mark.parametrize("symbol", ["NFO:ITC29DEC26412.5CE", "cds:usdinr29dec2684.25pe", "NSE:M&M", "NSE:BAJAJ-AUTO"])
def test_a_symbol_is_taken_as_the_exchange_writes_it(symbol):
    """The point of a strike of halves among it: such an option could not be left by hand."""
    assert symbol_key(symbol) == symbol.upper()
