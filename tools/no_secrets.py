"""Does a secret stand in a file of the repository? Patterns of keys and tokens, and names that announce one.

    python3 tools/no_secrets.py [project root]

Looks at every file that is, or is about to be, in the repository, and prints `file:line: what`, never the secret. A
line that is meant so ends in `# no secret`; made-up values of tests and examples are known by their words.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.tidy import ROOT, Finding, file_names

PATTERNS = (
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("a token of a Telegram bot", re.compile(r"(?<![\w/])\d{8,10}:[A-Za-z0-9_-]{35}(?![\w-])")),
    ("a Fernet token", re.compile(r"gAAAAA[A-Za-z0-9_-]{80,}={0,2}")),
    ("a key of AWS", re.compile(r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Z0-9])")),
    ("a token of GitHub", re.compile(r"(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{60,})")),
    ("a token of Slack", re.compile(r"(?<!\w)xox[abprs]-[A-Za-z0-9-]{20,}")),
    ("a JSON web token", re.compile(r"(?<!\w)eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
    ("a password in an address", re.compile(r"[a-z]+://[^\s/:@{}\"']+:([^\s/@{}\"'<>]{6,})@")),
)
"""What a secret of a kind looks like, wherever it stands."""
ANNOUNCED = re.compile(
    r"""(?i)(?:api[_-]?key|secret|passw(?:or)?d|passphrase|token|riskcore_key)["']?\s*[:=]\s*["']?([A-Za-z0-9+/=_-]{20,})"""
)
"""A long value behind a name that announces a secret: one if it is as mixed as chance makes it."""
MIXED = 3.5
"""Bits a letter; words have less, 20 letters of hexadecimal chance about 3.6, of base64 above 4."""
MADE_UP = re.compile(
    r"(?i)test|example|put-|secret-of|made.?up|dummy|fake|invalid|nobody|pa55word|hunter2|s3cret|:postgres@"
    r"|aabbcc|0123456789|a{6}|x{6}"
)
MEANT = "# no secret"
FILES = frozenset({".riskcore.key", ".env"})
"""Files that hold secrets by their nature, and never belong into a repository."""
LARGEST = 2_000_000


def main(arguments: list[str]) -> int:
    """Look at every file; 1 when anything was found."""
    root = Path(arguments[0]).resolve() if arguments else ROOT
    found = [(name, finding) for name in file_names(root) for finding in looked_at(root, name)]
    for name, finding in found:
        print(f"{name}:{finding.line}: {finding.message}")
    return 1 if found else 0


def looked_at(root: Path, name: str) -> list[Finding]:
    """What one file holds."""
    if Path(name).name in FILES:
        return [Finding(1, "a file of secrets does not belong into the repository")]
    content = (root / name).read_bytes()[:LARGEST]
    if b"\0" in content[:8192]:
        return []
    lines = content.decode("utf-8", "replace").splitlines()
    return [Finding(at, what) for at, line in enumerate(lines, 1) if (what := secret_in(line))]


def secret_in(line: str) -> str:
    """What kind of secret a line holds, or "".

    >>> secret_in('api_key: "' + "9f2b7c1d4e8a6035" * 2 + '"')
    'a long random value behind a name that announces a secret'
    >>> secret_in("api_key: put-the-key-here")
    ''
    """
    if line.rstrip().endswith(MEANT):
        return ""
    for what, pattern in PATTERNS:
        found = pattern.search(line)
        if found and not MADE_UP.search(found.group()):
            return what
    announced = ANNOUNCED.search(line)
    if announced is None or MADE_UP.search(announced[1]) or not any(map(str.isdigit, announced[1])):
        return ""
    return "a long random value behind a name that announces a secret" if mixed(announced[1]) >= MIXED else ""


def mixed(text: str) -> float:
    """Shannon's entropy of the letters, in bits a letter.

    >>> mixed("aaaa"), mixed("abcd")
    (0.0, 2.0)
    """
    shares = [count / len(text) for count in Counter(text).values()]
    return abs(-sum(share * math.log2(share) for share in shares))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
