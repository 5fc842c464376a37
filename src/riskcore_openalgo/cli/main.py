"""`riskcore VERB`: the parser of all verbs, and what an error looks like on the console.

Exit codes: 0 done; 1 it failed, and the last line says why; 2 the command was not understood; 78 the
configuration is wrong (every mistake is listed); 130 stopped with Ctrl-C.
"""

from __future__ import annotations

import argparse
import errno
import io
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import riskcore as rc
from riskcore_openalgo.cli.control_verbs import control_verbs
from riskcore_openalgo.cli.practice_verb import practice_verb
from riskcore_openalgo.cli.report_verbs import paper_arguments, report_verb
from riskcore_openalgo.cli.trust import trust_verbs
from riskcore_openalgo.cli.verbs import FILE_OR_URL, inbox_arguments, journal_verbs, json_argument, lazy, place

EXIT_FAILED, EXIT_CONFIG, EXIT_STOPPED = 1, 78, 130
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
WRITTEN = ("out", "to", "html", "csv", "folder", "journal", "config")
"""What names the place a verb writes to, for the system names no file that it could not write on."""
DAYS = frozenset({"demo", "paper", "shadow", "live"})
"""Verbs that go on where their journal ended."""
DAY_CODES = (
    "Exit codes when stopped: 0 nothing open, 3 positions held and covered, 4 something not settled; 1 it could not "
    "run, 78 configuration wrong."
)
EPILOG = "Exit codes: 0 done, 1 failed, 2 not understood, 78 configuration wrong, 130 stopped."


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    made = argparse.ArgumentParser(prog="riskcore", description="A risk desk for OpenAlgo.", epilog=EPILOG)
    made.add_argument("--version", action="version", version=f"riskcore {rc.__version__}")
    verbs = made.add_subparsers(dest="verb", metavar="VERB", required=True)
    _demo(verbs)
    practice_verb(verbs, DAY_CODES)
    _backtest(verbs)
    _bars(verbs)
    _paper(verbs)
    _shadow(verbs)
    _live(verbs)
    _init(verbs)
    journal_verbs(verbs)
    control_verbs(verbs)
    report_verb(verbs)
    _status(verbs)
    _stop(verbs)
    _doctor(verbs)
    _margins(verbs)
    _completion(verbs)
    trust_verbs(verbs)
    for _, verb in commands(made):
        verb.set_defaults(asked_of=verb)
        if "xit code" not in (verb.epilog or ""):
            verb.epilog = f"{verb.epilog}   {EPILOG}"
    return made


