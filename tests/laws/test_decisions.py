"""What holds for every decision: its reasons, its prices, its size."""

from decimal import Decimal

import attrs
import pytest
from hypothesis import assume, given, settings

import riskcore as rc
from riskcore.reasons import PRECEDENCE
from riskcore.rules.table import asked
from riskcore.signals import sign
from riskcore.testing import situations


def approved(situation):
    decision = rc.decide(*situation)
    assume(decision.approved)
    return decision


def per_share(decision, basis, price):
    """What a share takes of a cap: its value, or 20 % of it for MIS and all of it for CNC."""
    rate = {"MIS": Decimal(20), "CNC": Decimal(100)}[decision.order.product]
    return price if basis == "notional" else price * rate / 100


def worth(order):
    """What a share counts for in a cap of value or margin: its limit, or the quote where that is more."""
    return max(order.limit, order.reference)


def sizing_base(book, policy):
    base = book.opening_equity + book.realised - book.charges
    return base if policy.capital_max is None else min(base, policy.capital_max)


def loss_per_share(decision, policy):
    """Entry at the worst permitted price, exit at the stop, and what the two would cost."""
    order = decision.order
    loss = abs(order.limit - order.stop)
    if not policy.risk_includes_charges:
        return loss
    cheap, dear = sorted((order.limit, order.stop))
    bought, sold = (dear, cheap) if order.side == "BUY" else (cheap, dear)
    plan = {"brokerage_pct": policy.brokerage_pct, "brokerage_max": policy.brokerage_max}
    return loss + rc.charges(buy=bought, sell=sold, quantity=1, on=order.at.date(), product=order.product, **plan).total


def only(book, key):
    """The book with one symbol alone."""
    return attrs.evolve(
        book,
        positions=tuple(p for p in book.positions if p.instrument.key == key),
        orders=tuple(o for o in book.orders if o.approved.instrument.key == key),
    )


def of_the_symbol(book, basis, key):
    """What is held and on its way of one symbol already."""
    return in_use(only(book, key), basis)


def at_risk(book):
    """What positions and entries on their way may lose from their entries to their stops."""
    held = [sign(p.side) * (p.average_price - p.stop) * p.quantity for p in book.positions if p.stop]
    held += [
        sign(order.approved.side) * (order.approved.limit - order.approved.stop) * order.open_quantity
        for order in book.live_orders(entries=True)
    ]
    return sum((max(loss, 0) for loss in held), Decimal(0))


def lost_at_stops(book):
    """Today's loss if every stop were hit, at the latest price where that is worse."""
    ends = [min(sign(p.side) * (p.stop - p.average_price) * p.quantity, p.unrealised) for p in book.positions if p.stop]
    waiting = at_risk(attrs.evolve(book, positions=()))
    return waiting - book.realised + book.charges - sum(ends, Decimal(0))


def cluster(situation):
    """Keys that hang together with the signal's, by repeated looking instead of a walk."""
    signal, book, market, policy = situation
    sides = {p.instrument.key: p.side for p in book.positions}
    sides = {o.approved.instrument.key: o.approved.side for o in book.live_orders(entries=True)} | sides
    sides[market.instrument.key] = signal.side
    series = dict(market.closes)

    def alike(one, other):
        found = rc.return_correlation(
            series.get(one, ()), series.get(other, ()), window=40, shrinkage=policy.correlation_shrinkage
        )
        return found is not None and found * sign(sides[one]) * sign(sides[other]) >= policy.cluster_correlation

    found = {market.instrument.key}
    for _ in sides:
        found |= {key for key in sides if any(alike(key, member) for member in found)}
    return found


def in_use(book, basis, *, bucket=None):
    """Value of what is held and on its way, all of it or of one sector (MIS alone is in these books)."""
    rate = Decimal(1) if basis == "notional" else Decimal("0.2")
    held = [(p.instrument, p.last * p.quantity) for p in book.positions]
    held += [(o.approved.instrument, worth(o.approved) * o.open_quantity) for o in book.live_orders(entries=True)]
    return sum((value * rate for thing, value in held if bucket in (None, thing.bucket)), Decimal(0))


