"""What each rule cost or saved, and the trades in other orders."""

from datetime import timedelta
from decimal import Decimal

import attrs
import pytest
from hypothesis import given, settings, strategies as st

import riskcore as rc
from riskcore import analytics
from riskcore_openalgo.demo.day import demo_policy
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.lab.report import study_of, study_of_journal
from riskcore_openalgo.lab.report.bootstrap import bootstrap_tables, drawn
from riskcore_openalgo.lab.report.counterfactual import counterfactual, without
from riskcore_openalgo.lab.report.study import Study
from riskcore_openalgo.runner.resimulation import resimulate
from tests.core.finished_trades import a_trade
from tests.journal.told import four_days


def test_a_rule_off_is_the_same_day_under_a_policy_without_it(demo_journal):
    """By hand: without a cap on the trades of a day, the demo makes other trades; what it saved is the difference."""
    with Reader(demo_journal) as journal:
        found = counterfactual(journal, ["max_trades_per_day", "max_positions"])
        by_hand = resimulate(journal, attrs.evolve(demo_policy(), max_trades_per_day=1_000_000))
    trades, positions = found.rules
    assert (trades.trades, trades.net) == (len(by_hand.trades), by_hand.state.book.net_realised)
    assert trades.refused == 21
    assert found.saved(trades) == found.net - trades.net < 0
    assert found.saved(positions) > 0


def test_every_rule_that_refused_is_asked(demo_journal):
    """Those that no setting switches off are named with the reason, and have no figure."""
    with Reader(demo_journal) as journal:
        found = {off.rule: off for off in counterfactual(journal).rules}
    assert {"max_trades_per_day", "atr_warmup_bars", "no_entry_after", "session", "max_positions"} <= set(found)
    assert all(found[name].why == "no setting switches it off" for name in ("session", "no_entry_after"))
    assert found["session"].net is None


def never(context):
    """A rule of one's own that refuses everything."""
    return rc.Finding("never", "custom_rule", False, None, None)


def test_any_kind_of_rule_can_be_off():
    """A setting that is off by None, one at its laxest, a scoped limit, a rule of one's own."""
    limits = (rc.Limit(scope="symbol", name="INFY", max_positions=1, max_quantity=5),)
    policy = rc.Policy(max_notional=5000, limits=limits).with_rules(never)
    assert without(policy, "max_notional").max_notional is None
    assert without(policy, "min_risk_reward").min_risk_reward < 1
    assert without(policy, "limits.max_positions").limits[0].max_positions is None
    assert without(policy, "limits.max_positions").limits[0].max_quantity == 5
    assert without(policy, "never").rules == ()
    with pytest.raises(ValueError, match="no setting switches it off"):
        without(policy, "session")


def test_a_limit_with_one_number_is_off_whole():
    """It had no figure, and the reason was advice for whoever writes a configuration."""
    alone = rc.Limit(scope="symbol", name="INFY", max_positions=1)
    other = rc.Limit(scope="strategy", name="ema", max_positions=1, max_daily_loss=2)
    found = without(rc.Policy(limits=(alone, other)), "limits.max_positions").limits
    assert found == (rc.Limit(scope="strategy", name="ema", max_daily_loss=2),)
    assert without(rc.Policy(limits=(alone,)), "limits.max_positions").limits == ()


@pytest.mark.parametrize("rule", ["charges_as_of", "limits.max_positions", "max_notional"])
def test_a_rule_that_stays_on_has_no_figure(rule):
    """`charges_as_of` refuses where it is empty: the same run again said that the rule changed nothing."""
    with pytest.raises(ValueError, match="no setting switches it off"):
        without(rc.Policy(), rule)


def test_the_paths_by_hand():
    """Two losses of 10 on 100 in one session are a drawdown of 20 %, in two sessions of 10 % and of 11.1 %."""
    once = drawn([-10, -10], [2], 100, paths=3, seed=1, replace=False)
    assert (once.drawdowns, once.worst_sessions) == ((20, 20, 20), (20, 20, 20))
    assert once.returns[0] == pytest.approx(-20)
    apart = drawn([-10, -10], [1, 1], 100, paths=1, seed=1, replace=False)
    assert apart.worst_sessions == pytest.approx((100 / 9,))
    assert apart.drawdowns == (20,)


