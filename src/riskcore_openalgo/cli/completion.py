"""`riskcore completion`: what a shell needs to complete verbs and options by the tab key. Nothing is installed by it.

eval "$(riskcore completion bash)"            in ~/.bashrc
eval "$(riskcore completion zsh)"             in ~/.zshrc
riskcore completion powershell | Out-String | Invoke-Expression
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

SHELLS: Final = ("bash", "zsh", "powershell")
BASH: Final = """\
_riskcore() {{
    local words="${{COMP_WORDS[*]:1:COMP_CWORD-1}}" current="${{COMP_WORDS[COMP_CWORD]}}" found
    case "$words" in
{cases}
    esac
    COMPREPLY=($(compgen -W "$found" -- "$current"))
}}
complete -o default -o bashdefault -F _riskcore riskcore
"""
ZSH: Final = "autoload -U +X bashcompinit && bashcompinit\n"
POWERSHELL: Final = """\
Register-ArgumentCompleter -Native -CommandName riskcore -ScriptBlock {{
    param($current, $line, $position)
    $typed = "$line".Substring(0, [Math]::Min($position, "$line".Length))
    $words = ($typed -split '\\s+' | Select-Object -Skip 1) -join ' '
    $found = switch -Wildcard ($words) {{
{cases}
    }}
    @($found)[0] -split ' ' | Where-Object {{ $_ -like "$current*" }}
}}
"""


def branches(parser: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every command, deepest first, with the words that may follow it."""
    options: list[str] = []
    for action in parser._actions:  # noqa: SLF001 - argparse tells its own actions by no other name
        options += [word for word in action.option_strings if word.startswith("--")]
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - the same
            for name, verb in action.choices.items():
                options.append(name)
                yield from branches(verb, f"{path} {name}".strip())
        elif action.choices and not action.option_strings:
            options += [str(choice) for choice in action.choices]
    yield path, tuple(options)


def script(parser: argparse.ArgumentParser, shell: str) -> str:
    """The text for one shell."""
    known = list(branches(parser))
    if shell == "powershell":
        cases = "\n".join(f"        '{path}*' {{ '{' '.join(words)}'; break }}" for path, words in known)
        return POWERSHELL.format(cases=cases)
    cases = "\n".join(f'        "{path}"*) found="{" ".join(words)}" ;;' for path, words in known)
    return (ZSH if shell == "zsh" else "") + BASH.format(cases=cases)