@pytest.mark.smoke
@given(situations())
def test_DEC_1_the_answer_is_complete(situation):
    """Yes means that every rule was asked and passed; no names at least one reason."""
    decision = rc.decide(*situation)
    answered = {found.rule for found in decision.findings}
    rules = {row.name for row in asked(situation.policy)}
    if decision.approved:
        assert answered >= rules | {"risk_per_trade", "tick", "lot", "risk"}
        assert all(found.passed and not found.reason for found in decision.findings)
    else:
        assert decision.reasons
        assert answered | set(decision.unmeasured) >= rules
        assert not answered & (set(decision.unmeasured) - {"risk_per_trade"})


@settings(max_examples=50)
@given(situations())
def test_DEC_2_reasons_come_in_the_order_of_the_catalogue(situation):
    """The first is the one to report; each is in the catalogue, and explain() names them all in ASCII."""
    decision = rc.decide(*situation)
    assume(not decision.approved)
    codes = [found.reason for found in decision.reasons]
    assert codes == sorted(codes, key=PRECEDENCE.__getitem__)
    assert all(code in decision.explain() for code in codes)
    assert decision.explain().isascii()


@settings(max_examples=50)
@given(situations())
def test_DEC_3_the_same_question_has_the_same_answer(situation):
    """Nothing is kept between two decisions."""
    assert rc.decide(*situation) == rc.decide(*situation)


@given(situations(faulty=False))
def test_DEC_4_an_approved_order_stands_on_tradable_prices(situation):
    """On the tick; stop on the losing side, target on the winning one; the limit never beyond the band."""
    order = approved(situation).order
    way, tick = sign(order.side), order.instrument.tick
    assert all(price % tick == 0 and price > 0 for price in (order.limit, order.stop, order.target))
    assert way * (order.reference - order.stop) > 0
    assert way * (order.target - order.reference) > 0
    band = order.reference * situation.policy.entry_band_pct / 100
    assert 0 <= way * (order.limit - order.reference) <= band
    assert band - way * (order.limit - order.reference) < tick


@given(situations(faulty=False))
def test_DEC_5_the_demanded_reward_holds_on_rounded_prices(situation):
    """|target - reference| / |reference - stop| is at least min_risk_reward, exactly."""
    order = approved(situation).order
    reward, risk = abs(order.target - order.reference), abs(order.reference - order.stop)
    assert reward >= risk * situation.policy.min_risk_reward


@settings(max_examples=50)
@given(situations(faulty=False))
def test_DEC_6_an_approval_says_what_it_rests_on(situation):
    """The book's version, the moment of looking, and how long it holds: as long as its quote."""
    order = approved(situation).order
    assert (order.at, order.book_version) == (situation.market.at, situation.book.version)
    assert (order.valid_until - order.at).total_seconds() == situation.policy.quote_max_age_s


@pytest.mark.smoke
@given(situations())
def test_SIZ_1_the_risk_of_an_approved_order_is_within_the_budget(situation):
    """Quantity x |limit - stop|, with charges where they count, is at most risk_per_trade of the sizing base."""
    decision = approved(situation)
    policy, order = situation.policy, decision.order
    budget = sizing_base(situation.book, policy) * policy.risk_per_trade / 100
    assert decision.budget == budget
    assert abs(order.limit - order.stop) * order.quantity <= order.risk <= budget
    if not policy.risk_includes_charges:
        assert order.risk == abs(order.limit - order.stop) * order.quantity


