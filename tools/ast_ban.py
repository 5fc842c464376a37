"""What the core may not do, and what the shell may not reach for, read from the source itself.

    python3 tools/ast_ban.py [project root]

The core decides about money: the same inputs must give the same decision on every machine, on every day. So
no clock, no I/O, no chance, no order of a hash, no float. The shell speaks to the core through its public
names, so that the core's rooms can be rebuilt behind them. Each finding is printed as `file:line: what`.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
CORE = Path("src/riskcore")
SHELL = Path("src/riskcore_openalgo")

# Standard modules that neither look at the world nor change it. Add with care.
PURE_MODULES = (
    frozenset({"__future__", "abc", "base64", "binascii", "bisect", "collections", "contextlib", "copy"})
    | {"datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "heapq", "itertools", "json"}
    | {"math", "numbers", "operator", "re", "string", "textwrap", "types", "typing"}
)
FETCHES_NAMES = "__init__.py"
"""The package itself imports its rooms at first use, so it alone may use importlib (docs/decisions/0009)."""
CORE_MAY_IMPORT = PURE_MODULES | {"attrs", "riskcore"}
BANNED_BUILTINS = {
    "open": "I/O belongs to the shell",
    "print": "the core says nothing; it returns values",
    "input": "the core asks nobody",
    "exec": "no code from text",
    "eval": "no code from text",
    "compile": "no code from text",
    "__import__": "imports stand at the top",
    "breakpoint": "left over from debugging",
    "hash": "hash() of text differs from process to process",
    "id": "id() differs from process to process",
}
CLOCKS = frozenset(f"datetime.{name}" for name in ("datetime.now", "datetime.utcnow", "datetime.today", "date.today"))
WORLD_PREFIXES = ("time.", "os.", "random.")
FLOATS_ALLOWED_IN = frozenset({"money.py"})  # the border where foreign numbers become Decimal
ORDER_FREE = frozenset({"sorted", "any", "all", "sum", "min", "max", "len", "set", "frozenset"})
ORDER_KEEPING = frozenset({"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "reversed"})
GROWING = frozenset({"add", "append", "extend", "insert", "setdefault", "sort", "update"})
SHRINKING = frozenset({"clear", "discard", "pop", "popitem", "remove"})
# What the shell may name beside `riskcore.__all__`.
SHELL_MODULES = frozenset({"analytics", "engine", "events", "testing"})


Comprehension: TypeAlias = ast.SetComp | ast.ListComp | ast.GeneratorExp | ast.DictComp


class Finding(NamedTuple):
    """One breach: where, and what to do instead."""

    line: int
    message: str


def main(arguments: list[str]) -> int:
    """Check every module of both packages; 1 when anything was found."""
    root = Path(arguments[0]).resolve() if arguments else ROOT
    lines = [
        f"{path.relative_to(root).as_posix()}:{finding.line}: {finding.message}"
        for path, findings in checked(root)
        for finding in findings
    ]
    if lines:
        print("\n".join(lines))
    return 1 if lines else 0


def checked(root: Path) -> Iterator[tuple[Path, list[Finding]]]:
    """Every module of both packages, with its findings."""
    public = public_names((root / CORE / "__init__.py").read_text(encoding="utf-8"))
    for path in sorted((root / CORE).rglob("*.py")):
        if "testing" not in path.relative_to(root / CORE).parts:
            yield path, core_findings(path.read_text(encoding="utf-8"), path.name)
    for path in sorted((root / SHELL).rglob("*.py")):
        yield path, shell_findings(path.read_text(encoding="utf-8"), public)


def core_findings(source: str, filename: str) -> list[Finding]:
    """What a module of the core does that it may not."""
    tree = parsed(source)
    if isinstance(tree, Finding):
        return [tree]
    visitor = CoreVisitor(tree, floats_allowed=filename in FLOATS_ALLOWED_IN)
    visitor.fetches_names = filename == FETCHES_NAMES
    visitor.visit(tree)
    return sorted(visitor.findings)


def shell_findings(source: str, public: frozenset[str]) -> list[Finding]:
    """Where a module of the shell reaches past the core's public names."""
    tree = parsed(source)
    if isinstance(tree, Finding):
        return [tree]
    visitor = ShellVisitor(public)
    visitor.visit(tree)
    return sorted(visitor.findings)