def commands(made: argparse.ArgumentParser, path: str = "riskcore") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that can be given, with its parser."""
    groups = [a for a in made._actions if isinstance(a, argparse._SubParsersAction)]  # noqa: SLF001 - no other list
    if not groups:
        yield path, made
    for group in groups:
        for name, verb in group.choices.items():
            yield from commands(verb, f"{path} {name}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments, unknown = parser().parse_known_args(argv)
    if unknown:  # told with the usage of its own verb; argparse shows that of all
        arguments.asked_of.error(f"unrecognized arguments: {' '.join(unknown)}")
    if isinstance(sys.stdout, io.TextIOWrapper):  # a name or a note that the console has no letter for is told in ASCII
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return int(arguments.run(arguments))
    except KeyboardInterrupt:
        goes_on = arguments.verb in DAYS
        print("stopped; start again with the same journal to go on" if goes_on else "stopped", file=sys.stderr)
        return EXIT_STOPPED
    except BrokenPipeError:
        return EXIT_FAILED
    except Exception as problem:  # noqa: BLE001 - the one place where an exception becomes a line for a person
        return _told(problem, arguments)


def _told(problem: Exception, given: argparse.Namespace) -> int:
    """Expected troubles are told in their own words; anything else keeps its traceback, for it is our mistake."""
    if type(problem).__name__ == "ConfigurationError":
        print(problem, file=sys.stderr)
        return EXIT_CONFIG
    if isinstance(problem, OSError) and problem.errno in FULL:
        places = (problem.filename, *(getattr(given, name, None) for name in WRITTEN))
        place = next((f"{place}: " for place in places if place), "")
        print(f"riskcore: {place}{problem.strerror}; free some room on that disk, and do this again", file=sys.stderr)
        return EXIT_FAILED
    if isinstance(problem, OSError) and problem.filename is not None and problem.strerror:
        print(f"riskcore: {problem.filename}: {problem.strerror}", file=sys.stderr)
        return EXIT_FAILED
    if isinstance(problem, (ValueError, LookupError, OSError, ImportError, RuntimeError)):
        print(f"riskcore: {problem}", file=sys.stderr)
        return EXIT_FAILED
    raise problem


def _demo(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "demo",
        help="play one real trading day (28 February 2020) on paper",
        description="Play one real trading day on paper, from bundled bars, with real HTTP alerts on loopback.",
        epilog="Example: riskcore demo --journal demo.db   (killed half-way, the same command goes on)",
    )
    verb.add_argument("--journal", type=Path, help="journal file (default: the newest unfinished in --folder)")
    verb.add_argument("--folder", type=Path, default=Path("riskcore-demo"), help="where journals are kept")
    verb.add_argument(
        "--strategy", default="ema_cross", help="ema_cross (default), donchian, ..., or package.module:factory"
    )
    json_argument(verb)
    verb.set_defaults(run=lambda arguments: lazy("demo").run(arguments))


def _bars_arguments(verb: argparse.ArgumentParser, *, required: bool = True) -> None:
    verb.add_argument("--bars", type=Path, required=required, help="folder of SYMBOL.csv files, or one such file")
    verb.add_argument("--interval", default="1m", help="length of a bar: 1m, 5m, 1h, 1D (default 1m)")
    verb.add_argument("--config", type=Path, help="folder of YAML files (default: the built-in settings)")
    verb.add_argument("--strategy", help="ema_cross, or package.module:factory (default: those of trading_rules.yaml)")
    verb.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a parameter of --strategy; may be repeated: --parameter fast=5 --parameter product=CNC",
    )
    verb.add_argument("--symbols", help="only these, separated by commas")
    verb.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of the policy for this run, over the files; may be repeated: --set atr_warmup_bars=60",
    )


def _backtest(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "backtest",
        help="run a strategy over bars, without a journal",
        description="Run a strategy over bars with the same rules as paper and live, and print what came of it.",
        epilog="Example: riskcore backtest --bars bars/ --strategy ema_cross --out run/",
    )
    _bars_arguments(verb)
    lazy("backtest_options").add_arguments(verb)
    json_argument(verb)
    verb.set_defaults(run=lambda arguments: lazy("backtesting").backtest(arguments))


def _bars(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "bars",
        help="take a csv file of bars with other columns and dates, or NSE's bhavcopies, over into SYMBOL.csv",
        description="Write the bars of another program's csv file, or of a folder of NSE's bhavcopies, as SYMBOL.csv, "
        "and check them as a backtest will.",
        epilog="Example: riskcore bars downloads/infy.csv --symbol INFY --interval 5m --to bars",
    )
    lazy("taking_over_options").add_arguments(verb)
    json_argument(verb)
    verb.set_defaults(run=lambda arguments: lazy("taking_over").bars(arguments))


def _paper(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "paper",
        help="paper money on live prices, or over historical bars with --bars",
        description="Trade on paper, on OpenAlgo's live prices or with --bars over historical ones; all is journalled.",
        epilog="Example: riskcore paper --bars bars/ --strategy ema_cross --journal paper.db   "
        f"With --bars exit code 0: the day was played. Amid a live market: {DAY_CODES}",
    )
    _bars_arguments(verb, required=False)
    _day_arguments(verb)
    paper_arguments(verb)
    json_argument(verb, "; with --bars")
    verb.set_defaults(run=lambda arguments: lazy("bars" if arguments.bars else "live").paper(arguments))


def _shadow(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "shadow",
        help="live prices and account, orders withheld: what would have happened is recorded",
        description="Run a day as live would, and send nothing; the journal holds what would have happened.",
        epilog=f"Example: riskcore shadow --config config   {DAY_CODES}",
    )
    verb.add_argument("--config", type=Path, required=True, help="folder of YAML files, as riskcore init writes them")
    _day_arguments(verb)
    verb.set_defaults(run=lambda arguments: lazy("live").shadow(arguments))


def _live(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "live",
        help="real orders through OpenAlgo, or with --analyzer in its sandbox",
        description="Trade through OpenAlgo until stopped (Ctrl-C, SIGTERM). Stops stay at the broker then.",
        epilog=f"Example: riskcore live --config config --analyzer   {DAY_CODES}",
    )
    verb.add_argument("--config", type=Path, required=True, help="folder of YAML files, as riskcore init writes them")
    verb.add_argument("--analyzer", action="store_true", help="expect OpenAlgo's analyzer: no real money moves")
    _day_arguments(verb)
    verb.set_defaults(run=lambda arguments: lazy("live").live(arguments))


def _day_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--journal", type=place, help=f"{FILE_OR_URL} (default: the one in system_config.yaml)")
    verb.add_argument("--flatten", action="store_true", help="leave every position when it is stopped")


def _init(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "init",
        help="write a commented configuration that runs as it is",
        description="Write the four YAML files with every setting, its default, unit and meaning.",
        epilog="Example: riskcore init config",
    )
    verb.add_argument("folder", type=Path, nargs="?", default=Path("config"), help="where (default: config)")
    verb.add_argument("--minimal", action="store_true", help="one file, with the eight settings that everybody chooses")
    json_argument(verb)
    verb.set_defaults(run=lambda arguments: lazy("setup").init(arguments))


def _status(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "status",
        help="where an account stands, from its journal",
        description="Fold a journal and print the account's state: equity, positions, orders, counters, limits.",
        epilog="Example: riskcore status demo.db",
    )
    verb.add_argument("journal", type=place, metavar="FILE|URL", help=FILE_OR_URL)
    json_argument(verb)
    verb.set_defaults(run=lambda arguments: lazy("status").run(arguments))


def _completion(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "completion",
        help="what a shell needs to complete verbs and options by the tab key",
        description="Print the completion of verbs and options for a shell; it is worked out here once.",
        epilog='Example: eval "$(riskcore completion bash)"   (in ~/.bashrc)',
    )
    verb.add_argument("shell", choices=("bash", "zsh", "powershell"), help="which shell")
    verb.set_defaults(run=_complete)


def _complete(arguments: argparse.Namespace) -> int:
    """Print the script."""
    print(lazy("completion").script(parser(), arguments.shell))
    return 0


def _stop(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "stop",
        help="end the runner of a journal, and wait until it has ended",
        description="Ask the runner that writes a journal to end, through its inbox, and wait until it has.",
        epilog="Example: riskcore stop --journal live.db --flatten   "
        "Exit codes: 0 stopped, and nothing is open, 3 positions held and covered, 4 something not settled; 1 it still "
        "ran when the time was up. "
        "With --direct: riskcore stop --direct --config config; exit codes 0 flat, 4 incomplete, 5 pending, 6 at work.",
    )
    verb.add_argument("--journal", type=place, metavar="FILE|URL", help=f"{FILE_OR_URL} (default: the configuration's)")
    verb.add_argument("--config", type=Path, help="folder of YAML files, for the journal's name")
    verb.add_argument("--flatten", action="store_true", help="leave every position first")
    verb.add_argument("--direct", action="store_true", help="EMERGENCY STOP past a dead or hung runner, which is ended")
    verb.add_argument("--whole-account", action="store_true", help="with --direct: whatever the account holds")
    verb.add_argument("--analyzer", action="store_true", help="with --direct: expect OpenAlgo's analyzer")
    json_argument(verb)
    inbox_arguments(verb, wait_s=60)
    verb.set_defaults(run=lambda arguments: lazy("stopping").stop(arguments))


def _doctor(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "doctor",
        help="look at all that a day needs, and say what to do about what is not well",
        description="Check clock, calendar, OpenAlgo, journal, intake and limits; each says what to do.",
        epilog="Exit codes: 0 nothing failed (warnings are shown), 1 a check failed, 78 the configuration is wrong. "
        "Example: riskcore doctor --config config   and then: riskcore doctor --config config --send-alert",
    )
    verb.add_argument("--config", type=Path, help="folder of YAML files (default: the built-in settings)")
    verb.add_argument("--journal", type=place, metavar="FILE|URL", help=f"{FILE_OR_URL} (default: the configuration's)")
    verb.add_argument("--url", metavar="URL", help="the intake as others see it, such as https://alerts.example.org")
    verb.add_argument(
        "--send-alert",
        nargs="?",
        const="",
        metavar="SOURCE",
        help="only post a sample to the running intake, as this source (default: the first): it can trade nothing",
    )
    json_argument(verb)
    verb.set_defaults(run=lambda arguments: lazy("doctor").run(arguments))


def _margins(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "margins",
        help="what the broker asks of futures now, as rows for a table of your own",
        description="Ask OpenAlgo for the margin of one lot of each future, and print it in percent of its value, as "
        "rows for a table of your own: SPAN is in no shipped table. A backtest needs it; live the broker is asked.",
        epilog="Example: riskcore margins NFO:NIFTY29DEC26FUT --config config > config/tables/margins.csv   (and "
        "`tables: tables` in system_config.yaml)",
    )
    verb.add_argument("keys", nargs="*", metavar="EXCHANGE:SYMBOL", help="futures (default: those that are watched)")
    verb.add_argument("--config", type=Path, help="folder of YAML files (default: the built-in settings)")
    json_argument(verb)
    verb.set_defaults(run=lambda arguments: lazy("margins").run(arguments))
