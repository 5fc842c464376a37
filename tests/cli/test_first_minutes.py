"""The first minutes: one file to begin with, what the tab key completes, what a program reads, every verb explained."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from riskcore_openalgo.cli.completion import SHELLS, branches, script
from riskcore_openalgo.cli.main import commands, main, parser
from riskcore_openalgo.config import load_settings

COMMANDS = dict(commands(parser()))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example_and_its_exit_codes(command):
    """The example begins as the command does, so that it can be typed; each code comes with what it means."""
    verb = COMMANDS[command]
    assert len(verb.description.split()) > 3
    assert "Example: " in verb.epilog
    assert f"{command} " in verb.epilog.partition("Example: ")[2] + " "
    assert all(action.help for action in verb._actions)
    codes = re.search(r"xit codes?[^:0-9]*:? *([^.]*)", verb.epilog)[1]
    assert re.match(r"0:? \w+", codes)
    assert re.search(r"\b1 \w+", verb.epilog)
    assert verb.format_help().isascii()


def test_init_minimal_is_one_file_that_runs(tmp_path, capsys):
    """Eight settings at their defaults; all else is at its default too, and nothing is written over."""
    assert main(["init", str(tmp_path / "small"), "--minimal"]) == 0
    assert [path.name for path in (tmp_path / "small").iterdir()] == ["risk_management.yaml"]
    assert main(["init", str(tmp_path / "whole")]) == 0
    assert load_settings(tmp_path / "small").policy == load_settings(tmp_path / "whole").policy
    told = (tmp_path / "small" / "risk_management.yaml").read_text(encoding="utf-8")
    assert sum(line.startswith("  ") for line in told.splitlines()) == 8
    capsys.readouterr()
    assert main(["init", str(tmp_path / "small"), "--minimal"]) == 78
    assert "is there already" in capsys.readouterr().err


def test_status_for_a_program_is_one_object(demo_journal, capsys):
    """Money is text, exact to the paisa, so that no float rounds it."""
    assert main(["status", str(demo_journal), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["state"] in {"active", "reducing"}
    assert told["opening_equity"].replace(".", "").isdigit()
    assert (told["positions"], len(told["head"])) == ([], 64)
    assert main(["status", str(demo_journal)]) == 0
    assert told["head"][:16] in capsys.readouterr().out


@pytest.mark.parametrize("shell", SHELLS)
def test_the_completion_knows_every_command_and_option(shell):
    told = script(parser(), shell)
    assert told.isascii()
    for command, verb in COMMANDS.items():
        path = command.partition(" ")[2]
        assert path in told
        assert all(word in told for action in verb._actions for word in action.option_strings if word[:2] == "--")


@pytest.mark.parametrize(
    ("words", "current", "found"),
    [
        ("riskcore", "jou", {"journal"}),
        ("riskcore journal", "re", {"replay", "reconcile"}),
        ("riskcore live", "--f", {"--flatten"}),
        ("riskcore completion", "z", {"zsh"}),
    ],
)
def test_bash_completes_by_the_tab_key(words, current, found):
    """A real bash, asked as the tab key asks it."""
    given = " ".join(f"'{word}'" for word in [*words.split(), current])
    asked = f"COMP_WORDS=({given}); COMP_CWORD={len(words.split())}; _riskcore; echo ${{COMPREPLY[*]}}"
    code = script(parser(), "bash") + asked
    ran = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()) == found, ran.stderr


def test_deeper_commands_come_first():
    """A shell takes the first pattern that fits."""
    paths = [path for path, _ in branches(parser())]
    assert paths.index("journal show") < paths.index("journal") < paths.index("")
    assert len(paths) == len(set(paths))


def test_the_page_of_the_commands_names_each():
    page = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")
    assert all(f"\n## {command}\n" in page for command in COMMANDS)