def parsed(source: str) -> ast.Module | Finding:
    """The module's tree, or the finding that it is not Python."""
    try:
        return ast.parse(source)
    except SyntaxError as error:
        return Finding(error.lineno or 1, f"does not parse: {error.msg}")


def public_names(source: str) -> frozenset[str]:
    """The names in the `__all__` of the core, read without importing it.

    >>> sorted(public_names("__all__ = ['a', 'b']; __all__ += ['c']"))
    ['a', 'b', 'c']
    >>> sorted(public_names("_ROOMS = {'book': ('Book',)}; __all__ = sorted(_HOME)"))
    ['Book']
    """
    names: set[str] = set()
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        told = {target.id for target in targets if isinstance(target, ast.Name)}
        if "__all__" in told and not isinstance(node.value, ast.Call):  # type: ignore[attr-defined]
            names.update(ast.literal_eval(node.value))  # type: ignore[attr-defined]
        if "_ROOMS" in told:  # room -> its public names, of which the core makes its `__all__`
            names.update(name for room in ast.literal_eval(node.value).values() for name in room)  # type: ignore[attr-defined]
    return frozenset(names)


class Visitor(ast.NodeVisitor):
    """A walk that collects findings."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def found(self, node: ast.AST, message: str) -> None:
        """Note a breach at the node."""
        self.findings.append(Finding(getattr(node, "lineno", 1), message))


class CoreVisitor(Visitor):
    """The bans of the core: imports, clocks, I/O, chance, hash order, floats, asserts that do something."""

    def __init__(self, tree: ast.Module, *, floats_allowed: bool) -> None:
        super().__init__()
        self.floats_allowed = floats_allowed
        self.fetches_names = False
        self.imported = imported_names(tree)
        self.bound = bound_names(tree)
        self.order_free: set[ast.AST] = set()

    def visit_Import(self, node: ast.Import) -> None:
        """`import x.y`: judged by x, and by whether it is the room for users' tests."""
        for alias in node.names:
            self.judge_module(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from x import y`: relative ones stay in the core."""
        module = ("riskcore." if node.level else "") + (node.module or "")
        for alias in node.names:
            self.judge_module(node, f"{module}.{alias.name}".replace("..", "."))

    def judge_module(self, node: ast.AST, dotted: str) -> None:
        """The standard library's pure part, attrs and the core itself; nothing else."""
        parts = dotted.split(".")
        if parts[0] == "importlib" and self.fetches_names:
            return
        if parts[0] not in CORE_MAY_IMPORT:
            self.found(node, f"import of {parts[0]}: the core imports attrs and pure standard modules only")
        elif parts[:2] == ["riskcore", "testing"]:
            self.found(node, "import of riskcore.testing: it is for users' tests, and needs Hypothesis")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`datetime.now`, called or handed on; `os.environ` and its like."""
        dotted = self.dotted(node)
        if dotted in CLOCKS:
            self.found(node, f"{dotted}: no clock in the core; time is an argument")
        elif dotted.startswith(WORLD_PREFIXES):
            self.found(node, f"{dotted}: the core does not look at the world")
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """A banned builtin handed on (`map(hash, xs)`); a variable of the same name is no builtin."""
        if node.id in BANNED_BUILTINS and node.id not in self.bound:
            self.found(node, f"{node.id}: {BANNED_BUILTINS[node.id]}")
        elif self.imported.get(node.id, "").startswith(WORLD_PREFIXES):
            self.found(node, f"{self.imported[node.id]}: the core does not look at the world")

    def visit_Call(self, node: ast.Call) -> None:
        """Conversions to float, and sets whose order gets out."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "float" and not self.floats_allowed:
            self.found(node, "float(): money is Decimal; foreign numbers are coerced in money.py")
        if name in BANNED_BUILTINS and name in self.bound:
            self.found(node, f"{name}: {BANNED_BUILTINS[name]}")
        if name in ORDER_FREE:
            self.order_free.update(node.args)
        joins = isinstance(node.func, ast.Attribute) and node.func.attr == "join"
        if name in ORDER_KEEPING or joins:
            for argument in node.args:
                self.judge_order(argument)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        """`for x in {...}`."""
        self.judge_order(node.iter)
        self.generic_visit(node)

    def visit_SetComp(self, node: ast.SetComp) -> None:
        """A set made from a set keeps no order to betray."""
        self.order_free.add(node)
        self.visit_comprehension_of(node)

    def visit_comprehension_of(self, node: Comprehension) -> None:
        """`[... for x in {...}]`, unless what takes it does not care for order."""
        if node not in self.order_free:
            for generator in node.generators:
                self.judge_order(generator.iter)
        self.generic_visit(node)

    visit_ListComp = visit_GeneratorExp = visit_DictComp = visit_comprehension_of

    def visit_Starred(self, node: ast.Starred) -> None:
        """`[*{...}]`."""
        self.judge_order(node.value)
        self.generic_visit(node)

    def judge_order(self, node: ast.expr) -> None:
        """A set's order differs from process to process."""
        if is_set(node):
            self.found(node, "a set is read in its own order: use sorted(...) or a tuple")

    def visit_Constant(self, node: ast.Constant) -> None:
        """A float literal is a number that nobody wrote down exactly."""
        if isinstance(node.value, (float, complex)) and not self.floats_allowed:
            self.found(node, f'float literal {node.value!r}: write Decimal("{node.value!r}")')

    def visit_Assert(self, node: ast.Assert) -> None:
        """`python -O` strips asserts: nothing may depend on their being run."""
        if any(has_effect(part) for part in ast.walk(node.test)):
            self.found(node, "assert with a side effect: python -O would skip it")
        self.generic_visit(node)

    def dotted(self, node: ast.expr) -> str:
        """The full name behind `a.b.c` if it starts at an import, else nothing."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, "")
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        return ""


class ShellVisitor(Visitor):
    """The shell's one door to the core: `import riskcore as rc`, and what `riskcore.__all__` names."""

    def __init__(self, public: frozenset[str]) -> None:
        super().__init__()
        self.public = public | SHELL_MODULES
        self.aliases: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        """`import riskcore as rc`, in that form only."""
        for alias in node.names:
            if alias.name == "riskcore" and alias.asname == "rc":
                self.aliases.add("rc")
            elif alias.name.split(".")[0] == "riskcore":
                self.found(node, f"import {alias.name}: write `import riskcore as rc`")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from riskcore import NAME` with a public NAME; anything from engine, events, testing."""
        parts = (node.module or "").split(".")
        if node.level or parts[0] != "riskcore":
            return
        for alias in node.names:
            if len(parts) == 1 and alias.name not in self.public:
                self.found(node, f"riskcore.{alias.name} is not public: it is not in riskcore.__all__")
            if len(parts) > 1 and parts[1] not in SHELL_MODULES:
                self.found(node, f"import from {node.module}: the shell uses riskcore's public names")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """`rc.NAME` is held to the same list."""
        of_core = isinstance(node.value, ast.Name) and node.value.id in self.aliases
        if of_core and node.attr not in self.public and not node.attr.startswith("__"):
            self.found(node, f"rc.{node.attr} is not public: it is not in riskcore.__all__")
        self.generic_visit(node)


def imported_names(tree: ast.Module) -> dict[str, str]:
    """Local name -> full dotted name, for every import of the module."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def bound_names(tree: ast.Module) -> frozenset[str]:
    """Names the module binds itself, as parameters or variables."""
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return frozenset(parameters | stored)


def is_set(node: ast.expr) -> bool:
    """True for what is a set on the face of it: a literal, set(...), frozenset(...), or their algebra."""
    if isinstance(node, ast.BinOp):
        return is_set(node.left) or is_set(node.right)
    called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    return isinstance(node, (ast.Set, ast.SetComp)) or called in ("set", "frozenset")


def has_effect(node: ast.AST) -> bool:
    """True for an expression that changes something: `:=`, a wait, next(), or a method that mutates."""
    if isinstance(node, ast.Call):
        named_next = isinstance(node.func, ast.Name) and node.func.id == "next"
        return named_next or (isinstance(node.func, ast.Attribute) and node.func.attr in GROWING | SHRINKING)
    return isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
