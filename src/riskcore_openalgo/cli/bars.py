"""`riskcore paper --bars`, and what every command over historical bars is prepared with."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from attrs import evolve

import riskcore as rc
from riskcore_openalgo.cli import tables
from riskcore_openalgo.cli.answers import say
from riskcore_openalgo.cli.opening import key_of, paper_of
from riskcore_openalgo.cli.progress import progress
from riskcore_openalgo.config import Settings, Strategy, load_settings
from riskcore_openalgo.config.changing import all_changed
from riskcore_openalgo.config.settings import InstrumentGiven
from riskcore_openalgo.config.yaml_reader import plain_scalar
from riskcore_openalgo.contract_names import contract_of, is_contract, parts_of
from riskcore_openalgo.feed import BarFile, read_bars, read_folder, report
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.lab.no_shares import INDEX
from riskcore_openalgo.lab.strategy import Own, full_name, own_strategy, refuse_unequal
from riskcore_openalgo.own_rules import with_loaded_rules
from riskcore_openalgo.runner.assembly import PAPER
from riskcore_openalgo.runner.kept_for import refuse_other
from riskcore_openalgo.runner.player import BarPlayer

Bars = Mapping[rc.Instrument, Sequence[rc.Bar]]


def paper(arguments: argparse.Namespace) -> int:
    """Play the bars through the runner; killed half-way, the same command goes on."""
    broker = paper_of(arguments)
    settings, bars, strategies = prepared(arguments)
    place = arguments.journal or settings.system.journal
    with Journal(place, key=key_of(place)) as journal:
        refuse_other(journal, mode=PAPER)
        how = {"interval": arguments.interval, "paper": broker, "listed": listed_of(bars, settings)}
        player = BarPlayer(journal, settings.policy, bars, strategies, **how)
        minutes = len({bar.at for series in bars.values() for bar in series})
        for _ in progress(player.play(), minutes, "paper"):
            pass
        ends = f"Journal: {journal.where} ({journal.length} rows, chain head {journal.head[:16]})"
        held = open_at_the_end(player.runner.state.book)
        lines = [tables.day(journal), ends, *(one["text"] for one in held)]
        say(arguments, tables.content(journal) | {"open": held}, "\n".join(lines))
    return tables.told(journal)


def prepared(arguments: argparse.Namespace) -> tuple[Settings, Bars, Mapping[str, Sequence[Own]]]:
    """Settings, bars by instrument, and the strategies by its key, as the arguments ask for them."""
    settings = load_settings(arguments.config)
    settings = evolve(settings, policy=with_loaded_rules(_with_set(settings.policy, arguments.set)))
    bars = instruments_of(arguments, settings)
    return settings, bars, _strategies(arguments, settings, bars)


def _with_set(policy: rc.Policy, given: Sequence[str]) -> rc.Policy:
    """The policy with the settings of `--set KEY=VALUE`, each checked as one in a file is, and all of them together."""
    pairs = _pairs("--set", given, "atr_warmup_bars=60")
    return all_changed(policy, dict(pairs)) if pairs else policy


def _pairs(option: str, given: Sequence[str], example: str) -> list[tuple[str, str]]:
    """Key and value of each KEY=VALUE that an option was given."""
    pairs = []
    for text in given:
        key, equals, value = text.partition("=")
        if not (key.strip() and equals):
            raise ValueError(f"{option} {text}: write KEY=VALUE, such as {option} {example}")
        pairs.append((key.strip(), value.strip()))
    return pairs


def instruments_of(arguments: argparse.Namespace, settings: Settings) -> Bars:
    """The bars of `--bars`, `--symbols` and `--interval`, by instrument; repairs are told on standard error."""
    files = _files(arguments, settings.policy.tables)
    if any(file.repairs for file in files.values()):
        print(report(files), file=sys.stderr)
    first: date | None = getattr(arguments, "first", None)
    return {_instrument(symbol, file, settings, first): file.bars for symbol, file in files.items()}


def listed_of(bars: Bars, settings: Settings) -> rc.Listed:
    """How each is listed on the days of its bars: by the tables, where the configuration has no tick of it."""
    configured = {symbol for symbol, known in settings.system.instruments.items() if known.tick is not None}
    by_tables = {thing: table for thing, table in bars.items() if thing.symbol not in configured}
    return rc.listed_by_month(by_tables, tables=settings.policy.tables)


def _files(arguments: argparse.Namespace, tables: rc.Tables | None) -> Mapping[str, BarFile]:
    wanted = None if arguments.symbols is None else _symbols(arguments.symbols)
    path: Path = arguments.bars
    if path.is_file():
        symbol = path.stem
        if wanted is not None and wanted != [symbol]:
            raise ValueError(
                f"{path} is the file of {symbol}, and --symbols asks for {', '.join(wanted)}; give a folder"
            )
        return {symbol: read_bars(path, symbol=symbol, interval=arguments.interval, tables=tables)}
    return read_folder(path, wanted, interval=arguments.interval, tables=tables)


def _symbols(text: str) -> list[str]:
    """The symbols of `--symbols`, with or without their exchange; `ValueError` where there is none."""
    found = sorted({_bare(name.strip()) for name in text.split(",")} - {""})
    if not found:
        raise ValueError(f"--symbols {text!r} names none: write --symbols INFY,TCS, or leave it out for all")
    return found


def _bare(name: str) -> str:
    """A symbol without the exchange that its bars are of."""
    exchange, _, symbol = name.rpartition(":")
    named = parts_of(symbol)
    return symbol if exchange == ("NSE" if named is None else rc.exchange_for(named.underlying)) else name


def _instrument(symbol: str, file: BarFile, settings: Settings, day: date | None) -> rc.Instrument:
    """From the tables, as of the first day that is traded; what the configuration says of the symbol goes before."""
    first = next((bar for bar in file.bars if day is None or bar.at.date() >= day), file.bars[0])
    known = settings.system.instruments.get(symbol)
    tick = known.tick if known is not None else None
    tables = settings.policy.tables
    if is_contract(symbol):
        return _contract(symbol, first, known, tables)
    try:
        made = rc.nse_equity(
            symbol,
            on=first.at.date(),
            tick=tick,
            last_month_close=first.open,
            kind="stock" if known is None or known.kind is None else known.kind,
            tables=tables,
        )
    except LookupError as unknown:
        raise ValueError(
            f"{symbol}: {unknown}; trade later days alone (--from), or write its tick in system_config.yaml "
            f"(instruments: {symbol}: tick:)"
        ) from None
    return evolve(made, **_said(known, "lot_size", "sector", "derivatives_listed"))


def _said(known: InstrumentGiven | None, *names: str) -> dict[str, Any]:
    """What the configuration says of a symbol, of what these names are."""
    return {name: getattr(known, name) for name in names if getattr(known, name, None) is not None}


def _contract(symbol: str, first: rc.Bar, known: InstrumentGiven | None, tables: rc.Tables | None) -> rc.Instrument:
    """A future or option by its name alone: on an index, or on a share that has any, at NSE or of an index of BSE's.

    The tick of a future follows its first open, as a share's does.
    """
    named = parts_of(symbol)
    if named is None:
        raise ValueError(f"{symbol} is no contract as OpenAlgo spells it: NIFTY29DEC26FUT, NIFTY29DEC2626000CE")
    said, on = _said(known, "tick", "lot_size"), first.at.date()
    try:
        made = contract_of(named, on=on, tables=tables, last_month_close=first.open, **said)
    except (ValueError, LookupError) as problem:
        raise ValueError(
            f"{symbol}: {problem}; write its tick or lot_size in system_config.yaml (instruments: {symbol}:), or keep "
            f"the ticks and lots of {named.underlying} in a folder of tables"
        ) from None
    if made.kind == "stock" and not rc.nse_equity(named.underlying, on=on, tick=made.tick).derivatives_listed:
        raise ValueError(
            f"{symbol}: no contracts on {named.underlying} are known at NSE; those of other exchanges are "
            "traded over bars in a script (lab.backtest, rc.future)"
        )
    return evolve(made, symbol=symbol, **_said(known, "sector"))


def _strategies(arguments: argparse.Namespace, settings: Settings, bars: Bars) -> Mapping[str, Sequence[Own]]:
    """The one named on the command line for every symbol, else those of the configuration."""
    series, chosen = {instrument.key: table for instrument, table in bars.items()}, settings.strategies
    if arguments.strategy:
        chosen = (
            Strategy(
                name=arguments.strategy.rpartition(":")[2].rpartition(".")[2],
                function=full_name(arguments.strategy),
                symbols=_tradable(bars),
                interval=arguments.interval,
                parameters=_parameters(arguments.parameter),
            ),
        )
    elif arguments.parameter:
        raise ValueError("--parameter is for the strategy of --strategy; others have theirs in trading_rules.yaml")
    if not chosen:
        raise ValueError("no strategy: give --strategy ema_cross, or list some under strategies: in trading_rules.yaml")
    made: dict[str, list[Own]] = {}
    for strategy in chosen:
        watched = [key for key in strategy.keys if key in series]
        if watched and strategy.interval == arguments.interval:
            _look_at(strategy, watched[0], series[watched[0]])
            for key in watched:
                made.setdefault(key, []).append(_fresh(strategy, key))
    if not made:
        raise ValueError(f"no strategy watches these symbols on {arguments.interval} bars: {', '.join(series)}")
    return made


def _tradable(bars: Bars) -> tuple[str, ...]:
    """What `--strategy` trades: everything, but indices beside contracts, which are there for their closes."""
    settle = any(thing.expiry is not None for thing in bars)
    return tuple(thing.key for thing in bars if not (settle and thing.symbol in INDEX))


def _look_at(strategy: Strategy, symbol: str, bars: Sequence[rc.Bar]) -> None:
    """Refuse one whose two answers differ, and say where prices between bars are wanted, of which there are none."""
    own = _fresh(strategy, symbol)
    if own.ticks:
        print(f"strategy {own.name}: on_tick is not asked, for bars have no prices between them", file=sys.stderr)
    refuse_unequal(own, _fresh(strategy, symbol), bars)


def _fresh(strategy: Strategy, symbol: str) -> Own:
    return own_strategy(
        strategy.name,
        strategy.function,
        symbol=symbol,
        interval=strategy.interval,
        parameters=strategy.parameters,
    )


def _parameters(given: Sequence[str]) -> dict[str, Any]:
    """Those of `--parameter KEY=VALUE`, each value read as one in trading_rules.yaml is."""
    return {key: plain_scalar(value) for key, value in _pairs("--parameter", given, "fast=5")}


def open_at_the_end(book: rc.Book) -> list[dict[str, Any]]:
    """What is still held, each with its line of text: equity is the results of the trades and these."""
    return [_open(position) for position in book.positions]


def _open(position: rc.Position) -> dict[str, Any]:
    """`result` is what it has made so far, at its last price, after the charges that are booked."""
    result = position.realised + position.unrealised - position.charges
    last = position.average_price if position.last is None else position.last
    return {
        "key": position.instrument.key,
        "side": position.side,
        "quantity": position.quantity,
        "entry": position.average_price,
        "last": last,
        "stop": position.stop,
        "result": result,
        "text": f"still open: {position.side} {position.quantity} {position.instrument.key} "
        f"at {position.average_price:.2f}, last {last:.2f}: Rs {rc.grouped(result)} so far",
    }
