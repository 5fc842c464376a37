"""Replay `resimulate`: recorded prices and signals through the paper broker, under another policy."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore.testing import Scenario
from riskcore_openalgo.demo.day import demo_policy
from riskcore_openalgo.journal import Journal, Reader
from riskcore_openalgo.journal.pruning import prune
from riskcore_openalgo.runner.resimulation import resimulate
from tests.journal.told import INFY, SEEN, THIRD, entries, four_days

POLICY = rc.Policy(max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0)


def trades(journal):
    """The recorded trades."""
    return tuple(row.event for row in journal.rows(types=["PositionClosed"]))


def written(path, told):
    """A journal of a scenario."""
    with Journal(path) as journal:
        journal.append(entries(told))
    return Reader(path)


def test_under_the_recorded_policy_a_paper_day_comes_out_again(demo_journal):
    """Each trade of the demo to the paisa, each refusal, the same book at the end."""
    with Reader(demo_journal) as journal:
        found = resimulate(journal, demo_policy())
        assert found.trades == trades(journal)
        assert found.refused == 42
        recorded = journal.load().state.book
    assert found.state.book.net_realised == recorded.net_realised
    assert found.state.book.trades_today == recorded.trades_today


def test_under_another_policy_other_trades_happen(demo_journal):
    """What is not bought leaves room for what was refused then; every order is the other policy's own."""
    policy = attrs.evolve(demo_policy(), max_positions=1)
    with Reader(demo_journal) as journal:
        found, then = resimulate(journal, policy), trades(journal)
    assert len(found.trades) == 5
    assert found.trades != then
    assert {trade.signal_id for trade in found.trades} - {trade.signal_id for trade in then}
    spans = sorted((trade.opened_at, trade.closed_at) for trade in found.trades)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_no_recorded_fill_is_folded(tmp_path):
    """The record was filled at 999; under a policy that refuses, nothing is held, and nothing is a stray report."""
    told = Scenario(POLICY, INFY, day=THIRD)
    told.fill("10:00:01", told.enter("10:00", **SEEN), price=999)
    told.prices("10:30", last=1105)
    told.fill("10:30:01", told.sent()[-1].order_id, price=1100)
    with written(tmp_path / "j.db", told) as journal:
        refused = resimulate(journal, attrs.evolve(POLICY, denied_symbols=("INFY",)))
        bought = resimulate(journal, POLICY)
    assert (refused.trades, refused.state.book.positions, refused.refused) == ((), (), 1)
    assert refused.state.book.net_realised == 0
    assert not bought.trades  # no price came at which the paper broker could have sold or bought
    assert bought.state.book.positions == ()


def test_prices_of_the_record_fill_the_other_policys_orders(tmp_path):
    """An entry at the first price after it, an exit where the target was seen: not at what the record was filled at."""
    told = Scenario(POLICY, INFY, day=THIRD)
    told.fill("10:00:01", told.enter("10:00", **SEEN), price=999)
    told.prices("10:00:05", last=998)
    told.prices("10:30", last=1105)
    told.prices("10:30:05", last=1104)
    told.fill("10:30:06", told.sent()[-1].order_id, price=1100)
    with written(tmp_path / "j.db", told) as journal:
        (trade,) = resimulate(journal, POLICY).trades
        (then,) = trades(journal)
    assert (then.entry_price, then.exit_price) == (999, 1100)
    assert (trade.entry_price, trade.exit_price, trade.reason) == (998, 1105, "target")


def test_what_the_broker_of_the_record_said_is_left_out(tmp_path):
    """Its books, its funds, a login that failed; an operator's halt is taken, it was there."""
    told = Scenario(POLICY, INFY, day=THIRD)
    told.take(events.LoginSeen(told.at("09:20"), False, False, "asha", "token"))
    told.take(events.FundsSeen(told.at("09:21"), Decimal(5), Decimal(0), Decimal(0)))
    told.enter("10:00", **SEEN)
    told.prices("10:00:01", last=999)
    told.take(events.OperatorHalted(told.at("10:30"), "asha", "lunch"))
    told.enter("11:00", **SEEN)
    with written(tmp_path / "j.db", told) as journal:
        found = resimulate(journal, POLICY)
        assert found.refused == 1
        assert found.state.book.position("NSE:INFY") is not None
        assert found.state.book.state == "halted"


@pytest.mark.parametrize(("read", "expected"), [(250_000, 250_000), (None, 100_000)])
def test_equity_begins_as_it_was_read_and_is_carried_from_there(tmp_path, read, expected):
    """The first reading, else the policy's; later sessions go on with what this policy made of it."""
    told = Scenario(POLICY, INFY, day=THIRD, equity=read)
    told.enter("10:00", **SEEN)
    told.prices("10:00:01", last=999)
    told.day += timedelta(days=3)
    told.time("09:16")
    if read:
        told.take(events.EquityRead(told.at("09:17"), Decimal(7)))
    with written(tmp_path / "j.db", told) as journal:
        found = resimulate(journal, POLICY)
    assert found.state.carried_equity is not None
    assert abs(found.state.carried_equity - expected) < 1000


def test_a_pruned_journal_is_played_from_an_empty_account(tmp_path, demo_journal):
    """What was held before is another policy's, and is not there."""
    with Journal(tmp_path / "j.db", whole=True) as journal:
        journal.append(entries(four_days()))
        prune(journal, THIRD)
        found = resimulate(journal, four_days().policy)
    assert found.state.book.positions == ()


def test_an_empty_journal_comes_to_nothing(tmp_path):
    """No input, no trade."""
    with Journal(tmp_path / "new.db") as journal:
        found = resimulate(journal, POLICY)
    assert (found.trades, found.refused) == ((), 0)


def test_nothing_is_written_to_the_journal(demo_journal):
    """It is opened to read."""
    before = demo_journal.read_bytes()
    with Reader(demo_journal) as journal:
        resimulate(journal, POLICY)
    assert demo_journal.read_bytes() == before
