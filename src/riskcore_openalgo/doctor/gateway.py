"""OpenAlgo: whether it answers, takes the key, is of a version that is known, and in the mode that is expected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from importlib import metadata
from typing import Final

from sqlalchemy import func, select

import riskcore as rc
from riskcore import engine
from riskcore_openalgo.client import Client, InstrumentCache, ReadFailed
from riskcore_openalgo.client.failures import NETWORK, NO_LOGIN
from riskcore_openalgo.client.fields import split_key
from riskcore_openalgo.config import LIVE, Settings
from riskcore_openalgo.doctor.check import Check, fail, ok, warn
from riskcore_openalgo.journal import Reader
from riskcore_openalgo.journal.tables import ORDERS
from riskcore_openalgo.portfolio import capability_behind, opening_equity
from riskcore_openalgo.runner.history import History, bars_for

TRIED: Final = "2.0.2.1"
"""The version of OpenAlgo that riskcore was tried with; its API does not say which it is."""
LINES: Final = ("1.", "2.")
FUND: Final = re.compile("BEES|ETF", re.ASCII)
AWAITING: Final = "awaiting_approval"
ANALYZE: Final = "analyze"
ATR: Final = "atr"


def openalgo(settings: Settings, client: Client | None, now: datetime) -> Iterator[Check]:
    """All that OpenAlgo can be asked; without a key or without an answer the rest is named as not asked."""
    rest, today = ("mode", "money", "stops", "symbols", "bars"), now.date()
    yield version()
    if client is None:
        yield fail("credentials", "there is no API key", "api_key: in api_credentials.yaml, or OPENALGO_API_KEY")
    else:
        _at_its_pace(settings, client, today)
        first = credentials(client)
        yield first
        if first.status != "fail":
            yield mode(settings, client)
            yield money(settings, client, today)
            yield stops(settings, client, today)
            yield symbols(settings, client, today)
            yield bars(settings, client, now)
            return
    for name in rest:
        yield warn(name, "not asked: OpenAlgo does not answer, or not to this key", "mend the credentials first")


def _at_its_pace(settings: Settings, client: Client, today: date) -> None:
    """Ask the broker no more often than it answers: its money is asked for twice."""
    with suppress(ReadFailed):
        client.pace(capability_behind(client, today, settings.policy.tables))


def version() -> Check:
    """The line of OpenAlgo's SDK that is installed."""
    found = metadata.version("openalgo")
    said = f"SDK {found}; the server's API does not tell its version (tried with {TRIED})"
    if not found.startswith(LINES):
        return warn("version", said, "riskcore knows the lines 1 and 2 of the SDK: pip install openalgo==2.0.5")
    return ok("version", said)


def credentials(client: Client) -> Check:
    """Whether OpenAlgo answers, and to this key."""
    try:
        broker = client.broker()
        client.funds()
    except ReadFailed as problem:
        if problem.error == NETWORK:
            return fail("credentials", f"nobody answers at {client.host}: {problem.why}", "start OpenAlgo; check host:")
        if problem.error == NO_LOGIN:
            return fail("credentials", f"not accepted: {problem.why}", "check the key, and log in to the broker")
        return fail("credentials", str(problem), "look at OpenAlgo's log, and log in to the broker on its page")
    return ok("credentials", f"accepted at {client.host}, broker {broker or 'not told'}")


def mode(settings: Settings, client: Client) -> Check:
    """Where an order would go now, against what the configuration says."""
    try:
        seen = client.mode()
    except ReadFailed as problem:
        return fail("mode", str(problem), "look at OpenAlgo's log")
    if settings.system.mode == LIVE and seen == ANALYZE:
        remedy = "switch the analyzer off on OpenAlgo's page, or start riskcore live --analyzer"
        return warn("mode", "live is configured, and OpenAlgo is in analyzer mode: no real money would move", remedy)
    if settings.system.mode != LIVE and seen != ANALYZE:
        return ok("mode", "OpenAlgo sends real orders; riskcore is configured to send none (paper)")
    return ok("mode", f"OpenAlgo is in {seen} mode, riskcore is configured for {settings.system.mode}")


def money(settings: Settings, client: Client, today: date) -> Check:
    """What the account's money comes to here. Plugins differ in what they call cash: a person has to compare it."""
    if settings.system.mode != LIVE:
        return ok("money", f"on paper the first day begins with Rs {rc.grouped(settings.policy.default_capital)}")
    try:
        client.mode()  # whose answers they are: the sandbox's, or the broker's
        capability = capability_behind(client, today, settings.policy.tables)
        found = client.funds().of_broker(capability, collateral_counts=settings.system.collateral_counts)
    except ReadFailed as problem:
        return warn("money", str(problem), "look at OpenAlgo's log; without it no entry goes")
    began = opening_equity(found)
    free, used = max(found.available_cash, Decimal(0)), found.used_margin
    now = f"Rs {rc.grouped(free)} can be spent, Rs {rc.grouped(used)} are in use"
    said = f"{now}, the day began with Rs {rc.grouped(began)}"
    if began <= 0:
        return warn("money", said, "no entry goes without equity; pledged shares count with collateral_counts: true")
    return ok("money", f"{said}: compare it with the broker's page")


