"""What each rule cost or saved: the recorded day once more with one rule off, everything else as it was.

Both sides of a comparison are resimulated (`riskcore_openalgo.runner.resimulation`): recorded prices and signals
through the paper broker, so that a difference is the rule's alone and not the paper broker's.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

import attrs
from attrs import frozen

import riskcore as rc
from riskcore import events
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.lab.report.study import Extra
from riskcore_openalgo.own_rules import with_loaded_rules
from riskcore_openalgo.runner.resimulation import Resimulation, resimulate

MANY: Final = 1_000_000
LAXEST: Final[dict[str, Any]] = {
    "max_positions": MANY,
    "max_trades_per_day": MANY,
    "max_daily_loss": 100,
    "max_sector_exposure": 100,
    "max_position_size_percent": 100,
    "min_risk_reward": Decimal("0.001"),
    "one_position_per_symbol": False,
    "max_slices": MANY,
    "stop_least_ticks": 1,
    "reentry_after_stop": "allowed",
    "daily_loss_worst_case": False,
}
"""Settings that cannot be None: the value at which they refuse least."""
BY_TABLE: Final = frozenset({"no_entry_before", "no_entry_after"})
"""Settings whose None is not off, but what the market tables say."""
NO_OFF: Final = "no setting switches it off"


@frozen
class RuleOff:
    """A rule switched off: how often it had refused, and what the day then came to (net rupees, trades).

    `why` says why it could not be switched off; the figures are None then.
    """

    rule: str
    refused: int
    net: Decimal | None
    trades: int | None
    why: str = ""


@frozen
class Counterfactual:
    """The day as resimulated under its own policy, and once for each rule that was off."""

    net: Decimal
    trades: int
    rules: tuple[RuleOff, ...]

    def saved(self, off: RuleOff) -> Decimal | None:
        """Rupees the rule saved (above 0) or cost (below 0): the net with it less the net without it."""
        return None if off.net is None else self.net - off.net

    def explain(self) -> str:
        """A line a rule in ASCII text. One is off at a time: what they saved does not add up."""
        lines = [f"with every rule on: {self.trades} trades, net Rs {rc.grouped(self.net)}"]
        for off in self.rules:
            saved, told = self.saved(off), off.why
            if saved is not None and off.net is not None:
                so = f"{_verdict(saved)}, Rs {rc.grouped(abs(saved))}" if saved else _verdict(saved)
                told = f"{off.trades} trades, net Rs {rc.grouped(off.net)}: the rule {so}"
            lines.append(f"without {off.rule} (refused {off.refused} times): {told}")
        return "\n".join(lines)


def without(policy: rc.Policy, rule: str) -> rc.Policy:
    """The policy with a rule off, or at its laxest where it has no off.

    A limit of which nothing is left goes. Raises `ValueError` for a rule that no setting switches off (the session, the
    equity, the broker's own limits), and where the other settings do not allow it.
    """
    changed = _switched_off(policy, rule)
    if changed == policy:
        raise ValueError(NO_OFF)
    return changed


def _switched_off(policy: rc.Policy, rule: str) -> rc.Policy:
    own = tuple(one for one in policy.rules if one.short != rule)
    if len(own) < len(policy.rules):
        return attrs.evolve(policy, rules=own)
    if rule.startswith("limits."):
        name = rule.removeprefix("limits.")
        left = [attrs.evolve(limit, **{name: None}) for limit in policy.limits if _limits_more(limit, name)]
        return attrs.evolve(policy, limits=tuple(left))
    known = attrs.fields_dict(rc.Policy)
    if rule in LAXEST:
        return attrs.evolve(policy, **{rule: LAXEST[rule]})
    if rule not in known or known[rule].default is not None or rule in BY_TABLE:
        raise ValueError(NO_OFF)
    off: dict[str, Any] = {rule: None}
    return attrs.evolve(policy, **off)


def _limits_more(limit: rc.Limit, name: str) -> bool:
    """Whether a limit has a number beside that one."""
    others = {found.name for found in attrs.fields(rc.Limit)} - {"scope", "name", name}
    return any(getattr(limit, other) is not None for other in others)


def counterfactual(journal: Reader, rules: Iterable[str] = ()) -> Counterfactual:
    """Resimulate a journal with each rule off: those named, else all that refused an entry or bound a size.

    Raises `ValueError` for a journal without a policy.
    """
    policy = journal.policy()
    if policy is None:
        raise ValueError(f"{journal.where}: no policy is recorded, so that no rule of it can be left out")
    policy = with_loaded_rules(policy)
    refused, at_work = at_work_in(row.event for row in journal.rows("fact", types=("EntryRefused", "EntryApproved")))
    wanted = list(rules) or at_work
    base = resimulate(journal, policy)
    offs = tuple(_off(journal, policy, name, refused.get(name, 0)) for name in wanted)
    return Counterfactual(_net(base), len(base.trades), offs)


def at_work_in(facts: Iterable[object]) -> tuple[dict[str, int], list[str]]:
    """How often each rule refused; and the rules that did, most often first, then those that only set a size."""
    refused: dict[str, int] = {}
    bound: set[str] = set()
    for fact in facts:
        if isinstance(fact, events.EntryApproved):
            bound.add(fact.bound_by)
        elif isinstance(fact, events.EntryRefused):
            for name in {found.rule for found in fact.findings if not found.passed}:
                refused[name] = refused.get(name, 0) + 1
    most = sorted(refused, key=lambda name: (-refused[name], name))
    return refused, [*most, *sorted(bound - {"risk_per_trade", ""} - set(refused))]


def _off(journal: Reader, policy: rc.Policy, rule: str, refused: int) -> RuleOff:
    try:
        found = resimulate(journal, without(policy, rule))
    except ValueError as problem:
        return RuleOff(rule, refused, None, None, str(problem))
    return RuleOff(rule, refused, _net(found), len(found.trades))


def _net(found: Resimulation) -> Decimal:
    """What the account made: its finished trades, and what is open at its last price."""
    book = found.state.book
    finished = sum((trade.net for trade in found.trades), Decimal(0))
    held = sum((p.realised - p.charges + p.unrealised for p in book.positions), Decimal(0))
    return finished + held


def counterfactual_table(journal: Reader) -> Extra:
    """The comparison as a table of the report."""
    return table_of(counterfactual(journal), "The recorded prices and signals through the paper broker")


def table_of(found: Counterfactual, what: str) -> Extra:
    """A comparison as a table of the report; `what` was run each time."""
    rows = tuple(
        (off.rule, off.refused, off.trades, off.net, found.saved(off), off.why or _verdict(found.saved(off)))
        for off in found.rules
    )
    return Extra(
        "What each rule cost or saved",
        f"{what}: {found.trades} trades, net Rs {rc.grouped(found.net)} "
        "with every rule on; below, with one rule off (or at its laxest). One is off at a time: do not add them up.",
        ("rule off", "had refused", "trades", "net", "the rule saved", "so it"),
        rows,
    )


def _verdict(saved: Decimal | None) -> str:
    if not saved:
        return "changed nothing"
    return "saved money" if saved > 0 else "cost money"
