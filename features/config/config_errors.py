"""Configuration errors: every fault of a flywheel.toml as one sentence with the section, the key and the remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from features.validation_errors import expected_text, found_text, message


def validation_messages(error: ValidationError, root_model: type[BaseModel]) -> list[str]:
    """One sentence per fault, in the order in which the models declare the sections."""
    messages: dict[str, list[str]] = {}
    for fault in error.errors():
        beginning, ending = _message_parts(fault, root_model)
        # pydantic reports a value that may be a number or a word once for each type.
        messages.setdefault(beginning, []).append(ending)
    return [f"{beginning} {' or '.join(endings)}." for beginning, endings in messages.items()]


def _message_parts(detail: ErrorDetails, root_model: type[BaseModel]) -> tuple[str, str]:
    sections, key = _locate(detail, root_model)
    location = " ".join(([f"[{'.'.join(map(_quote_key, sections))}]"] if sections else []) + ([key] if key else []))
    match detail["type"]:
        case "extra_forbidden":
            return f"{location}: unknown key;", _suggest_key(sections, key, root_model)
        case "missing":
            return f"{location}: missing;", "add it"
        case "value_error":
            return f"{location}:", message(detail)
        case "string_pattern_mismatch":
            return f"{location}: found {detail['input']!r}; expected", "three capital letters such as 'EUR'"
        case _:
            return f"{location}: found {found_text(detail)}; expected", expected_text(detail)


def _locate(detail: ErrorDetails, root_model: type[BaseModel]) -> tuple[list[str], str]:
    sections: list[str] = []
    parts = [f"#{part + 1}" if isinstance(part, int) else part for part in detail["loc"]]
    while parts and _section_model(root_model, [*sections, parts[0]]):
        sections.append(parts.pop(0))
    return sections, parts[0] if parts else ""


def _suggest_key(sections: Sequence[str], key: str, root_model: type[BaseModel]) -> str:
    model = _section_model(root_model, sections) or root_model
    known = sorted(name for name, field in model.model_fields.items() if field.alias is None)
    similar_keys = difflib.get_close_matches(key, known, n=1)
    return f"the nearest is {similar_keys[0]!r}" if similar_keys else f"remove it, or use one of {', '.join(known)}"


def _quote_key(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_-]+|#\d+", part) else f'"{part}"'


def _section_model(root_model: type[BaseModel], path: Sequence[str]) -> type[BaseModel] | None:
    model, names = root_model, iter(path)
    for name in names:
        if name not in model.model_fields:
            return None
        annotation = model.model_fields[name].annotation
        kinds = [kind for kind in (annotation, *getattr(annotation, "__args__", ())) if isinstance(kind, type)]
        inner = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        if inner is None:
            return None
        if get_origin(annotation) in {Mapping, tuple}:
            next(names, None)  # a name that the shop chose, or a position in the list
        model = inner
    return model