@given(situations())
def test_SIZ_2_one_more_lot_would_break_the_limit_that_binds(situation):
    """The quantity is the largest that the binding limit allows: worked out here from the book alone."""
    decision = approved(situation)
    _, book, market, policy = situation
    lot, base, basis = market.instrument.lot_size, sizing_base(book, policy), policy.position_size_basis
    more = decision.order.quantity + lot
    takes = per_share(decision, basis, worth(decision.order))
    bucket = market.instrument.bucket
    free = book.opening_equity + book.realised - book.charges + min(book.unrealised, 0) - in_use(book, "margin")
    risked, at_stops, likes = at_risk(book), lost_at_stops(book), cluster(situation)
    limits = {
        "max_open_risk": (risked + more * loss_per_share(decision, policy), base * (policy.max_open_risk or 0) / 100),
        "daily_loss_worst_case": (
            at_stops + more * loss_per_share(decision, policy),
            book.opening_equity * policy.max_daily_loss / 100 - Decimal("1e-20"),
        ),
        "max_cluster_exposure": (
            more * takes + sum((in_use(only(book, key), basis) for key in likes), Decimal(0)),
            base * (policy.max_cluster_exposure or 0) / 100,
        ),
        "risk_per_trade": (more * loss_per_share(decision, policy), base * policy.risk_per_trade / 100),
        "max_position_size_percent": (
            more * takes + of_the_symbol(book, basis, market.instrument.key),
            base * policy.max_position_size_percent / 100,
        ),
        "max_sector_exposure": (
            more * takes + in_use(book, basis, bucket=bucket),
            base * policy.max_sector_exposure / 100,
        ),
        "funds": (more * per_share(decision, "margin", worth(decision.order)), free),
        "max_quantity": (more, policy.max_quantity),
    }
    used, limit = limits[decision.size.bound_by]
    assert used > limit


@settings(max_examples=50)
@given(situations())
def test_SIZ_3_the_quantity_is_whole_lots_and_the_least_of_all_limits(situation):
    """At least one lot; the tightest cap first; none below the quantity."""
    size = approved(situation).size
    lot = situation.market.instrument.lot_size
    assert size.quantity >= lot
    assert size.quantity % lot == 0
    most = [quantity for _, quantity in size.caps]
    assert most == sorted(most)
    assert (size.bound_by, size.quantity) == size.caps[0]


@pytest.mark.smoke
@given(situations())
def test_SIZ_4_no_limit_is_exceeded_by_what_was_approved(situation):
    """Value or margin of the position, of its sector and of the account, worked out from the book alone."""
    decision = approved(situation)
    _, book, market, policy = situation
    base, basis = sizing_base(book, policy), policy.position_size_basis
    takes = decision.order.quantity * per_share(decision, basis, worth(decision.order))
    assert takes + of_the_symbol(book, basis, market.instrument.key) <= base * policy.max_position_size_percent / 100
    used = in_use(book, basis, bucket=market.instrument.bucket)
    assert used + takes <= base * policy.max_sector_exposure / 100
    margin = decision.order.quantity * per_share(decision, "margin", worth(decision.order))
    assert margin + in_use(book, "margin") <= book.opening_equity + book.net_realised + min(book.unrealised, 0)
    assert policy.max_quantity is None or decision.order.quantity <= policy.max_quantity


@given(situations())
def test_CNT_1_an_approval_leaves_room_for_itself(situation):
    """Fewer positions and trades than the limits; a symbol once, where the policy says so; the loss below its limit."""
    approved(situation)
    _, book, market, policy = situation
    keys = {p.instrument.key for p in book.positions}
    keys |= {o.approved.instrument.key for o in book.live_orders(entries=True)}
    key = market.instrument.key
    assert len(keys | {key}) <= policy.max_positions or key in keys
    assert not (policy.one_position_per_symbol and key in keys)
    assert book.trades_today < policy.max_trades_per_day
    loss = -(book.realised - book.charges + book.unrealised)
    assert loss < book.opening_equity * policy.max_daily_loss / 100
    assert not book.latches
