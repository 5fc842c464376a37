"""One order by itself: what may fill, which reports move it, what a revision makes of it, how it is sliced."""

from decimal import Decimal

import attrs
import pytest

from riskcore.orders import Revision, sliced_entry
from tests.core.by_hand import entry, leaving, order
from tests.core.engine_days import INFY

pytestmark = pytest.mark.smoke

D = Decimal
RESTING = order(leaving(trigger=980), broker_id="S1")


def revising(quantity, **known):
    """The resting stop of fifty, asked to become another that wakes at 990."""
    return attrs.evolve(RESTING, revision=Revision(quantity, D(985), D(990)), **known)


# ---------------------------------------------------------------- what it is


@pytest.mark.parametrize(
    ("approved", "entry_", "rests", "part"),
    [
        (entry(), True, False, False),
        (leaving(), False, False, False),
        (leaving(trigger=980), False, True, False),
        (leaving(partial=True), False, False, True),
    ],
)
def test_what_an_order_is(approved, entry_, rests, part):
    """An entry, an exit, a stop that waits, a part of a target."""
    known = order(approved)
    assert (known.is_entry, known.rests, known.takes_part, known.id) == (entry_, rests, part, approved.order_id)


def test_while_a_revision_is_not_answered_the_larger_quantity_may_fill():
    """And of what has ended nothing may."""
    assert [revising(quantity).quantity for quantity in (40, 50, 60)] == [50, 50, 60]
    assert revising(60, filled_quantity=10).open_quantity == 50
    assert attrs.evolve(RESTING, filled_quantity=10, status="cancelled").open_quantity == 0


@pytest.mark.parametrize(
    ("approved", "status", "filled", "counts"),
    [
        (entry(), "intended", 0, True),
        (entry(), "rejected", 0, False),
        (entry(), "rejected", 1, True),
        (entry(), "cancelled", 0, True),
        (leaving(), "filled", 50, False),
    ],
)
def test_an_entry_is_a_trade_unless_it_was_refused_unfilled(approved, status, filled, counts):
    """One that was cancelled is."""
    assert order(approved, status, filled).counts_as_trade is counts


# ---------------------------------------------------------------- reports


@pytest.mark.parametrize(
    ("before", "filled", "told", "fill", "after", "value"),
    [
        ("working", 0, "unknown", 0, "working", 0),
        ("intended", 0, "unknown", 0, "unknown", 0),
        ("unknown", 0, "awaiting_approval", 0, "unknown", 0),
        ("working", 0, "working", 50, "filled", 777),
        ("cancelled", 0, "working", 50, "filled", 777),
        ("working", 0, "cancelled", 20, "cancelled", 777),
        ("cancelled", 10, "working", 20, "cancelled", 777),
        ("working", 20, "working", 20, "working", 5),
        ("working", 20, "working", 19, "working", 5),
        ("working", 20, "filled", 20, "working", 5),
        ("intended", 0, "filled", 20, "working", 777),
        ("cancelled", 20, "filled", 20, "cancelled", 5),
        ("rejected", 0, "cancelled", 0, "cancelled", 0),
        ("filled", 50, "cancelled", 50, "filled", 5),
    ],
)
def test_a_report_moves_the_order_forward_or_not_at_all(before, filled, told, fill, after, value):
    """Fills grow and their value with them; "filled" is believed only of the whole quantity."""
    known = order(entry(), before, filled, 5 if filled else 0)
    found = known.advance(told, fill, D(777))
    assert (found.status, found.filled_quantity, found.filled_value) == (after, max(filled, fill), value)


def test_what_went_wrong_with_an_order_is_what_ended_it():
    """Not what is said of it after that: one that never got to the broker counts as no refusal by the market."""
    refused = order(entry()).advance("rejected", 0, D(0), "network")
    assert (refused.error, refused.never_arrived) == ("network", True)
    assert refused.advance("rejected", 0, D(0), "circuit").error == "network"
    assert order(entry()).advance("rejected", 0, D(0)).error == ""


def test_a_report_of_more_than_was_ordered_names_both_quantities():
    """It is of another order."""
    with pytest.raises(ValueError, match=r"^order a: 51 filled of 50 ordered; the report is of another order$"):
        order(entry()).advance("working", 51, D(1))


