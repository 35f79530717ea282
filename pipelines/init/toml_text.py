"""TOML text: sections with a comment above each key, so that a person can check and change the draft."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence

from pipelines.init.choice import Choice, Section

_WIDTH = 116
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_document(header: Sequence[str], sections: Iterable[Section]) -> str:
    """The text of a flywheel.toml; a section without a name is the top level and comes first."""
    blocks = ["\n".join(_comment_lines(header)), *("\n".join(_section_lines(section)) for section in sections)]
    return "\n\n".join(blocks) + "\n"


def _section_lines(section: Section) -> list[str]:
    lines = _comment_lines(section.comments)
    if section.name:
        lines.append(section.name if section.name.startswith("[") else f"[{section.name}]")
    for choice in section.choices:
        lines += _choice_lines(choice)
    return lines + _comment_lines(f"QUESTION: {question}" for question in section.questions)


def _choice_lines(choice: Choice) -> list[str]:
    above = _comment_lines([choice.reason] if choice.reason else [])
    below = _comment_lines(f"QUESTION: {question}" for question in choice.questions)
    return [*above, choice_line(choice), *below]


def choice_line(choice: Choice) -> str:
    """The line of a key and its value."""
    return f"{_key_text(choice.key)} = {toml_value(choice.value)}"


def toml_value(value: object) -> str:
    """A text, flag, number, list or mapping as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case Mapping():
            return "{ " + ", ".join(f"{_key_text(str(key))} = {toml_value(item)}" for key, item in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(toml_value(item) for item in value) + "]"
    return str(value)


def _key_text(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else json.dumps(key, ensure_ascii=False)


def _comment_lines(comments: Iterable[str]) -> list[str]:
    # A comment ends with its line, whatever a column or a value contains.
    texts = [" ".join(comment.split()) for comment in comments]
    return [
        f"# {line}"
        for text in texts
        for line in (textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False) or [""])
    ]
