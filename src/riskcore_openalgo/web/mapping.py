"""What a source calls its fields: the declared mapping of an alert, and how a field is found by it.

`NAMES` is what people were seen to write. A source that calls things otherwise is a few lines of configuration:

    sources:
      my_scanner:
        fields: {symbol: order.instrument, action: direction}
        actions: {long: buy, short: sell}
        given: {exchange: NSE, product: MIS}

A field that is declared is sought under these names alone; the others keep those of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen

import riskcore as rc

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "action": ("action", "side"),
    "symbol": ("symbol", "ticker", "trading_symbol"),
    "exchange": ("exchange",),
    "price": ("price",),
    "stop": ("stop", "stop_loss"),
    "target": ("target",),
    "levels": ("levels",),
    "product": ("product",),
    "strategy": ("strategy", "strategy_name"),
    "interval": ("interval",),
    "time": ("time",),
    "timenow": ("timenow",),
    "bar_time": ("bar_time",),
    "position_size": ("position_size",),
    "market_position": ("market_position",),
    "prev_market_position": ("prev_market_position",),
    "close_position": ("close_position",),
    "kind": ("kind",),
    "reduce_by": ("reduce_by",),
    "reduce_pct": ("reduce_pct",),
    "quantity": ("quantity", "qty", "contracts"),
    "context": ("context",),
}
"""What is read, and the names people give it. Everything else in an alert is named in its note, and not used."""
SIDES: Final[Mapping[str, str]] = {"BUY": rc.BUY, "SELL": rc.SELL}


@frozen(kw_only=True)
class FieldMap:
    """A source's own words.

    `fields` are its names for ours, dotted where they stand inside an object; `actions` its words for buy and sell, and
    `symbols` for symbols, in upper case; `given` is what it does not send: a value that stands for every alert without.
    """

    fields: Mapping[str, tuple[str, ...]] = {}
    actions: Mapping[str, str] = {}
    symbols: Mapping[str, str] = {}
    given: Mapping[str, str] = {}

    read: frozenset[str] = field(init=False, eq=False, repr=False)
    """Every name that something is read from; of one that stands inside an object, the object's too."""

    into: Mapping[str, frozenset[str]] = field(init=False, eq=False, repr=False)
    """Which of our fields may stand under a name."""

    def __attrs_post_init__(self) -> None:
        into: dict[str, frozenset[str]] = {}
        for each in NAMES:
            for name in self.names(each):
                for there in {name, name.split(".")[0]}:
                    into[there] = into.get(there, frozenset()) | {each}
        object.__setattr__(self, "read", frozenset(into))
        object.__setattr__(self, "into", into)

    def names(self, field: str) -> tuple[str, ...]:
        """Under which names a field is sought."""
        return self.fields.get(field) or NAMES[field]


PLAIN: Final = FieldMap()
NOTHING: Final[Mapping[str, Any]] = {}


@frozen
class Fields:
    """The fields of one alert, their names in lower case, read by a source's mapping."""

    content: Mapping[str, Any]
    by: FieldMap = PLAIN
    _found: Mapping[str, Mapping[str, Any]] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        into = self.by.into
        there = (self.by.given.keys() & NAMES.keys()).union(*(into[name] for name in self.content if name in into))
        object.__setattr__(self, "_found", {field: self._sought(field) for field in there})

    def of(self, field: str) -> Mapping[str, Any]:
        """What stands under a field's names, by name; what is empty or null is not there."""
        return self._found.get(field, NOTHING)

    def _sought(self, field: str) -> Mapping[str, Any]:
        found = {}
        for name in self.by.names(field):
            value = self.at(name)
            value = value.strip() if isinstance(value, str) else value
            if value is not None and value != "":
                found[name] = value
        if not found and field in self.by.given:
            return {field: self.by.given[field]}
        return found

    def unread(self) -> list[str]:
        """The names of the alert that nothing is read from; of an object only where none of its parts is."""
        return [name for name in self.content if name not in self.by.read]

    def at(self, name: str) -> Any:
        """The value under a name, dotted where it stands inside an object; None where there is none."""
        value = self.content.get(name)
        if value is not None or "." not in name:
            return value
        value = self.content
        for part in name.split("."):
            if not isinstance(value, Mapping):
                return None
            value = next((inner for key, inner in value.items() if key.lower() == part), None)
        return value
