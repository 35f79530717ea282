"""What is wrong with a description, in the words of the one who wrote it: found, expected, remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

EXPECTED = {
    "string_type": "text in quotes",
    "string_too_short": "some text",
    "string_pattern_mismatch": "three capital letters such as 'EUR'",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list in square brackets",
    "too_short": "at least one value",
    "model_type": "a section of keys",
    "literal_error": "{expected}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
}


def faults(error: ValidationError, description: type[BaseModel]) -> Iterator[str]:
    """One sentence per key that is wrong, in the order of the file's sections."""
    wrong: dict[str, tuple[str, list[str]]] = {}
    for fault in error.errors():
        sections, key = _place(fault, description)
        where = " ".join(([f"[{'.'.join(sections)}]"] if sections else []) + ([key] if key else []))
        match fault["type"]:
            case "extra_forbidden":
                yield f"{where}: unknown key; {_known(sections, key, description)}"
            case "missing":
                yield f"{where}: missing; add it, the README's table says what it means."
            case "value_error":
                yield f"{where}: {fault['msg'].removeprefix('Value error, ')}."
            case kind:
                expected = EXPECTED[kind].format(**fault.get("ctx", {})) if kind in EXPECTED else fault["msg"]
                wrong.setdefault(where, (repr(fault["input"]), []))[1].append(expected)
    for where, (found, expected_ones) in wrong.items():
        yield f"{where}: found {found}; expected {' or '.join(expected_ones)}."


def _place(fault: ErrorDetails, description: type[BaseModel]) -> tuple[list[str], str]:
    sections, parts = [], [str(part) for part in fault["loc"]]
    while parts and _section(description, [*sections, parts[0]]):
        sections.append(parts.pop(0))
    return sections, parts[0] if parts else ""


def _known(sections: Sequence[str], key: str, description: type[BaseModel]) -> str:
    model = _section(description, sections) or description
    known = sorted(name for name, field in model.model_fields.items() if field.alias is None)
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"expected one of: {', '.join(known)}. Correct or remove it."


def _section(description: type[BaseModel], path: Sequence[str]) -> type[BaseModel] | None:
    model = description
    for name in path:
        if name not in model.model_fields:
            return None
        said = model.model_fields[name].annotation
        kinds = [kind for kind in (said, *getattr(said, "__args__", ())) if isinstance(kind, type)]
        inner = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        if inner is None:
            return None
        model = inner
    return model
