"""Days on which contracts are traded: drawn beside those of shares, cut in slices, settled where they expire."""

from decimal import Decimal
from itertools import zip_longest
from types import SimpleNamespace

import attrs
import pytest

import riskcore as rc
from riskcore import engine
from riskcore.orders import Order, sliced_entry
from riskcore_openalgo.testing.simulated.contracts import trades_contracts
from riskcore_openalgo.testing.simulated.living import day_of
from riskcore_openalgo.testing.simulated.nights import script_for
from riskcore_openalgo.testing.simulated.script import SYMBOLS, script_of
from riskcore_openalgo.testing.simulated.slices import truth_of
from riskcore_openalgo.testing.simulated.traded import SHARES
from tests.core.engine_days import INFY
from tests.core.one_trade import decided

HELD = range(5)
"""As many as there are profiles."""


@pytest.mark.parametrize("seed", HELD)
def test_on_days_of_contracts_all_invariants_hold(seed):
    outcome = day_of(seed, sqlite=False, contracts=True)
    assert outcome.what == ""
    assert outcome.count["slices approved"]
    assert outcome.count["fills"]


@pytest.mark.parametrize("seed", [0, 3])
def test_over_nights_with_carried_contracts_they_hold_too(seed):
    assert day_of(seed, sqlite=False, night=True, contracts=True).what == ""


def test_every_fourth_day_is_one_and_the_others_stay_what_they_were():
    days = [script_for(seed) for seed in range(200)]
    of_contracts = [day for day in days if day.traded != SHARES]
    assert 30 < len(of_contracts) < 70
    assert all(day == script_of(day.seed) for day in days if day not in of_contracts)
    assert all(trades_contracts(day.seed) for day in of_contracts)


def test_a_contract_stands_for_a_share_in_all_that_happens():
    for seed in range(40):
        day, shares = script_for(seed, contracts=True), script_of(seed)
        stands = {one.symbol for one in day.traded if one.is_contract}
        gone = set(SYMBOLS) - {one.symbol for one in day.traded}
        assert 2 <= len(stands) == len(gone) <= 4
        assert not [one for one in day.happenings if gone & {*map(str, one.args)}]
        assert len(day.happenings) > len(shares.happenings)
        prices = [one for one in day.happenings if one.kind == "price" and one.args[0] in stands]
        ticks = {one.symbol: one.tick for one in day.traded}
        assert prices
        assert not [one for one in prices if Decimal(one.args[1]) % ticks[one.args[0]]]


def test_over_a_night_what_expires_is_settled_and_quoted_no_more():
    nights = [script_for(seed, night=True, contracts=True) for seed in range(20)]
    settled = [night for night in nights if any(one.kind == "settled" for one in night.happenings)]
    assert 0 < len(settled) < len(nights)
    for night in settled:
        ended = {one.symbol for one in night.traded if one.expiry == night.day}
        morning = (night.last - night.day).days * 86_400
        assert ended
        assert not [
            one for one in night.happenings if one.kind == "price" and ended & {*one.args} and one.at_s >= morning
        ]


@pytest.mark.parametrize("known", ["BCA", "BAC", "CAB", "BC", "C", ""])
def test_slices_that_are_known_under_each_others_names_are_those(known):
    """Sent as A, B and C; their answers were lost, and nobody need know which is which."""
    entry = attrs.evolve(decided(max_quantity=40).order, instrument=attrs.evolve(INFY, freeze_quantity=10))
    sent = {one.order_id: one for one in sliced_entry(entry)}
    orders = [Order(approved=one, broker_id=theirs) for one, theirs in zip_longest(sent.values(), known, fillvalue="")]
    rows = {theirs: SimpleNamespace(order_id=theirs) for theirs in "ABC"}
    state = engine.State(book=rc.Book(100_000, orders=orders))
    truth = truth_of(state, dict(zip("ABC", sent, strict=False)), rows, sent)
    fourth = list(sent)[3]  # is not sent
    assert fourth not in truth
    assert {row.order_id for row in truth.values()} == set("ABC")
    assert "".join(truth[one].order_id for one in sent if one in truth).startswith(known)