def stops(settings: Settings, client: Client, today: date) -> Check:
    """Whether protective stops rest at the broker: through some plugins none can, or none can be changed."""
    if settings.system.mode != LIVE:
        return ok("stops", "on paper levels are watched, nothing rests")
    try:
        client.mode()
        capability = capability_behind(client, today, settings.policy.tables)
    except ReadFailed as problem:
        return warn("stops", str(problem), "look at OpenAlgo's log; which broker it is decides how stops rest")
    if not capability.rests:
        said = f"none can rest at {capability.broker} through OpenAlgo: this program watches the levels, while it runs"
        return warn("stops", said, f"docs/brokers.md tells why; a stop of your own in the app of {capability.broker}")
    changed = "are changed in place" if capability.revises else "are taken back and sent anew where they move"
    return ok("stops", f"rest at the broker as {capability.resting}, and {changed}")


def semi_auto(settings: Settings, journal: Reader | None) -> Check:
    """Whether orders wait for somebody's hand in OpenAlgo's Action Center.

    No call tells the order mode of a key; it shows in the answer to an order. So the journal is asked for such answers.
    """
    look = "on OpenAlgo's page Action Center the order mode must be Auto"
    if settings.system.mode != LIVE:
        return ok("semi_auto", "no orders are sent in paper mode")
    if journal is None:
        return warn("semi_auto", "OpenAlgo's API does not tell, and no order was sent yet", look)
    held = journal.select(select(func.count()).where(ORDERS.c.status == AWAITING))[0][0]
    sent = journal.select(select(func.count()).where(ORDERS.c.status.in_(("working", "filled"))))[0][0]
    if held:
        return fail("semi_auto", f"{held} orders wait for approval: stops would wait, too", look)
    if not sent:
        return warn("semi_auto", "OpenAlgo's API does not tell, and no order has gone through yet", look)
    return ok("semi_auto", f"{sent} orders went through without waiting for approval")


def symbols(settings: Settings, client: Client, today: date) -> Check:
    """Every instrument that is watched or traded by a strategy is known, with its tick and its lot."""
    if not settings.named:
        return warn("symbols", "none is watched", "watch: in system_config.yaml keeps prices fresh for alerts")
    cache = InstrumentCache(client, tables=settings.policy.tables, given=settings.system.instruments)
    unknown, funds = [], []
    for key in settings.named:
        try:
            found = cache.instrument(*split_key(key), today)
            given = settings.system.instruments.get(found.symbol)
            told = given is not None and given.kind is not None
            if (found.segment, found.kind) == ("EQ", "stock") and not told and FUND.search(found.symbol):
                funds.append(found.symbol)
        except ReadFailed as problem:
            unknown.append(f"{key} ({problem.why})")
    if unknown:
        remedy = "use the exchange's own symbol, and let OpenAlgo load the contract master"
        return fail("symbols", f"not known: {'; '.join(unknown)}", remedy)
    if funds:
        remedy = (
            "instruments: {SYMBOL: {kind: etf}} in system_config.yaml; etf_without_stt where it holds no Indian shares"
        )
        return warn("symbols", f"charged as shares, and named like funds: {', '.join(funds)}", remedy)
    return ok("symbols", f"all {len(settings.named)} known")


def bars(settings: Settings, client: Client, now: datetime) -> Check:
    """Whether OpenAlgo's history has what an ATR wants, of the first symbol watched: not every plugin has one."""
    policy, interval = settings.policy, settings.policy.atr_interval or engine.DEFAULT_INTERVAL
    if ATR not in policy.stop_methods:
        return ok("bars", "no stop goes by an ATR")
    if not settings.named:
        return warn("bars", "not asked: no symbol is watched", "watch: in system_config.yaml")
    key = settings.named[0]
    remedy = "no entry goes by an ATR so (atr_not_ready): docs/brokers.md, Prices, bars and money; or stop_methods"
    try:
        cache = InstrumentCache(client, tables=policy.tables, given=settings.system.instruments)
        instrument = cache.instrument(*split_key(key), now.date())
        found = History(client, bars=bars_for(policy), tables=policy.tables).finished(instrument, interval, now)
    except ReadFailed as problem:
        return warn("bars", f"{key} on {interval}: {problem.why}", remedy)
    said = f"{key} on {interval}: {len(found)} bars, and an ATR wants {policy.atr_warmup_bars}"
    return ok("bars", said) if len(found) >= policy.atr_warmup_bars else warn("bars", said, remedy)
