"""Which instrument an alert names: exchange and symbol, in the exchange's own spelling, or why they cannot be known."""

from __future__ import annotations

from typing import Final

from riskcore_openalgo.contract_names import OF_CONTRACTS, is_contract
from riskcore_openalgo.web.body import Unreadable, shown
from riskcore_openalgo.web.mapping import Fields
from riskcore_openalgo.web.reading import text_of

SEVERAL: Final = ("stocks", "symbols")
OF_SHARES: Final = ("NSE", "BSE")
DELAYED: Final = ("_DLY", "_DL")
SUFFIXES: Final = {".NS": "NSE", ".BO": "BSE"}
"""Yahoo's way to name the exchange, seen in alerts of scanners."""
TRADINGVIEW_SYMBOLS: Final = {
    "ARE_M": "ARE&M",
    "BAJAJ_AUTO": "BAJAJ-AUTO",
    "GVT_D": "GVT&D",
    "J_KBANK": "J&KBANK",
    "M_M": "M&M",
    "M_MFIN": "M&MFIN",
    "NAM_INDIA": "NAM-INDIA",
}
"""NIFTY 500 symbols that TradingView spells with an underscore; from NSE's constituent list of 2026-08-15."""


def named_in(fields: Fields) -> tuple[str, str]:
    """Exchange and symbol; a share without an exchange is one at NSE. What a source calls a symbol may say both."""
    text = text_of(fields, "symbol")
    lists = [name for name in SEVERAL if name not in fields.by.names("symbol")]
    if any(fields.at(name) for name in lists) or (text is not None and "," in text):
        raise Unreadable("alert_several_symbols", "one alert is one symbol; send an alert for each")
    if text is None:
        raise Unreadable("alert_symbol_missing", 'no "symbol"; write for example "RELIANCE"')
    prefix, _, name = text.upper().rpartition(":")
    claims = [prefix, (text_of(fields, "exchange") or "").upper()]
    for suffix, exchange in SUFFIXES.items():
        if name.endswith(suffix):
            name = name.removesuffix(suffix)
            claims.append(exchange)
    declared, _, symbol = (fields.by.symbols.get(name) or TRADINGVIEW_SYMBOLS.get(name, name)).rpartition(":")
    if "_" in symbol:
        told = f"{shown(name)} is no exchange's spelling; write the exchange's own symbol"
        raise Unreadable("alert_symbol_unknown", told)
    claims = [claim for claim in claims if claim]
    for claim in claims:
        if claim.endswith(DELAYED):
            told = f"{shown(claim)} is a delayed feed; its prices are up to 15 minutes old"
            raise Unreadable("alert_delayed_feed", told)
    return (declared or _exchange(claims, symbol)), symbol


def _exchange(claims: list[str], symbol: str) -> str:
    """The exchange that an alert names; a future or an option has to have one of its own."""
    allowed = OF_CONTRACTS if is_contract(symbol) else OF_SHARES
    if odd := next((claim for claim in claims if claim not in allowed), None):
        told = f"the exchange {shown(odd)} is not one of {', '.join(allowed)}"
        why = f", where {shown(symbol)} may trade by its name" if odd in (*OF_SHARES, *OF_CONTRACTS) else ""
        raise Unreadable("alert_exchange_unknown", told + why)
    if len(set(claims)) > 1:
        told = f"the alert names two exchanges: {' and '.join(sorted(set(claims)))}"
        raise Unreadable("alert_field_conflict", told)
    if not claims and allowed is OF_CONTRACTS:
        told = f"{shown(symbol)} is a future or an option, and has no exchange; name it: {', '.join(allowed)}"
        raise Unreadable("alert_exchange_unknown", told)
    return claims[0] if claims else OF_SHARES[0]
