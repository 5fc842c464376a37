"""What a reader may look for has a page, and the way to it begins on the first one."""

import re

import pytest

PAGES = {  # what is looked for, the page, and words that stand in a heading of it
    "the first decision": ("tutorial.md", "first decision"),
    "the first backtest": ("tutorial.md", "first backtest"),
    "the first paper day": ("tutorial.md", "first paper day"),
    "the first live day": ("tutorial.md", "analyzer"),
    "TradingView": ("howto.md", "TradingView"),
    "OpenAlgo": ("howto.md", "OpenAlgo"),
    "Telegram": ("howto.md", "Telegram"),
    "PostgreSQL": ("howto.md", "PostgreSQL"),
    "a service on Linux": ("howto.md", "service on Linux"),
    "a service on Windows": ("howto.md", "service on Windows"),
    "backup and restore": ("howto.md", "Back up, and restore"),
    "an upgrade": ("howto.md", "Upgrade"),
    "several accounts": ("howto.md", "several accounts"),
    "bars of another program": ("howto.md", "another program"),
    "enough for today": ("howto.md", "at a gain"),
    "the morning": ("morning.md", "morning"),
    "every rule": ("rulebook.md", "rulebook"),
    "every key": ("policy-keys.md", "Policy keys"),
    "every command": ("cli.md", "command line"),
    "every reason": ("reason-codes.md", "reason"),
    "every measure": ("analytics.md", "Analytics"),
    "metrics of a running day": ("metrics.md", "metrics"),
    "facts": ("journal.md", "journal"),
    "architecture": ("architecture.md", "Architecture"),
    "the safety model": ("safety.md", "model"),
    "why each default": ("safety.md", "defaults"),
    "the Indian market": ("safety.md", "Indian market"),
    "more than one machine": ("safety.md", "one machine"),
    "what is not promised": ("safety.md", "not promised"),
    "words": ("glossary.md", "Glossary"),
    "pitfalls": ("pitfalls.md", "Pitfalls"),
    "questions": ("faq.md", "Questions"),
    "versions and what goes": ("versioning.md", "How something goes"),
    "a rule from idea to page": ("../CONTRIBUTING.md", "from the idea to its page"),
    "what was tried of Windows": ("windows.md", "not tried"),
    "other programs": ("embedding.md", "another program"),
}


@pytest.mark.parametrize("sought", PAGES)
def test_it_has_a_page_and_a_heading(root, sought):
    """By the words that somebody would look for."""
    name, words = PAGES[sought]
    text = (root / "docs" / name).read_text(encoding="utf-8")
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    assert any(words.lower() in heading.lower() for heading in headings), headings


def test_every_page_is_reached_from_the_first(root):
    """By name, or by the star at its end, which takes what no list names."""
    index = (root / "docs" / "index.md").read_text(encoding="utf-8")
    assert index.rstrip().endswith("*\n```")
    named = set(re.findall(r"^([a-z][\w/-]*)$", index, re.MULTILINE))
    assert all((root / "docs" / f"{name}.md").exists() for name in named)
    assert {name.removesuffix(".md") for name, _ in PAGES.values() if not name.startswith("..")} - named <= {
        "analytics",
        "metrics",
        "tradingview",
    }


def test_the_glossary_is_in_order(root):
    """So that a word is found."""
    words = re.findall(r"^\| ([^|]+) \|", (root / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert words[0] == "word"
    assert words[1:] == sorted(words[1:], key=lambda word: word.lower())
