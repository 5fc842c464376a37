"""Inputs and facts as canonical JSON, and back: the same value is the same bytes on every machine.

Decimals are written in full as text, moments as ISO 8601 with their offset, keys sorted, ASCII only. A finding's
measured value may be a number or a text, so a Decimal there is marked as one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence, Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

import cattrs
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

import riskcore as rc
from riskcore import events

VERSIONS: Final[dict[str, int]] = {
    kind.__name__: getattr(kind, "VERSION", 1) for kind in (*events.INPUTS, *events.FACTS)
}
TYPES: Final[dict[str, type]] = {kind.__name__: kind for kind in (*events.INPUTS, *events.FACTS)}


LIFTS: Final[dict[tuple[str, int], Callable[[str], str]]] = {}
"""How the body of an old version becomes the next one's: (type, old version) -> new body. None is old yet."""


class CodecError(ValueError):
    """A journal row that this version cannot read."""


def _measured(value: Any, _: Any) -> Any:
    return Decimal(value["decimal"]) if isinstance(value, dict) else value


def _unmeasured(value: Any) -> Any:
    return {"decimal": _written(value)} if isinstance(value, Decimal) else value


def _pairs(value: Any, _: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((name, _measured(entry, None)) for name, entry in value)


def _are_findings(kind: Any) -> bool:
    """Whether a field holds the findings of a decision, which are read as a tuple whatever makes them."""
    return bool(kind == Sequence[rc.Finding])


def _are_names(kind: Any) -> bool:
    """The same of names in a row."""
    return bool(kind == Sequence[str])


def _written(value: Decimal) -> str:
    return f"{value:f}"


SPARE: Final[Mapping[type, tuple[str, ...]]] = {
    events.AlertRefused: ("receipt",),
    events.OrderMoved: ("error",),
    events.DifferencesTaken: ("beside",),
    events.PositionAdjusted: ("reason",),
    events.PricesSeen: ("more",),
    rc.BrokerBooks: ("unread_rows", "untold"),
    rc.Capability: (
        "calls_a_minute",
        "cancels_prove",
        "carries",
        "changes_an_order",
        "order_times",
        "holdings_fall",
        "in_halves",
        "orders_an_hour",
        "paces_books",
        "price_is_average",
        "quotes_apart",
        "result_apart",
        "shows_refusals",
        "takes_nrml",
        "one_product",
        "trades",
        "trade_prices",
        "positions_in_parts",
        "trades_by_order",
    ),
    rc.Market: ("margins",),
    rc.Signal: ("quantity", "receipt"),
}
"""Kind -> its fields that are written only where they say something."""
GONE: Final[Mapping[type, frozenset[str]]] = {rc.Capability: frozenset(("fills_in_orders",))}
"""Kind -> what earlier versions wrote of it, and nobody ever read."""


def converter(decimals: Callable[[Decimal], str] = _written) -> cattrs.Converter:
    """What turns values into plain ones and back; `decimals` writes a Decimal."""
    made = cattrs.Converter(forbid_extra_keys=True, unstruct_collection_overrides={AbstractSet: sorted})
    made.register_unstructure_hook(Decimal, decimals)
    made.register_structure_hook(Decimal, lambda value, _: Decimal(value))
    for kind in (datetime, date, time):
        made.register_unstructure_hook(kind, lambda value: value.isoformat())
        made.register_structure_hook(kind, lambda value, wanted: wanted.fromisoformat(value))
    # The code of a rule is not journalled: its name, its parameters and its digest are.
    made.register_unstructure_hook(
        rc.CustomRule, make_dict_unstructure_fn(rc.CustomRule, made, ask=override(omit=True))
    )
    made.register_structure_hook(
        rc.CustomRule,
        make_dict_structure_fn(
            rc.CustomRule,
            made,
            _cattrs_forbid_extra_keys=True,
            ask=override(omit=True),
            parameters=override(struct_hook=_pairs),
        ),
    )
    _register_spare(made)
    for gone, names in GONE.items():
        made.register_structure_hook(gone, _without(names, make_dict_structure_fn(gone, made)))
    made.register_structure_hook(rc.Signal, _signal_by(make_dict_structure_fn(rc.Signal, made)))
    several = tuple[rc.Finding, ...]
    made.register_unstructure_hook_func(_are_findings, lambda value: made.unstructure(tuple(value), several))
    made.register_structure_hook_func(_are_findings, lambda value, _: made.structure(value, several))
    made.register_unstructure_hook_func(_are_names, list)
    made.register_structure_hook_func(_are_names, lambda value, _: tuple(map(str, value)))
    measured = Decimal | int | str | None
    made.register_unstructure_hook(measured, _unmeasured)
    made.register_structure_hook(measured, _measured)
    return made


def _register_spare(made: cattrs.Converter) -> None:
    """Leave out what came to these later, where it says nothing: a journal from before is replayed byte for byte."""
    for kind, names in SPARE.items():
        spare: dict[str, Any] = dict.fromkeys(names, override(omit_if_default=True))
        made.register_unstructure_hook(kind, make_dict_unstructure_fn(kind, made, **spare))


def _without(names: frozenset[str], read: Callable[[Any, type[Any]], Any]) -> Callable[[Any, type[Any]], Any]:
    """The hook of a kind that reads over names that it has no more."""
    return lambda value, kind: read({name: told for name, told in value.items() if name not in names}, kind)


def _signal_by(read: Callable[[Any, type[rc.Signal]], rc.Signal]) -> Callable[[Any, type[rc.Signal]], rc.Signal]:
    """The hook of signals: one of an exchange that is none, which could be made once, is read as it was journalled."""

    def hook(value: Any, kind: type[rc.Signal]) -> rc.Signal:
        try:
            return read(value, kind)
        except cattrs.BaseValidationError:
            found = read({**value, "exchange": "NSE"}, kind)
        object.__setattr__(found, "exchange", value["exchange"])
        return found

    return hook


CONVERTER: Final = converter()


def encode(event: events.Input | events.Fact) -> str:
    """The event as one line of canonical JSON."""
    plain = CONVERTER.unstructure(event)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def decode(type_name: str, version: int, body: str) -> Any:
    """The event back, or `CodecError` saying why it cannot be read (an unknown type or version refuses the start)."""
    kind = TYPES.get(type_name)
    if kind is None:
        raise CodecError(f"{type_name} is not an input or fact that this version knows; use the version that wrote it")
    while (type_name, version) in LIFTS:
        body, version = LIFTS[type_name, version](body), version + 1
    if version != VERSIONS[type_name]:
        raise CodecError(
            f"{type_name} version {version} cannot be read (this version knows {VERSIONS[type_name]}); "
            "use the version that wrote it, or a later one"
        )
    try:
        return CONVERTER.structure(json.loads(body), kind)
    except (ValueError, KeyError, TypeError, cattrs.BaseValidationError) as problem:
        raise CodecError(f"{type_name} cannot be read: {problem}") from problem
