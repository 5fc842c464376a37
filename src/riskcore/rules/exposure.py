"""Rules about size in the whole: one position, one sector, the money there is. Each carries a largest quantity."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from riskcore.book import Book
from riskcore.costs import ChargesUnknown, require_schedule
from riskcore.instruments import OPT, Instrument, margin_pct
from riskcore.money import ZERO, percent_of, rupees
from riskcore.orders import INTENDED, UNKNOWN
from riskcore.policy import MARGIN, Policy
from riskcore.reasons import Reading
from riskcore.rules.context import Context, Holding, on_its_way
from riskcore.rules.terms import Terms, margin_of
from riskcore.signals import SELL, Signal, sign
from riskcore.watchlists import TRADE_FOR_TRADE, surveillance

MIS: Final = "MIS"
EQ: Final = "EQ"


def position_size(context: Context) -> Reading | None:
    """One position is at most `max_position_size_percent` of the sizing base, by notional or by margin.

    What is held of the symbol already, or on its way, counts.
    """
    return position_room(context, context.policy.max_position_size_percent)


def position_room(context: Context, percent: Decimal) -> Reading | None:
    """The room that a largest position of so many per cent of the sizing base leaves in the symbol."""
    if context.base is None or context.per_share is None:
        return None
    key = context.market.instrument.key
    taken = used(context, lambda held: held.instrument.key == key) if context.holdings else ZERO
    if isinstance(taken, str):
        return "margin_unknown", taken, None, None
    limit = percent_of(context.base, percent)
    whole = taken + context.per_share * context.market.instrument.lot_size
    room = limit - taken
    if whole <= limit:
        return "", whole, limit, room // context.per_share
    return "position_too_large", whole, limit, max(room, ZERO) // context.per_share


def sector_exposure(context: Context) -> Reading | None:
    """Positions and working entries of one sector are at most `max_sector_exposure` of the sizing base.

    A symbol without a sector is a bucket of its own. Measured on the position cap's basis, at the latest price.
    """
    if context.base is None or context.per_share is None:
        return None
    bucket = context.market.instrument.bucket
    taken = used(context, lambda held: held.instrument.bucket == bucket) if context.holdings else ZERO
    return room_under(context, taken, context.policy.max_sector_exposure, "sector_full")


def sector_net_exposure(context: Context) -> Reading | None:
    """Long less short of one sector is at most `max_sector_net_exposure` of the sizing base, either way.

    Measured in the worst order of fills: with all orders on their way that go the entry's way, exits among them,
    and without those that go the other way.
    """
    if context.base is None or context.per_share is None:
        return None
    bucket, side = context.market.instrument.bucket, context.signal.side
    net = ZERO
    for held in context.holdings[: len(context.book.positions)]:
        if held.instrument.bucket == bucket:
            value = _on_basis(context, held)
            if value is None:
                return "margin_unknown", held.instrument.key, None, None
            net += sign(side) * sign(held.side) * value
    for held in map(on_its_way, context.live):
        if held.instrument.bucket == bucket and held.side == side:
            value = _on_basis(context, held)
            if value is None:
                return "margin_unknown", held.instrument.key, None, None
            net += value
    return room_under(context, net, context.policy.max_sector_net_exposure or ZERO, "sector_net_full")


def unknown_sectors(context: Context) -> Reading | None:
    """All symbols without a sector together are at most `max_unknown_sector_exposure` of the sizing base."""
    sector = context.market.instrument.sector
    if sector:
        return "", sector, None, None
    if context.base is None or context.per_share is None:
        return None
    taken = used(context, lambda held: not held.instrument.sector)
    return room_under(context, taken, context.policy.max_unknown_sector_exposure or ZERO, "unknown_sectors_full")


def surveillance_allows(terms: Terms) -> Reading:
    """No intraday position in a symbol on a surveillance list that denies it, or that is traded for delivery only.

    The lists are the user's (`Tables.surveillance`); where nobody has given them the finding says so, and passes.
    """
    instrument, tables = terms.instrument, terms.policy.tables
    if tables is None and instrument.series not in TRADE_FOR_TRADE:
        return "", "no list given", None, None
    found = surveillance(instrument.symbol, on=terms.day, series=instrument.series, tables=tables)
    if found.mis is False and terms.product == MIS:
        return "mis_not_allowed", instrument.symbol, found.listed, None
    return "", found.listed or ("on no list" if found.known else "no list given"), None, None


def is_option_sale(instrument: Instrument, side: str) -> bool:
    """Whether an entry on that side would write an option."""
    return instrument.segment == OPT and side == SELL


class MarginWanted(NamedTuple):
    """What a margin is to be asked for: one lot of an instrument; `price` is the latest that the book has of it."""

    instrument: Instrument
    product: str
    side: str
    price: Decimal | None


def margins_wanted(
    signal: Signal, instrument: Instrument, book: Book, policy: Policy, on: date
) -> tuple[MarginWanted, ...]:
    """Of which contracts a broker is to be asked the margin before an entry is decided: where no table has the rate.

    The entry's own first, then those that are held and on their way to be. An option that would not be sold anyway is
    not asked for.
    """
    unwanted = is_option_sale(instrument, signal.side) and not policy.sell_options
    first = () if unwanted else (MarginWanted(instrument, signal.product, signal.side, None),)
    held = (
        MarginWanted(one.instrument, one.product, one.side, one.last or one.average_price) for one in book.positions
    )
    entries = (order.approved for order in book.live_orders(entries=True))
    coming = (MarginWanted(one.instrument, one.product, one.side, one.reference) for one in entries)
    found: dict[tuple[str, str, str], MarginWanted] = {}
    for one in (*first, *held, *coming):
        thing = one.instrument
        if thing.segment != EQ and margin_pct(thing, one.product, on=on, side=one.side, tables=policy.tables) is None:
            found.setdefault((one.instrument.key, one.product, one.side), one)
    return tuple(found.values())


def margin_known(terms: Terms) -> Reading:
    """The product's margin rate is in the tables, or else the broker told its margin of a lot.

    What cannot be priced cannot be afforded. So many lots of one contract ask so many times what one asks. An option is
    sold where a table of the user's own has its rate, or else where `sell_options` says so: what it may lose is bounded
    by its stop alone, as long as somebody trades there.
    """
    if terms.margin_pct is not None:
        return "", terms.margin_pct, None, None
    if not terms.policy.sell_options and is_option_sale(terms.instrument, terms.side):
        return "option_sale_not_allowed", terms.instrument.symbol, None, None
    if terms.lot_margin is not None:
        return "", f"{rupees(terms.lot_margin)} a lot, as the broker says", None, None
    return "margin_unknown", f"{terms.instrument.key} {terms.product}", None, None


def funds(context: Context) -> Reading | None:
    """The margin of the order fits into what is free.

    free = sizing equity + open losses - margin of positions and working entries, and never more than the cash
    the broker reported where it was read, less the margin of entries that it may not have taken yet (intended, or of
    unknown outcome). Open gains are not spent.
    """
    equity, share = context.book.opening_equity, context.margin
    if equity is None or share is None:
        return None
    free = equity + context.result
    if context.unrealised > ZERO:
        free -= context.unrealised
    for held in context.holdings:
        margin = _margin(context, held)
        if margin is None:
            return "margin_unknown", held.instrument.key, None, None
        free -= margin
    if context.market.available_cash is not None:
        free = min(free, context.market.available_cash - _reserved(context))
    lot = share * context.market.instrument.lot_size
    if free >= lot:
        return "", free, lot, free // share
    left = max(free, ZERO)
    return "insufficient_funds", left, lot, left // share


def _reserved(context: Context) -> Decimal:
    """The margin of entries of which the broker's cash may know nothing; whose rate is unknown has refused before."""
    unseen = [order for order in context.live if order.is_entry and order.status in (INTENDED, UNKNOWN)]
    held = map(on_its_way, unseen)
    return sum((_margin(context, entry) or entry.value for entry in held), ZERO)


