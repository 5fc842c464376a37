"""The page of the command line, from its parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from riskcore_openalgo.cli.main import commands as verbs, parser
from tools.docs.pages import NOTE

ABOUT: Final = """\
`riskcore VERB --help` says the same. Errors are one line on standard error, with the remedy; what a program may read is
on standard output, plain ASCII. Tab completion: `eval "$(riskcore completion bash)"`.

With `--json` the answer is one object that holds what the text says: amounts are exact text in rupees (`"112.78"`),
moments are ISO 8601 with their zone, what is not known is `null`. What is said on the way goes to standard error then.
The commands without it answer with something else than facts: `live` and `shadow` run until they are stopped (ask
`status --json` meanwhile), `completion` prints a script, `control password` talks to a person.
`journal show --rows --json` prints one object a line.

| exit code | meaning |
|---|---|
| 0 | done; of a day: nothing is open |
| 1 | it failed, and the last line says why; of `journal verify` and `reconcile`: it does not hold, something differs |
| 2 | the command was not understood |
| 3 | of a day: positions are held, and stops rest at the broker for all of them |
| 4 | of a day: something is not known, not covered or still on its way |
| 78 | the configuration is wrong; every mistake is listed |
| 130 | stopped with Ctrl-C |"""


def commands() -> str:
    """The page, a section a verb."""
    lines = ["# The command line", "", NOTE, "", ABOUT]
    for path, verb in verbs(parser()):
        lines += ["", f"## {path}", "", f"{_plain(verb.description)}", ""]
        rows = [row for action in verb._actions for row in _row(action)]  # noqa: SLF001 - argparse has no other list
        lines += ["| argument | meaning |", "|---|---|", *rows, ""] if rows else []
        lines.append(f"{_plain(verb.epilog)}")
    return "\n".join(lines) + "\n"


def _row(action: argparse.Action) -> Iterator[str]:
    if action.dest == "help":
        return
    name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    takes = "" if action.nargs == 0 or not action.option_strings else f" {action.metavar or action.dest.upper()}"
    choices = f" (one of {', '.join(map(str, action.choices))})" if action.choices else ""
    yield f"| `{name}{takes}` | {_plain(action.help)}{choices} |".replace("FILE|URL", "FILE or URL")


def _plain(text: str | None) -> str:
    return " ".join((text or "").replace("%%", "%").split())
