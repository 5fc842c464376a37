"""riskcore: a risk desk in a library.

A signal goes in; an approved order, or a refusal that names every rule it broke, comes out. Pure functions
over immutable values: no I/O, no clock, no randomness, no threads. See README.md for the sixty-second example.

Public names are imported when they are first used, so that `import riskcore` costs a program next to nothing
until it asks for something (docs/decisions/0009-public-names.md).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskcore.analytics.equity import EquityCurve as EquityCurve, equity_curve as equity_curve
    from riskcore.analytics.statistics import TradeStatistics as TradeStatistics, trade_statistics as trade_statistics
    from riskcore.analytics.summary import (
        Performance as Performance,
        performance as performance,
        performance_of as performance_of,
    )
    from riskcore.analytics.trade import Trade as Trade, trades_of as trades_of
    from riskcore.bar_by_bar import moments as moments, simulate as simulate
    from riskcore.book import (
        Book as Book,
        DayResult as DayResult,
        Fill as Fill,
        Latch as Latch,
        Outcome as Outcome,
        Position as Position,
        Price as Price,
    )
    from riskcore.breakers.approach import in_use_pct as in_use_pct, levels as levels
    from riskcore.breakers.market import recent_range as recent_range
    from riskcore.breakers.measure import Measure as Measure, Observations as Observations
    from riskcore.breakers.table import measures as measures
    from riskcore.broker_books import (
        BrokerBooks as BrokerBooks,
        BrokerHolding as BrokerHolding,
        BrokerOrder as BrokerOrder,
        BrokerPosition as BrokerPosition,
        BrokerTrade as BrokerTrade,
        UnreadRow as UnreadRow,
    )
    from riskcore.brokers import capability as capability
    from riskcore.costs import (
        Charges as Charges,
        ChargesUnknown as ChargesUnknown,
        charges as charges,
        order_charges as order_charges,
        policy_charges as policy_charges,
        settlement_stt as settlement_stt,
        settles_by_delivery as settles_by_delivery,
    )
    from riskcore.decision import Approved as Approved, Decision as Decision, Refused as Refused, decide as decide
    from riskcore.exchange_limits import (
        band_pct as band_pct,
        largest_quantity_sent as largest_quantity_sent,
        price_band as price_band,
        slice_quantity as slice_quantity,
        slices as slices,
    )
    from riskcore.exits.breakeven import breakeven_price as breakeven_price
    from riskcore.exits.legs import open_legs as open_legs, scaled_legs as scaled_legs
    from riskcore.exits.levels import Breach as Breach, breach as breach, exit_order as exit_order
    from riskcore.exits.timing import time_stop_at as time_stop_at, time_stop_due as time_stop_due
    from riskcore.exits.trailing import advance as advance, trailed as trailed, trailed_stop as trailed_stop
    from riskcore.expiries import monthly_expiry as monthly_expiry, weekly_expiry as weekly_expiry
    from riskcore.instruments import (
        Instrument as Instrument,
        exchange_for as exchange_for,
        freeze_for as freeze_for,
        future as future,
        lot_for as lot_for,
        margin_pct as margin_pct,
        nse_equity as nse_equity,
        option as option,
        sector_of as sector_of,
        tick_for as tick_for,
    )
    from riskcore.intrabar import Ambiguous as Ambiguous, Entries as Entries, Intrabar as Intrabar
    from riskcore.listing import Listed as Listed, listed_by_month as listed_by_month
    from riskcore.money import grouped as grouped
    from riskcore.orders import (
        ApprovedEntry as ApprovedEntry,
        ApprovedExit as ApprovedExit,
        Order as Order,
        TargetLeg as TargetLeg,
    )
    from riskcore.overrides import Tables as Tables
    from riskcore.policy import (
        CustomRule as CustomRule,
        Limit as Limit,
        Policy as Policy,
        contradictions as contradictions,
        custom_rule as custom_rule,
        policy_hash as policy_hash,
        setting_text as setting_text,
    )
    from riskcore.policy.breakers import (
        BreakerRule as BreakerRule,
        ConnectionTimers as ConnectionTimers,
        ErrorLimit as ErrorLimit,
    )
    from riskcore.policy.changes import Change as Change, loosened as loosened, policy_changes as policy_changes
    from riskcore.policy.futile import never_reached as never_reached, shut_out as shut_out
    from riskcore.positions import Trail as Trail
    from riskcore.reasons import CATALOGUE as CATALOGUE, Finding as Finding, Reason as Reason
    from riskcore.rounding import ROUNDING as ROUNDING
    from riskcore.rules.bets import (
        closes_of as closes_of,
        pearson as pearson,
        return_correlation as return_correlation,
        simple_returns as simple_returns,
    )
    from riskcore.rules.context import Context as Context
    from riskcore.sessions import (
        IST as IST,
        CalendarUnknown as CalendarUnknown,
        Session as Session,
        next_session_day as next_session_day,
        phase_at as phase_at,
        session_date as session_date,
        session_on as session_on,
        stops_rest as stops_rest,
    )
    from riskcore.signals import (
        BUY as BUY,
        CANCEL as CANCEL,
        ENTRY as ENTRY,
        EXIT as EXIT,
        REVERSAL as REVERSAL,
        SELL as SELL,
        Bar as Bar,
        Market as Market,
        Signal as Signal,
    )
    from riskcore.simulated_broker import Broker as Broker
    from riskcore.simulation import (
        BarRun as BarRun,
        Simulation as Simulation,
        evidence_from as evidence_from,
        fresh_atr as fresh_atr,
        interval_length as interval_length,
        prices_of as prices_of,
    )
    from riskcore.sizers import (
        Cap as Cap,
        Edge as Edge,
        edge_of as edge_of,
        fixed_notional_cap as fixed_notional_cap,
        fixed_quantity_cap as fixed_quantity_cap,
        kelly_cap as kelly_cap,
        kelly_fraction as kelly_fraction,
        throttled_pct as throttled_pct,
        volatility_cap as volatility_cap,
    )
    from riskcore.sizing import Size as Size, size as size
    from riskcore.states import MATRIX as MATRIX, allows as allows, reduces as reduces
    from riskcore.stops import (
        Stop as Stop,
        atr as atr,
        atr_stop as atr_stop,
        clamped_stop as clamped_stop,
        combined_stop as combined_stop,
        given_stop as given_stop,
        level_stop as level_stop,
        percent_stop as percent_stop,
        points_stop as points_stop,
        rupee_stop as rupee_stop,
        swing_stop as swing_stop,
        swings as swings,
        true_ranges as true_ranges,
    )
    from riskcore.table_rows import Capability as Capability
    from riskcore.targets import (
        Leg as Leg,
        Target as Target,
        given_target as given_target,
        legged_target as legged_target,
        percent_target as percent_target,
        points_target as points_target,
        split_legs as split_legs,
        target as target,
    )
    from riskcore.watchlists import Surveillance as Surveillance, surveillance as surveillance

__version__ = "0.1.0"

_ROOMS: dict[str, tuple[str, ...]] = {
    "analytics.equity": ("EquityCurve", "equity_curve"),
    "analytics.statistics": ("TradeStatistics", "trade_statistics"),
    "analytics.summary": ("Performance", "performance", "performance_of"),
    "analytics.trade": ("Trade", "trades_of"),
    "bar_by_bar": ("moments", "simulate"),
    "book": ("Book", "DayResult", "Fill", "Latch", "Outcome", "Position", "Price"),
    "breakers.approach": ("in_use_pct", "levels"),
    "breakers.market": ("recent_range",),
    "breakers.measure": ("Measure", "Observations"),
    "breakers.table": ("measures",),
    "broker_books": ("BrokerBooks", "BrokerHolding", "BrokerOrder", "BrokerPosition", "BrokerTrade", "UnreadRow"),
    "brokers": ("capability",),
    "costs": (
        "Charges",
        "ChargesUnknown",
        "charges",
        "order_charges",
        "policy_charges",
        "settlement_stt",
        "settles_by_delivery",
    ),
    "decision": ("Approved", "Decision", "Refused", "decide"),
    "exchange_limits": ("band_pct", "largest_quantity_sent", "price_band", "slice_quantity", "slices"),
    "exits.breakeven": ("breakeven_price",),
    "exits.legs": ("open_legs", "scaled_legs"),
    "exits.levels": ("Breach", "breach", "exit_order"),
    "exits.timing": ("time_stop_at", "time_stop_due"),
    "exits.trailing": ("advance", "trailed", "trailed_stop"),
    "expiries": ("monthly_expiry", "weekly_expiry"),
    "instruments": (
        "Instrument",
        "exchange_for",
        "freeze_for",
        "future",
        "lot_for",
        "margin_pct",
        "nse_equity",
        "option",
        "sector_of",
        "tick_for",
    ),
    "intrabar": ("Ambiguous", "Entries", "Intrabar"),
    "listing": ("Listed", "listed_by_month"),
    "money": ("grouped",),
    "orders": ("ApprovedEntry", "ApprovedExit", "Order", "TargetLeg"),
    "overrides": ("Tables",),
    "policy": ("CustomRule", "Limit", "Policy", "contradictions", "custom_rule", "policy_hash", "setting_text"),
    "policy.futile": ("never_reached", "shut_out"),
    "policy.changes": ("Change", "loosened", "policy_changes"),
    "policy.breakers": ("BreakerRule", "ConnectionTimers", "ErrorLimit"),
    "positions": ("Trail",),
    "reasons": ("CATALOGUE", "Finding", "Reason"),
    "rounding": ("ROUNDING",),
    "rules.bets": ("closes_of", "pearson", "return_correlation", "simple_returns"),
    "rules.context": ("Context",),
    "sessions": (
        "CalendarUnknown",
        "IST",
        "Session",
        "next_session_day",
        "phase_at",
        "session_date",
        "session_on",
        "stops_rest",
    ),
    "signals": ("BUY", "Bar", "CANCEL", "ENTRY", "EXIT", "Market", "REVERSAL", "SELL", "Signal"),
    "simulated_broker": ("Broker",),
    "simulation": (
        "BarRun",
        "Simulation",
        "evidence_from",
        "fresh_atr",
        "interval_length",
        "prices_of",
    ),
    "sizers": (
        "Cap",
        "Edge",
        "edge_of",
        "fixed_notional_cap",
        "fixed_quantity_cap",
        "kelly_cap",
        "kelly_fraction",
        "throttled_pct",
        "volatility_cap",
    ),
    "sizing": ("Size", "size"),
    "states": ("MATRIX", "allows", "reduces"),
    "stops": (
        "Stop",
        "atr",
        "atr_stop",
        "clamped_stop",
        "combined_stop",
        "given_stop",
        "level_stop",
        "percent_stop",
        "points_stop",
        "rupee_stop",
        "swing_stop",
        "swings",
        "true_ranges",
    ),
    "table_rows": ("Capability",),
    "targets": (
        "Leg",
        "Target",
        "given_target",
        "legged_target",
        "percent_target",
        "points_target",
        "split_legs",
        "target",
    ),
    "watchlists": ("Surveillance", "surveillance"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted(_HOME)  # noqa: PLE0605 - one list, above; a type checker reads the imports


def __getattr__(name: str) -> Any:
    """Fetch a public name from its room at first use, and keep it."""
    room = _HOME.get(name)
    if room is None:
        from riskcore.calling import meant  # noqa: PLC0415 - only a mistake needs it

        near = f"; {meant(name, __all__)}" if not name.startswith("_") else ""
        raise AttributeError(f"module 'riskcore' has no attribute {name!r}{near}")
    value = getattr(import_module(f"riskcore.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
