"""What must be so after a cell: our journal and book against what is true at the broker."""

from collections import Counter

from riskcore import events
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.replay import replay
from tests.crash.child import KEY, policy

SLACK_S = 5.0
"""What a busy machine may add to a budget, in seconds of the market."""


def budget_s():
    """How long shares may be bare in one life: until they are sold for it, and that exit is on its way."""
    return policy().protect_flatten_s + SLACK_S


def faults(cell):
    """What is wrong, as sentences; nothing where all is well."""
    truth = cell.broker.truth()
    ours = [order for order in truth.orders if order.key == KEY]
    with Reader(cell.journal) as journal:
        journal.check()
        again = replay(journal)
        state, facts = journal.load().state, [row.event for row in journal.rows("fact")]
    found = [*cell.wrong, *orders_differ(state.book, ours), *answers_differ(cell.answers, facts)]
    entries = [order for order in ours if order.side == "BUY"]
    counted = sum(1 for order in entries if order.status != "rejected" or order.filled)
    checks = (
        (again.same, f"replay: {again}"),
        (len(entries) <= 1, f"{len(entries)} entries for one signal"),
        (truth.position(KEY) == 0 and not state.book.positions, f"held: {state.book.positions}"),
        (state.book.realised == truth.realised, f"realised {state.book.realised}, and {truth.realised} at the broker"),
        (state.book.trades_today == counted, f"{state.book.trades_today} trades counted, {counted} at the broker"),
        (cell.naked_longest_s <= budget_s(), f"{cell.naked_longest_s:.1f} s bare, {budget_s():.0f} s are allowed"),
        (not state.custody.wanted and not state.pending, "something still waits"),
        (cell.ends[-1] == 0, f"the last life ended with {cell.ends[-1]}"),
        (not cell.left, f"never reached: {cell.left}"),
    )
    return found + [words for good, words in checks if not good]


def orders_differ(book, ours):
    """Every order at the broker is exactly one of ours, and each of ours ended as it did there."""
    named = Counter(order.broker_id for order in book.orders if order.broker_id)
    if named != Counter(order.order_id for order in ours):
        yield f"the broker has the orders {[o.order_id for o in ours]}, and we know {dict(named)}"
        return
    there = {order.order_id: order for order in ours}
    for order in book.orders:
        row = there.get(order.broker_id)
        if order.live or order.filled_quantity != (row.filled if row else 0):
            yield f"{order.id} is {order.status}, {order.filled_quantity} filled, and at the broker {row}"


def answers_differ(answers, facts):
    """One signal was taken; its alert was accepted at most once, and is a duplicate ever after."""
    taken = sum(isinstance(fact, events.SignalTaken) for fact in facts)
    if taken != 1:
        yield f"the signal was taken {taken} times"
    if answers.count("accepted") > 1 or answers[-1] != "duplicate":
        yield f"the alert was answered {answers}"