def charges_known(terms: Terms) -> Reading:
    """A schedule of charges covers the order; without one its result could not be kept to the paisa."""
    try:
        charged_as_of = require_schedule(terms.instrument, terms.product, terms.day, terms.policy)
    except ChargesUnknown as unknown:
        return "charges_unknown", str(unknown), None, None
    return "", charged_as_of, None, None


def largest_quantity(context: Context) -> Reading:
    """`max_quantity`, where the policy sets one."""
    most = context.policy.max_quantity or 0
    passed = most >= context.market.instrument.lot_size
    return "" if passed else "below_one_lot", most, "max_quantity", Decimal(most)


def used(context: Context, counts: Callable[[Holding], bool]) -> Decimal | str:
    """What is held or on its way of what counts, on the policy's basis; else whose margin is unknown."""
    total = ZERO
    for held in context.holdings:
        if counts(held):
            part = _on_basis(context, held)
            if part is None:
                return held.instrument.key
            total += part
    return total


def room_under(context: Context, taken: Decimal | str, percent: Decimal, full: str) -> Reading | None:
    """What a limit in percent of the sizing base leaves, and whether that is a lot; `taken` may say what is unknown."""
    if isinstance(taken, str):
        return "margin_unknown", taken, None, None
    if context.base is None or context.per_share is None:
        return None
    limit = percent_of(context.base, percent)
    room = limit - taken
    if room >= context.per_share * context.market.instrument.lot_size:
        return "", taken, limit, room // context.per_share
    return full, taken, limit, max(room, ZERO) // context.per_share


def _on_basis(context: Context, held: Holding) -> Decimal | None:
    return held.value if context.policy.position_size_basis != MARGIN else _margin(context, held)


def _margin(context: Context, held: Holding) -> Decimal | None:
    return margin_of(held.instrument, held.product, held.side, held.value, held.quantity, context.terms, context.market)