@given(
    nets=st.lists(st.integers(-500, 500).map(float), min_size=1, max_size=12),
    seed=st.integers(0, 2**32),
    replace=st.booleans(),
)
@settings(max_examples=60)
def test_paths_are_what_a_seed_makes(nets, seed, replace):
    """The same seed, the same paths; in another order alone, the same end; a session never loses more than the fall."""
    sessions = [1] * len(nets)
    found = drawn(nets, sessions, 10_000, paths=20, seed=seed, replace=replace)
    assert found == drawn(nets, sessions, 10_000, paths=20, seed=seed, replace=replace)
    if not replace:
        assert found.returns == pytest.approx([sum(nets) / 100] * 20)
    assert all(worst <= deepest + 1e-9 for worst, deepest in zip(found.worst_sessions, found.drawdowns, strict=True))


def test_limits_are_counted_where_they_are_reached():
    """Every path loses 20 %: all of them reach a daily limit of 20 and none one of 21."""
    found = drawn([-10, -10], [2], 100, paths=7, seed=1, replace=True)
    assert found.share_beyond(found.worst_sessions, rc.Policy(max_daily_loss=20).max_daily_loss) == 100
    assert found.share_beyond(found.worst_sessions, rc.Policy(max_daily_loss=21).max_daily_loss) == 0


def test_where_there_is_no_limit_the_cell_is_empty(demo_journal):
    """Undefined is null, or an empty cell; a dash would be taken for a formula."""
    with Reader(demo_journal) as journal:
        drawn_again, _ = bootstrap_tables(study_of_journal(journal), paths=5)
    assert [(row[-2] is None, row[-1] is None) for row in drawn_again.rows] == [
        (True, True),
        (True, True),
        (False, False),
    ]


def test_few_trades_are_not_drawn_from():
    """Four trades: it is said, and no figure is given."""
    study = study_of(four_days().facts, title="t", source="s")
    [table] = bootstrap_tables(study)
    assert table.rows == ()
    assert "too few" in table.about


@pytest.mark.parametrize("opening", [0, -100])
def test_an_account_that_began_with_nothing_is_not_drawn_from(opening):
    """Percent of it say nothing: the table has a sentence, and the report its page."""
    told = a_trade(initial_stop=95)
    curve = rc.EquityCurve([analytics.Day(session=told.closed_at.date(), opening=opening, net=600)])
    made = rc.performance_of([told] * 6, curve)
    [table] = bootstrap_tables(Study(title="t", source="s", performance=made, stories=()))
    assert (table.rows, table.about) == ((), "Equity at the start was not above 0: no path is a percentage of it.")


def test_money_paid_in_makes_no_path_better():
    """10 % a session, of 1,000 and then of 10,000: in another order too the end is that of the account, 77 %."""
    days, trades, opening = [], [], 1000
    for number in range(6):
        opening += 8900 if number == 1 else 0
        first = a_trade()
        at = first.closed_at + timedelta(days=number)
        trades.append(a_trade(opened_at=at, closed_at=at, gross=opening / 10))
        flow = 8900 if number == 1 else 0
        days.append(analytics.Day(session=at.date(), opening=opening, net=opening / 10, flow=flow))
        opening += opening / 10
    made = rc.performance_of(trades, rc.EquityCurve(days))
    _, [end, fall, _] = (
        one.rows for one in bootstrap_tables(Study(title="t", source="s", performance=made, stories=()))
    )
    assert made.cumulative_return is not None
    assert end[1:4] == (round(made.cumulative_return * 100, 2),) * 3 == (Decimal("77.16"),) * 3
    assert fall[1] == 0


@pytest.mark.parametrize(
    "wrong",
    [{"paths": 0}, {"nets": []}, {"sessions": [1]}, {"opening": 0}],
    ids=["paths", "trades", "sessions", "equity"],
)
def test_nothing_is_drawn_from_nothing(wrong):
    """Said, rather than divided by."""
    asked = {"nets": [1.0, 2.0], "sessions": [2], "opening": 100.0, "paths": 5, **wrong}
    with pytest.raises(ValueError, match="must be"):
        drawn(**asked, seed=1, replace=True)
