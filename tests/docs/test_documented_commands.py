"""Documented commands: every command line of the pages has a command and options that exist."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from pipelines.cli.main import app
from tests.docs.documented_commands import DocumentedCommand, commands_in, documented_commands

COMMANDS = documented_commands()


def parse(arguments: tuple[str, ...]) -> None:
    """Parse a command line without running it; raises TyperException for an unknown command or option."""
    command, words = get_command(app), list(arguments)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            raise TyperException(f"no command {words[0]!r}")
        command = command.commands[words.pop(0)]
    if isinstance(command, TyperCommand):
        if words:  # prose names a command without its arguments
            command.make_context(command.name, words)
    elif words and words[0] not in {name for parameter in command.params for name in parameter.opts}:
        raise TyperException(f"no option {words[0]!r}")


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_a_documented_command_line_parses(
    command: DocumentedCommand, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    parse(command.arguments)


def test_the_pages_are_read_whole() -> None:
    pages = {command.page for command in COMMANDS}
    assert {"README.md", "docs/tutorials/a-campaign.md", "docs/how-to/deploy.md", "docs/how-to/operate.md"} <= pages
    assert len(COMMANDS) > 50


def test_commands_are_found_in_consoles_scripts_pipes_and_prose() -> None:
    text = """
    Run `flywheel serve --as-of 2017-12-31`, or `flywheel` alone.

```console
$ flywheel run --as-of 2026-11-29 --json 2>/dev/null
flywheel is not a prompt here
$ flywheel audience --filter '{"column": "a b"}' \\
    --limit 5 | head -2
```

```sh
cd shop && /srv/.venv/bin/flywheel run >>log &   # every night
echo flywheel
```

```text
15 2 * * * cd shop && flywheel score --json
Don't forget: flywheel forget everybody
```
"""
    assert list(commands_in(text)) == [
        ("run", "--as-of", "2026-11-29", "--json"),
        ("audience", "--filter", '{"column": "a b"}', "--limit", "5"),
        ("run",),
        ("score", "--json"),
        ("serve", "--as-of", "2017-12-31"),
    ]


@pytest.mark.parametrize("words", ["rum", "run --as-off 2026-11-29", "keys make", "run --as-of tomorrow", "--versio"])
def test_a_wrong_command_line_is_found(words: str) -> None:
    with pytest.raises(TyperException):
        parse(tuple(words.split()))
