"""What is wrong with a description, in the words of the one who wrote it: found, expected, remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from features.validation_errors import expected, found, message


def faults(error: ValidationError, description: type[BaseModel]) -> list[str]:
    """One sentence per fault, in the order in which the sections are declared."""
    said: dict[str, list[str]] = {}
    for fault in error.errors():
        beginning, ending = _sentence(fault, description)
        # A value that may be a number or a word is refused once as each.
        said.setdefault(beginning, []).append(ending)
    return [f"{beginning} {' or '.join(endings)}." for beginning, endings in said.items()]


def _sentence(fault: ErrorDetails, description: type[BaseModel]) -> tuple[str, str]:
    sections, key = _place(fault, description)
    where = " ".join(([f"[{'.'.join(map(_name, sections))}]"] if sections else []) + ([key] if key else []))
    match fault["type"]:
        case "extra_forbidden":
            return f"{where}: unknown key;", _known(sections, key, description)
        case "missing":
            return f"{where}: missing;", "add it"
        case "value_error":
            return f"{where}:", message(fault)
        case "string_pattern_mismatch":
            return f"{where}: found {fault['input']!r}; expected", "three capital letters such as 'EUR'"
        case _:
            return f"{where}: found {found(fault)}; expected", expected(fault)


def _place(fault: ErrorDetails, description: type[BaseModel]) -> tuple[list[str], str]:
    sections: list[str] = []
    parts = [f"#{part + 1}" if isinstance(part, int) else part for part in fault["loc"]]
    while parts and _section(description, [*sections, parts[0]]):
        sections.append(parts.pop(0))
    return sections, parts[0] if parts else ""


def _known(sections: Sequence[str], key: str, description: type[BaseModel]) -> str:
    model = _section(description, sections) or description
    known = sorted(name for name, field in model.model_fields.items() if field.alias is None)
    near = difflib.get_close_matches(key, known, n=1)
    return f"the nearest is {near[0]!r}" if near else f"remove it, or use one of {', '.join(known)}"


def _name(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_-]+|#\d+", part) else f'"{part}"'


def _section(description: type[BaseModel], path: Sequence[str]) -> type[BaseModel] | None:
    model, names = description, iter(path)
    for name in names:
        if name not in model.model_fields:
            return None
        said = model.model_fields[name].annotation
        kinds = [kind for kind in (said, *getattr(said, "__args__", ())) if isinstance(kind, type)]
        inner = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        if inner is None:
            return None
        if get_origin(said) in {Mapping, tuple}:
            next(names, None)  # of the shop's own choosing, or its place in the list
        model = inner
    return model
