"""Documented commands: the ``flywheel`` command lines in the blocks and the inline code of Markdown pages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "docs/quickstart.md", "docs/index.md")),
    *(page for folder in ("tutorials", "how-to", "concepts") for page in sorted((ROOT / "docs" / folder).glob("*.md"))),
)
_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`(flywheel [^`]+)`")
_REDIRECTIONS, _SEPARATORS = {">", ">>", "<"}, {"|", "||", "&", "&&", ";", "(", ")"}


@dataclass(frozen=True)
class DocumentedCommand:
    """A command line of a page, without the name ``flywheel`` before its arguments."""

    page: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page}: flywheel {' '.join(self.arguments)}"


def documented_commands(pages: tuple[Path, ...] = PAGES) -> list[DocumentedCommand]:
    """Every command line of the pages, once per page."""
    commands = (
        DocumentedCommand(page.relative_to(ROOT).as_posix(), arguments)
        for page in pages
        for arguments in commands_in(page.read_text(encoding="utf-8"))
    )
    return list(dict.fromkeys(commands))


def commands_in(text: str) -> Iterator[tuple[str, ...]]:
    """The arguments of every ``flywheel`` command in a Markdown text."""
    for block in _BLOCK.finditer(text):
        for line in _shell_lines(block["language"], block["text"]):
            yield from _flywheel_commands(line)
    for code in _INLINE.findall(_BLOCK.sub("", text)):
        yield from _flywheel_commands(" ".join(code.split()))


def _shell_lines(language: str, text: str) -> Iterator[str]:
    """Whole command lines: those after a prompt in a console, every line of a script or of a crontab."""
    lines = text.replace("\\\n", " ").splitlines()
    match language:
        case "console":
            yield from (line.removeprefix("$ ") for line in lines if line.startswith("$ "))
        case "sh":
            yield from _join_quoted(lines)
        case "text":
            yield from lines


def _join_quoted(lines: list[str]) -> Iterator[str]:
    """Lines, of which one that ends inside quotes is joined with those that follow."""
    open_text = ""
    for line in lines:
        open_text += f"{line}\n"
        if _words(open_text) is not None:
            yield open_text
            open_text = ""


def _words(line: str) -> list[str] | None:
    """The words and operators of a shell line; None if a quotation is still open."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return None


def _flywheel_commands(line: str) -> Iterator[tuple[str, ...]]:
    command: list[str] = []
    for word in [*(_words(line) or ()), ";"]:
        if word in _SEPARATORS:
            yield from _arguments(command)
            command = []
        else:
            command.append(word)


def _arguments(words: list[str]) -> Iterator[tuple[str, ...]]:
    """The arguments, up to a redirection, of a simple command that is flywheel."""
    end = next((place for place, word in enumerate(words) if word in _REDIRECTIONS), len(words))
    if end < len(words) and words[end - 1].isdecimal():  # the 2 of 2>
        end -= 1
    if words and Path(words[0]).name == "flywheel":
        yield tuple(words[1:end])
