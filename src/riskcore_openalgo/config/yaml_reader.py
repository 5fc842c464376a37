"""YAML without its surprises: bytes in, nodes that know their line out, every fault with line and remedy.

PyYAML reads YAML 1.1, where `NO` is false, `15:10` is 910, `010` is 8, and the last of two equal keys wins in
silence. Only its scanner and parser are used here; what a scalar means is decided in `plain_scalar`. Nothing
of a value is ever quoted by this module, for one of the files holds secrets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from attrs import field, frozen

from riskcore_openalgo.config.problems import Report

try:
    import yaml
except ImportError as missing:
    raise ImportError('riskcore_openalgo.config needs PyYAML: pip install "riskcore[openalgo]"') from missing

LARGEST_FILE: Final = 1_000_000
DEEPEST: Final = 20
MOST_DIGITS: Final = 28
WRONG: Final = object()
"""Stands for a value about which a problem is already noted, so that nothing more is said of it."""

NUMBER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
JOINERS: Final = "\u200c\u200d"  # needed to write Hindi, and visible in it

TAB: Final = "a tab; write spaces instead"
QUOTE_IT: Final = "put the text in double quotes"
COLON: Final = (
    f'a ": " where none can be; put a space behind the colon in the line above, align the keys, or {QUOTE_IT}'
)
SENTENCES: Final = (
    # what PyYAML says, whether the context's line is the one to look at, what we say
    ("found character '\\t'", False, TAB),
    ("found character", False, f"a value cannot begin with this character; {QUOTE_IT}"),
    ("mapping values are not allowed", False, COLON),
    ("could not find expected ':'", True, "a key must be followed by a colon and a space, then its value"),
    ("expected <block end>", False, "indented unlike the lines above; align it with the keys it belongs to"),
    ("found unexpected end of stream", True, "a quote is opened here and never closed; close it"),
    ("found unexpected document separator", True, "a quote is opened here and never closed; close it"),
    ("expected the node content", False, "a value is missing here, or a bracket above is not closed"),
    ("expected ','", True, "a bracket is opened here and not closed, or a comma is missing in it"),
    (
        "found unknown escape",
        False,
        "a backslash in double quotes has a meaning of its own; use single quotes",
    ),
    (
        "expected escape sequence",
        False,
        "a backslash in double quotes has a meaning of its own; use single quotes",
    ),
)
NOT_YAML: Final = "this cannot be read as YAML; compare it with the files that `riskcore init` writes"
ANCHOR: Final = f"anchors and aliases (& and *) are not used here; write the value out, or {QUOTE_IT}"
TAG: Final = f"tags (!) are not used here; delete it, or {QUOTE_IT}"


@frozen
class Node:
    """A value as it stands in the file, with the line of its key (of itself, in a list).

    `value` is None, bool, int, Decimal, str, a list of nodes, a dict of nodes, or `WRONG`. Neither it nor the
    text it was read from is in the repr, which may end up in a traceback.
    """

    line: int
    value: Any = field(repr=False)
    text: str = field(default="", repr=False)
    quoted: bool = False


def read_yaml(data: bytes, report: Report) -> Node | None:
    """The one document in `data`; None when there is nothing in it.

    What is wrong goes into `report`. A file that cannot be read to its end is a node whose value is `WRONG`.
    """
    text = _text(data, report)
    if text is None:
        return Node(1, WRONG)
    reader = StrictReader(text, report)
    try:
        return reader.document()
    except yaml.MarkedYAMLError as error:
        _explain(error, report)
    except _TooDeep as error:
        report.add(error.line, "", f"nested deeper than {DEEPEST} levels; no setting is")
    except (yaml.YAMLError, ValueError, OverflowError):  # an escape or a directive with an impossible number
        report.add(reader.line + 1, "", NOT_YAML)
    return Node(1, WRONG)


def plain_scalar(text: str) -> bool | int | Decimal | str | None:
    """What an unquoted scalar means: nothing, true or false, a plain decimal number, else the text it is."""
    if text in WORDS:
        return WORDS[text]
    if not NUMBER.fullmatch(text) or sum(letter.isdigit() for letter in text) > MOST_DIGITS:
        return text
    return Decimal(text) if "." in text else int(text)


def is_text_for_all(text: str) -> bool:
    """Whether every reader of YAML takes the unquoted `text` for that very text."""
    return plain_scalar(text) == text and yaml.safe_load(text) == text


def hidden_letters(text: str) -> Iterator[str]:
    """Letters that no editor shows, or that end a line for YAML and for nobody else."""
    for letter in set(text) - set("\t\n" + JOINERS):
        if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") or letter in "\ufffe\uffff":
            yield letter


class StrictReader(yaml.SafeLoader):
    """Makes nodes of PyYAML's events; no anchors, no tags, no equal keys, one document, limited depth."""

    def __init__(self, text: str, report: Report) -> None:
        super().__init__(text)
        self.report = report

    def document(self) -> Node | None:
        """The one document of the file, None for an empty file."""
        self._next()
        if self.check_event(yaml.StreamEndEvent):
            return None
        self._next()
        node = self._node("", 0)
        self._next()
        if not self.check_event(yaml.StreamEndEvent):
            line = self._next().start_mark.line + 1
            self.report.add(line, "", "a second document begins; one file holds one: delete the line `---`")
        return node

    def _next(self) -> Any:
        return self.get_event()  # type: ignore[no-untyped-call]

    def _node(self, path: str, depth: int) -> Node:
        event = self._next()
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self.report.add(line, path, ANCHOR)
            return Node(line, WRONG)
        if event.anchor is not None:
            self.report.add(line, path, ANCHOR)
        if event.tag is not None:
            self.report.add(line, path, TAG)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, line, path)
        if depth >= DEEPEST:
            raise _TooDeep(line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(line, self._items(path, depth))
        return Node(line, self._entries(path, depth))

    def _scalar(self, event: yaml.ScalarEvent, line: int, path: str) -> Node:
        text: str = event.value
        if any(hidden_letters(text)):
            self.report.add(line, path, "holds a control character; write it without")
            return Node(line, WRONG)
        if event.style is None:
            return Node(line, plain_scalar(text), text)
        return Node(line, text, text, quoted=True)

    def _items(self, path: str, depth: int) -> list[Node]:
        items: list[Node] = []
        while not self.check_event(yaml.SequenceEndEvent):
            items.append(self._node(f"{path}[{len(items) + 1}]", depth + 1))
        self._next()
        return items

    def _entries(self, path: str, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        while not self.check_event(yaml.MappingEndEvent):
            key = self._node(path, depth + 1)
            shown = self.report.name(key.text)
            name = f"{path}.{shown}" if depth > 1 else shown  # the file's one top key goes without saying
            value = self._node(name, depth + 1)
            if isinstance(key.value, (list, dict)):
                self.report.add(key.line, path, f"a key must be one word; {QUOTE_IT}")
            elif key.value is WRONG:
                continue
            elif key.text in entries:
                first = entries[key.text].line
                self.report.add(key.line, name, f"written twice, first in line {first}; keep one of them")
            else:
                entries[key.text] = Node(key.line, value.value, value.text, value.quoted)
        self._next()
        return entries


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _text(data: bytes, report: Report) -> str | None:
    """The file's text with LF line ends, or None when it is no text that a person could have meant."""
    if len(data) > LARGEST_FILE:
        report.add(1, "", f"larger than {LARGEST_FILE} bytes; this is no configuration file")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = bytes(error.object[: error.start])
        report.add(before.count(b"\n") + 1, "", "not UTF-8 text; save the file as UTF-8")
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    faults = [(text.index(letter), letter) for letter in hidden_letters(text)]
    for at, letter in sorted(faults):
        name = unicodedata.name(letter, "a control character")
        report.add(text.count("\n", 0, at) + 1, "", f"U+{ord(letter):04X} ({name}) in the file; delete it")
    tabs = [at for at, line in enumerate(text.split("\n"), 1) if "\t" in line.partition("#")[0]]
    for line in tabs:
        report.add(line, "", TAB)
    return None if faults or tabs else text


def _explain(error: yaml.MarkedYAMLError, report: Report) -> None:
    """PyYAML's complaint in words that tell what to write; without what it quotes from the file."""
    said = error.problem or ""
    known = (row for row in SENTENCES if said.startswith(row[0]))
    _begins, context_first, sentence = next(known, ("", False, NOT_YAML))
    marks = (error.context_mark, error.problem_mark) if context_first else (error.problem_mark, error.context_mark)
    mark = next((mark for mark in marks if mark is not None), None)
    report.add(mark.line + 1 if mark else 1, "", sentence)
