"""A whole decision against the same decision in straight lines: the aim is at most 1.5 times as long.

Every optional rule is on, three positions are held, and all findings are read. First it is proved that both find
the same, in the same order, in situations that differ in price, equity and side, and in one that is refused; then the
two are timed in turn in one process, so that only their ratio is judged and never a time.
"""

from types import SimpleNamespace

import pytest

import riskcore as rc
from benchmarks.ratios import ratio
from benchmarks.straight_line import straight_line
from benchmarks.whole_rulebook import SITUATIONS, SIZERS, rules_left_out
from riskcore.costs import tariff
from riskcore.instruments import margin_pct
from riskcore.sessions import session_on

AIM = 1.5


def known(signal, book, market, policy):
    """What `decide` keeps from one call to the next, handed to the straight lines as it is."""
    day, thing = market.at.date(), market.instrument
    return SimpleNamespace(
        session=session_on(day, thing, signal.product),
        margin=margin_pct(thing, signal.product, on=day, side=signal.side),
        margins={
            held.instrument.key: margin_pct(held.instrument, held.product, on=day, side=held.side)
            for held in book.positions
        },
        rates=tariff(thing, signal.product, day, policy).rates,
    )


def test_the_policy_asks_every_rule_that_can_be_asked_at_once():
    assert rules_left_out() == SIZERS


@pytest.mark.parametrize("name", SITUATIONS)
def test_both_find_the_same(name):
    asked = SITUATIONS[name]
    decision = rc.decide(*asked)
    assert decision.approved == (name != "refused")
    assert straight_line(*asked, known(*asked)) == list(decision.findings)


def test_the_situations_differ_in_what_is_found():
    found = {tuple(rc.decide(*asked).findings) for asked in SITUATIONS.values()}
    assert len(found) == len(SITUATIONS)


def test_a_whole_decision(benchmark, capsys):
    """Prints the ratio, and fails where it is above the aim."""
    asked = SITUATIONS["a purchase"]
    prepared = known(*asked)
    found = ratio(lambda: tuple(rc.decide(*asked).findings), lambda: straight_line(*asked, prepared), calls=20)
    with capsys.disabled():
        print("\n" + found.told("decide with every rule and its findings, to straight lines", AIM))
    benchmark.extra_info["to_straight_lines"] = round(found.times, 2)
    benchmark(lambda: tuple(rc.decide(*asked).findings))
    assert found.times <= AIM
