"""The kit for users' own tests: what it draws is valid, and what it needs it says."""

import subprocess
import sys

import pytest
from hypothesis import given, settings

import riskcore as rc
from riskcore.testing import bars, books, days, instruments, markets, policies, signals

pytestmark = pytest.mark.smoke


def test_without_hypothesis_the_kit_says_what_to_install():
    """In double quotes, for cmd.exe."""
    program = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "try:\n    import riskcore.testing\n"
        "except ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'riskcore.testing needs Hypothesis: pip install "riskcore[testing]"'


def test_no_room_of_the_core_brings_the_kit_along():
    """All public names fetched: neither the kit nor Hypothesis is loaded."""
    program = (
        "import sys, riskcore\nfor name in riskcore.__all__: getattr(riskcore, name)\n"
        "import riskcore.engine\n"
        "print([m for m in sys.modules if m.startswith(('riskcore.testing', 'hypothesis'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@given(bars(min_size=2, max_size=20))
def test_bars_rise_in_time(series):
    """That each encloses its open and close is the class's own check."""
    moments = [bar.at for bar in series]
    assert moments == sorted(set(moments))


@settings(max_examples=50)
@given(books())
def test_books_are_what_their_orders_made_them(book):
    """Trades counted again from the orders; nothing held that no order bought."""
    assert book.trades_today == sum(order.counts_as_trade for order in book.orders)
    assert len({p.instrument.key for p in book.positions}) == len(book.positions)
    for position in book.positions:
        filled = sum(
            (1 if order.approved.side == position.side else -1) * order.filled_quantity
            for order in book.orders
            if order.approved.instrument.key == position.instrument.key
        )
        assert filled == position.quantity


@settings(max_examples=50)
@given(instruments(), markets(), policies(max_positions=2), signals())
def test_values_are_drawn_as_their_classes(instrument, market, policy, signal):
    """Fixed settings stay as given."""
    assert isinstance(instrument, rc.Instrument)
    assert isinstance(market, rc.Market)
    assert (policy.max_positions, policy.atr_period) == (2, 5)
    assert isinstance(signal, rc.Signal)


@settings(max_examples=25)
@given(days(policy=rc.Policy(), max_size=10))
def test_a_day_begins_with_its_policy(day):
    """The one given; then equity, then what happens."""
    assert day.policy == rc.Policy() == day.inputs[0].policy
    assert len(day.inputs) >= 2
