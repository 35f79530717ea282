"""Help: what a command says of itself is printed as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator

import typer
from typer.core import TyperCommand, TyperGroup

from pipelines.cli.main import app


def help_texts(command: TyperCommand | TyperGroup, path: str = "flywheel") -> Iterator[tuple[str, str]]:
    """The help of a command, of its options and of the commands below it, each with where it stands."""
    yield path, command.help or ""
    for parameter in command.params:
        yield f"{path} {parameter.name}", getattr(parameter, "help", None) or ""
    for name, child in getattr(command, "commands", {}).items():
        yield from help_texts(child, f"{path} {name}")


def test_no_help_names_a_word_in_brackets_which_are_markup_and_are_not_printed() -> None:
    texts = list(help_texts(typer.main.get_group(app)))
    assert len(texts) > 20
    assert [place for place, text in texts if re.search(r"\[[a-z/]", text)] == []