def test_a_revision_is_open_until_its_order_has_ended():
    """By a cancel as by a fill."""
    asked = revising(50)
    assert asked.advance("working", 10, D(9800)).revision == asked.revision
    assert asked.advance("cancelled", 10, D(9800)).revision is None
    assert asked.advance("working", 50, D(49_000)).revision is None


# ---------------------------------------------------------------- revisions


def test_a_revision_that_was_taken_is_the_order_from_then_on():
    """Forty that wake at 990 and go to 985; the level moves with the trigger."""
    found = revising(40).revised(taken=True)
    assert (found.approved.quantity, found.approved.limit) == (40, 985)
    assert (found.approved.trigger, found.approved.level, found.revision) == (990, 990, None)
    assert found.status == "working"


def test_a_revision_that_was_refused_leaves_the_order_as_it_was():
    """And one that nobody asked for changes nothing; no entry is ever revised."""
    assert revising(40).revised(taken=False) == attrs.evolve(RESTING, in_vain=1)
    assert RESTING.revised(taken=True) is RESTING
    asked = attrs.evolve(order(entry()), revision=Revision(40, D(985), D(990)))
    assert asked.revised(taken=True) is asked


@pytest.mark.parametrize(
    ("filled", "taken", "quantity", "status"),
    [
        (39, True, 40, "working"),
        (40, True, 40, "filled"),
        (45, True, 45, "filled"),
        (45, False, 50, "working"),
        (50, False, 50, "filled"),
    ],
)
def test_what_filled_before_the_revision_was_taken_stays_filled(filled, taken, quantity, status):
    """It was to become forty."""
    found = revising(40, filled_quantity=filled).revised(taken=taken)
    assert (found.approved.quantity, found.status) == (quantity, status)


def test_an_order_that_filled_as_what_it_was_asked_to_become_takes_the_same_report_again():
    """Fifty became eighty and filled: the wish is gone with the order, and eighty are no report of another."""
    filled = revising(80).advance("working", 80, D(80_000))
    assert (filled.status, filled.revision, filled.quantity) == ("filled", None, 80)
    assert filled.advance("working", 80, D(80_000)) == filled
    with pytest.raises(ValueError, match="81 filled of 80 ordered"):
        filled.advance("working", 81, D(81_000))


# ---------------------------------------------------------------- slices


def sliced(quantity, freeze, *, lot=1, risk=1000):
    share = attrs.evolve(INFY, lot_size=lot, freeze_quantity=freeze)
    return sliced_entry(entry(instrument=share, quantity=quantity, risk=risk))


def test_an_entry_that_is_taken_whole_is_itself_and_no_slice():
    """At the freeze quantity, too."""
    for freeze in (None, 50):
        (whole,) = sliced(50, freeze)
        assert (whole.order_id, whole.quantity, whole.of_quantity) == ("a", 50, 0)


def test_slices_are_numbered_from_the_second_and_know_the_whole():
    """Twenty, twenty and ten of fifty; a risk of 1,001 to the paisa, however it divides."""
    parts = sliced(50, 20, risk="1001.01")
    assert [(p.order_id, p.quantity, p.of_quantity) for p in parts] == [("a", 20, 50), ("a:2", 20, 50), ("a:3", 10, 50)]
    assert [p.signal_id for p in parts] == ["a", "a", "a"]
    assert [p.risk for p in parts] == [D("400.404"), D("400.404"), D("200.202")]


def test_the_risks_of_slices_add_up_where_they_do_not_divide():
    """A hundred rupees over three sevenths, three sevenths and one."""
    parts = sliced(7, 3, risk=100)
    assert sum(p.risk for p in parts) == 100
    assert parts[0].risk == D(300) / 7


def test_the_last_slice_has_what_is_left_of_the_risk_to_the_last_digit():
    """Of a risk with as many digits as are counted with: seven sevenths of it are rounded to a hair more."""
    risk = D("9.392577235410153704079602165")
    assert risk * 7 / 7 > risk
    assert sliced(7, 3, risk=risk)[-1].risk == risk - risk * 6 / 7
