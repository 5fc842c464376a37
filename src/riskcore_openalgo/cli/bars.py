"""`riskcore backtest` and `riskcore paper --bars`: the same rules over historical bars."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from attrs import evolve

import riskcore as rc
from riskcore import events
from riskcore_openalgo.cli import tables
from riskcore_openalgo.cli.opening import paper_of
from riskcore_openalgo.cli.progress import progress
from riskcore_openalgo.config import PAPER, Settings, Strategy, load_settings
from riskcore_openalgo.feed import BarFile, read_bars, read_folder, report
from riskcore_openalgo.journal import Journal
from riskcore_openalgo.own_rules import with_loaded_rules
from riskcore_openalgo.runner.player import BarPlayer
from riskcore_openalgo.runner.strategies import OnBar, full_name, load_strategy, named

Bars = Mapping[rc.Instrument, Sequence[rc.Bar]]


def backtest(arguments: argparse.Namespace) -> int:
    """Simulate, and print the trades and what they came to."""
    settings, bars, strategies = _prepared(arguments)
    most = max(len(on_bars) for on_bars in strategies.values())
    run = rc.simulate(
        bars, [_nth(strategies, place) for place in range(most)], settings.policy, interval=arguments.interval
    )
    refused = sum(isinstance(fact, events.EntryRefused) for fact in run.facts)
    print(tables.closed_trades(run.trades))
    gross = sum((trade.gross for trade in run.trades), start=Decimal(0))
    charges = sum((trade.charges for trade in run.trades), start=Decimal(0))
    print(f"\n{len(run.trades)} trades, {refused} signals refused, gross Rs {gross:,.2f}, charges Rs {charges:,.2f}")
    start, end = settings.policy.default_capital, run.equity
    print(f"equity Rs {start:,.2f} -> " + ("unknown" if end is None else f"Rs {end:,.2f}"))
    _open_at_the_end(run.state.book)
    return 0


def _nth(strategies: Mapping[str, Sequence[OnBar]], place: int) -> Callable[..., rc.Signal | None]:
    """The strategy in that place of each symbol's list, as one for all symbols."""

    def on_bar(instrument: rc.Instrument, seen: Sequence[rc.Bar]) -> rc.Signal | None:
        own = strategies.get(instrument.key, ())
        return own[place](seen) if place < len(own) else None

    return on_bar


def paper(arguments: argparse.Namespace) -> int:
    """Play the bars through the runner; killed half-way, the same command goes on."""
    broker = paper_of(arguments)
    settings, bars, strategies = _prepared(arguments)
    journal = Journal(arguments.journal or settings.system.journal)
    player = BarPlayer(journal, settings.policy, bars, strategies, interval=arguments.interval, paper=broker)
    minutes = len({bar.at for series in bars.values() for bar in series})
    for _ in progress(player.play(), minutes, "paper"):
        pass
    for title, text in (("Decisions", tables.decisions), ("Trades", tables.trades), ("Result", tables.result)):
        print(f"{title}\n{text(journal)}\n")
    print(f"Journal: {journal.where} ({journal.length} rows, chain head {journal.head[:16]})")
    _open_at_the_end(player.runner.state.book)
    journal.close()
    return tables.told(journal)


def _prepared(arguments: argparse.Namespace) -> tuple[Settings, Bars, Mapping[str, Sequence[OnBar]]]:
    settings = load_settings(arguments.config)
    settings = evolve(settings, policy=with_loaded_rules(settings.policy))
    if settings.system.mode != PAPER:
        raise ValueError("system_config.yaml: mode: this version sends no order to a broker; write mode: paper")
    bars = instruments_of(arguments, settings)
    return settings, bars, _strategies(arguments, settings, bars)


def instruments_of(arguments: argparse.Namespace, settings: Settings) -> Bars:
    """The bars of `--bars`, `--symbols` and `--interval`, by instrument; repairs are told on standard error."""
    files = _files(arguments)
    if any(file.repairs for file in files.values()):
        print(report(files), file=sys.stderr)
    return {_instrument(symbol, file, settings): file.bars for symbol, file in files.items()}


def _files(arguments: argparse.Namespace) -> Mapping[str, BarFile]:
    wanted = arguments.symbols.split(",") if arguments.symbols else None
    path: Path = arguments.bars
    if path.is_file():
        symbol = path.stem
        return {symbol: read_bars(path, symbol=symbol, interval=arguments.interval)}
    return read_folder(path, wanted, interval=arguments.interval)


def _instrument(symbol: str, file: BarFile, settings: Settings) -> rc.Instrument:
    """From the tables, as of the file's first day; what the configuration says of the symbol goes before."""
    first = file.bars[0]
    known = settings.system.instruments.get(symbol)
    tick = known.tick if known is not None else None
    tables = settings.policy.tables
    made = rc.nse_equity(symbol, on=first.at.date(), tick=tick, last_month_close=first.open, tables=tables)
    if known is None:
        return made
    names = ("lot_size", "sector", "derivatives_listed")
    said = {name: getattr(known, name) for name in names if getattr(known, name) is not None}
    return evolve(made, **said)


def _strategies(arguments: argparse.Namespace, settings: Settings, bars: Bars) -> Mapping[str, Sequence[OnBar]]:
    """The one named on the command line for every symbol, else those of the configuration."""
    symbols = {instrument.symbol: instrument.key for instrument in bars}
    chosen = settings.strategies
    if arguments.strategy:
        chosen = (
            Strategy(
                name=arguments.strategy.rpartition(":")[2].rpartition(".")[2],
                function=full_name(arguments.strategy),
                symbols=tuple(symbols),
                interval=arguments.interval,
            ),
        )
    if not chosen:
        raise ValueError("no strategy: give --strategy ema_cross, or list some under strategies: in trading_rules.yaml")
    made: dict[str, list[OnBar]] = {}
    for strategy in chosen:
        for symbol in strategy.symbols:
            if symbol in symbols and strategy.interval == arguments.interval:
                on_bar = load_strategy(
                    strategy.function, symbol=symbol, interval=strategy.interval, parameters=strategy.parameters
                )
                made.setdefault(symbols[symbol], []).append(named(on_bar, strategy.name))
    if not made:
        raise ValueError(f"no strategy watches these symbols on {arguments.interval} bars: {', '.join(symbols)}")
    return made


def _open_at_the_end(book: rc.Book) -> None:
    for position in book.positions:
        what = f"{position.side} {position.quantity} {position.instrument.key}"
        print(f"still open: {what} at {position.average_price:.2f}")
