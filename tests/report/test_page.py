"""The page: whole, harmless whatever a name says, and made of nothing from elsewhere."""

from datetime import datetime
from decimal import Decimal

import attrs
import pytest

import riskcore as rc
from riskcore import events
from riskcore.testing import Scenario
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.notes import Note
from riskcore_openalgo.lab.report import Extra, Span, page, study_of, study_of_journal
from tests.journal.told import INFY, SEEN, THIRD, four_days
from tests.report.pages import Elements

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
POLICY = rc.Policy(
    max_position_size_percent=100, max_sector_exposure=100, entry_band_pct=0, trail="percent", trail_by=1
)


def hostile_study():
    """Everything a stranger may write, written as an attack: strategy, reason, note, tag, rule, title, table."""
    told = Scenario(POLICY, INFY, day=THIRD)
    seen = {"strategy": HOSTILE}
    signal = told.signal("10:00", **seen, stop=980, target=1100)
    told.look("10:00", signal, last=1000)
    told.fill("10:00:01", told.sent(rc.ApprovedEntry)[-1].order_id, price=1000)
    told.prices("10:30", last=1105)
    told.fill("10:30:01", told.sent()[-1].order_id, price=1100)
    told.look("10:40", told.signal("10:40", side="SELL", **seen, stop=900, target=1100), last=1000)
    facts = [
        attrs.evolve(fact, reason=HOSTILE) if isinstance(fact, events.PositionClosed) else fact for fact in told.facts
    ]
    note = Note("", datetime(2026, 11, 20, tzinfo=rc.IST), HOSTILE, (HOSTILE.replace(" ", ""),))
    signal_id = next(fact.signal_id for fact in facts if isinstance(fact, events.PositionClosed))
    study = study_of(facts, title=HOSTILE, source=HOSTILE, notes={signal_id: (note,)})
    return attrs.evolve(study, extras=(Extra(HOSTILE, HOSTILE, (HOSTILE,), ((HOSTILE,),)),))


def test_a_strategy_named_script_is_harmless():
    """Names, notes, tags, reasons and titles come as text: no element of theirs is one of the page's."""
    study = hostile_study()
    assert len(study.stories) == len(study.refused) == 1
    found = Elements(page(study))
    assert found.faults == []
    assert found.open == []
    assert not found.names & {"script", "img", "iframe", "object", "link", "form", "base"}
    assert not [name for _, name, _ in found.attributes if name.startswith("on")]
    assert found.said.count(HOSTILE) >= 8  # it is still there to be read


def test_nothing_is_fetched(demo_journal):
    """No address but those inside the page, and a policy that forbids everything else."""
    with Reader(demo_journal) as journal:
        text = page(study_of_journal(journal))
    found = Elements(text)
    assert {value[:1] for _, name, value in found.attributes if name in {"href", "src"}} == {"#"}
    anchors = {value[1:] for _, name, value in found.attributes if name == "href"}
    assert anchors == {attrs["id"] for tag, attrs in found.found if tag == "section"}
    assert "url(" not in text
    assert "@import" not in text
    rules = [attrs["content"] for tag, attrs in found.found if attrs.get("http-equiv")]
    assert rules == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_demo_day_is_shown_whole(demo_journal):
    """Each trade in the table and on its prices, each rule that refused, each session in the calendar."""
    with Reader(demo_journal) as journal:
        study = study_of_journal(journal)
    found = Elements(page(study))
    assert found.faults == []
    drawn = [attrs["aria-label"] for tag, attrs in found.found if tag == "svg" and "aria-label" in attrs]
    assert [label for label in drawn if label.startswith("Trade ")] == [
        "Trade 5: BUY NSE:LT",
        "Trade 4: BUY NSE:RELIANCE",
        "Trade 3: SELL NSE:LT",
        "Trade 2: SELL NSE:INFY",
        "Trade 1: SELL NSE:INFY",
    ]
    assert {rule for rule, _ in study.performance.refused} <= set(found.said.split())
    assert "Results of February 2020" in drawn
    assert "47 entries were asked for, 42 of them refused." in found.said


def test_entries_that_only_shadow_were_asked_for_too():
    """The first days with `live_symbols`: what was approved and not sent stood in no figure of the page."""
    told = Scenario(attrs.evolve(POLICY, live_symbols=("TCS",)), INFY, day=THIRD)
    told.enter("10:00", **SEEN)
    told.enter("10:05", **{**SEEN, "target": 1001})
    study = study_of(told.facts, title="t", source="s")
    assert (study.approved, study.withheld, len(study.refused)) == (0, 1, 1)
    said = "2 entries were asked for, 1 of them refused, 1 approved and not sent: they only shadow."
    assert said in Elements(page(study)).said


def test_every_coordinate_is_a_number(demo_journal):
    """No place of a drawing is nan or infinite, nor outside of all reason."""
    with Reader(demo_journal) as journal:
        text = page(study_of_journal(journal))
    places = [
        float(value)
        for tag, name, value in Elements(text).attributes
        if tag in {"rect", "line", "circle", "text"} and name in {"x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "width"}
    ]
    assert len(places) > 500
    assert all(-50 <= place <= 1200 for place in places)


def test_only_the_newest_trades_are_drawn():
    """All stand in the table; it is said how many are not drawn."""
    study = study_of(four_days().facts, title="four", source="told by hand")
    found = Elements(page(study, trades_drawn=2))
    drawn = [attrs.get("aria-label", "") for tag, attrs in found.found if tag == "svg"]
    assert [label.split(":")[0] for label in drawn if label.startswith("Trade ")] == ["Trade 4", "Trade 3"]
    assert "The newest 2 are drawn, 2 earlier ones stand in the table." in found.said


@pytest.mark.parametrize("facts", [(), four_days().facts[:3]], ids=["none", "nothing traded"])
def test_an_account_without_a_trade_has_a_page(facts):
    """It says what there is not."""
    found = Elements(page(study_of(facts, title="empty", source="nobody")))
    assert found.faults == []
    assert "No finished trade." in found.said


def test_one_flat_price_is_drawn():
    """A day of one price, traded at it: no scale without extent divides by nought."""
    told = Scenario(POLICY, INFY, day=THIRD)
    told.fill("10:00:01", told.enter("10:00", **SEEN), price=1000)
    told.prices("10:30", last=1105)
    told.fill("10:30:01", told.sent()[-1].order_id, price=1000)
    price = Decimal(1000)
    spans = {"NSE:INFY": [Span(told.at("10:00:01"), price, price, price, price)]}
    found = Elements(page(study_of(told.facts, spans, title="flat", source="told by hand")))
    assert found.faults == []
    assert "nan" not in found.said
