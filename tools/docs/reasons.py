"""docs/reason-codes.md and docs/policy-keys.md: the catalogue and the settings, as the code has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import riskcore as rc
from tools.docs.pages import NOTE, SETTINGS, table, written

CLEARS: Final = (
    ("now", "ask again, the next moment may do"),
    ("today", "later in this session"),
    ("next session", "not before the next session"),
    ("operator", "somebody must act: a setting, a table, a lost connection"),
    ("never", "this signal will always be refused"),
)
REASONS_ABOUT: Final = """\
Every reason the core can give for a refusal, in order of precedence: where several apply, the first in this
table is the one to report, and `explain()` prints all of them. `measured` and `limit` stand for the two values a
finding carries. The last column names the rule (in `Finding.rule`: the policy key to edit, or the name of a fixed
check) and the file it stands in, below `src/riskcore/`.

The answers of the alert intake to what is no signal (`alert_...`) are not refusals of a signal; they stand in
`src/riskcore_openalgo/web/`."""
POLICY_ABOUT: Final = """\
Every field of `riskcore.Policy`. A field's name is the YAML key, the rule's id and the name in a finding.
Percentages are percent (1 means 1 %). `riskcore init FOLDER` writes the same keys with the same remarks into the
files named here. `(empty)` is None: the remark says what that means."""


def reason_codes(given: Mapping[str, Sequence[str]]) -> str:
    """The page of the catalogue."""
    rows = (
        (f"`{reason.code}`", reason.template, reason.clears, "; ".join(given[reason.code])) for reason in rc.CATALOGUE
    )
    legend = (f"- **{word}**: {meaning};" for word, meaning in CLEARS)
    parts = [NOTE, "", "# Reason codes", "", REASONS_ABOUT, "", "When waiting helps:", "", *legend, ""]
    return "\n".join([*parts, *table(("code", "sentence", "waiting helps", "given by"), rows)]) + "\n"


OWN_TABLES = (
    "## In no file",
    "",
    "Made of the tables that `system_config.yaml` names ([market-tables.md](market-tables.md)).",
)
"""The head of what is a field of the policy and no key of a file."""


def policy_keys() -> str:
    """The page of the policy's fields, a table a file."""
    lines = [NOTE, "", "# Policy keys", "", POLICY_ABOUT]
    for section in sorted({field.metadata["file"] for field in SETTINGS.values()}):
        found = [field for field in SETTINGS.values() if field.metadata["file"] == section]
        rows = (
            (f"`{field.name}`", f"`{written(field.default)}`", field.metadata["unit"], field.metadata["help"])
            for field in found
        )
        lines += [
            "",
            *(OWN_TABLES if not section else (f"## {section}.yaml", "", f"Below the top key `{section}:`.")),
            "",
        ]
        lines += table(("key", "default", "unit", "meaning"), rows)
    return "\n".join(lines) + "\n"
