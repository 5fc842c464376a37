"""Replay names the first fact that would come out differently."""

from datetime import datetime, timedelta
from decimal import Decimal

import attrs

import riskcore as rc
from riskcore import engine, events
from riskcore_openalgo.journal import Journal, chain
from riskcore_openalgo.journal.replay import replay

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=rc.IST)
INPUTS = (
    events.PolicyLoaded(NOW, rc.Policy()),
    events.EquityRead(NOW, Decimal(100_000)),
    events.SignalArrived(NOW, rc.Signal("SBIN", "BUY", at=NOW)),
    events.TimePassed(NOW + timedelta(minutes=2)),
)


def entries():
    """Inputs, each with its facts."""
    state, policy = engine.State(), rc.Policy()
    for event in INPUTS:
        taken = engine.step(state, event, policy)
        state = taken.state
        yield event
        yield from taken.facts


def written(tmp_path, rows):
    """A journal of these rows."""
    journal = Journal(tmp_path / "journal.db")
    journal.append(rows)
    return journal


def test_the_recorded_facts_come_out_again(tmp_path):
    """All inputs, all facts."""
    journal = written(tmp_path, entries())
    assert str(replay(journal)) == "4 inputs replayed, 5 facts: the same facts, byte for byte"
    journal.close()


def test_a_fact_that_would_differ_is_named(tmp_path):
    """Here the journal says that another signal was refused."""
    rows = list(entries())
    other = rc.Signal("INFY", "BUY", at=NOW)
    last = rows[-1]
    rows[-1] = events.EntryRefused(last.at, other, last.findings, last.unmeasured)
    journal = written(tmp_path, rows)
    found = replay(journal)
    assert not found.same
    assert "row 9: the journal has EntryRefused" in str(found)
    journal.close()


def test_a_fact_too_few_and_one_too_many_are_named(tmp_path):
    """A fact that is missing, or that nothing led to."""
    rows = list(entries())
    short = written(tmp_path / "short", [row for row in rows if not isinstance(row, events.SignalTaken)])
    assert "SignalTaken is not in the journal" in str(replay(short))
    last = written(tmp_path / "last", rows[:-1])
    assert "EntryRefused is not in the journal" in str(replay(last))
    long = written(tmp_path / "long", [*rows, events.SignalRepeated(NOW, "x")])
    assert "replay gives nothing" in str(replay(long))
    for journal in (short, last, long):
        journal.close()


def test_what_an_earlier_version_wrote_and_nobody_reads_any_more_is_no_difference(tmp_path, monkeypatch):
    """Of a broker that was known to tell in its orders how much had filled."""
    seen = events.BrokerSeen(NOW, rc.capability("sandbox", on=NOW.date()))
    was = chain.encode

    def of_then(event):
        return was(event).replace('"empty_proves":true', '"empty_proves":true,"fills_in_orders":true')

    monkeypatch.setattr(chain, "encode", of_then)
    rows = [seen, *engine.step(engine.State(), seen, rc.Policy()).facts]
    journal = written(tmp_path, rows)
    monkeypatch.undo()
    assert [row.type for row in journal.rows() if "fills_in_orders" in row.body] == ["BrokerSeen", "BrokerKnown"]
    assert replay(journal).same
    journal.close()


def test_a_policy_of_an_older_version_is_compared_by_its_settings(tmp_path):
    """One that has a setting more gives it another hash: no journal of before could be replayed beyond it."""
    made = list(entries())
    place = next(n for n, row in enumerate(made) if isinstance(row, events.PolicyChanged))
    for policy, same in ((rc.Policy(), True), (rc.Policy(max_positions=2), False)):
        made[place] = attrs.evolve(made[place], policy=policy, policy_hash="0" * 64)
        (tmp_path / str(same)).mkdir()
        journal = written(tmp_path / str(same), made)
        assert replay(journal).same is same
        journal.close()
