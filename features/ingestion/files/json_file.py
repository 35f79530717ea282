"""JSON file: one object a line, an array of objects, or an object around such an array, as text columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from features.errors import InvalidLog
from features.ingestion.files.file_scan import FileScan
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.files.spill import new_copy
from features.ingestion.files.text_encoding import detect_encoding
from features.ingestion.files.text_table import write_objects
from features.ingestion.rejected_lines import RejectedLine

_CHUNK_CHARACTERS = 1 << 20
_MAX_SHOWN_CHARACTERS = 60
_BLANKS = " \t\r\n\ufeff\x1e"
_BETWEEN_OBJECTS = _BLANKS + ",[]"
# Numbers stay the digits that the file has.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


def scan_json(file: Path, options: ReadOptions) -> FileScan:
    """The scan of a JSON file; values of nested objects have names with dots, such as ``customer.id``.

    Raises:
        InvalidLog: a part of the file is no JSON object, and may not be set aside.
    """
    encoding = detect_encoding(file, options.encoding)
    target = new_copy(file, options.spill)
    rejected: list[RejectedLine] = []
    with file.open(encoding=encoding.codec, errors="replace") as source:
        first_line = source.readline()
        is_lines = _is_object(first_line)
        source.seek(0)
        objects = _line_objects(source, file, rejected) if is_lines else _stream_objects(source, file)
        rows = _unwrap(objects) if first_line.lstrip(_BLANKS).startswith("{") else objects
        reader = write_objects(map(_flatten, rows), target)
    if rejected and not options.sets_bad_lines_aside:
        raise _invalid_json(rejected[0])
    if not reader.columns:
        raise InvalidLog(f"{file.name} has no JSON object. Expected one object a line: remove it, or correct `path`.")
    return FileScan(target, reader, (), tuple(rejected))


def _line_objects(source: TextIO, file: Path, rejected: list[RejectedLine]) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(source, 1):
        text = line.strip(_BLANKS).rstrip(",")
        if not text:
            continue
        try:
            value = _DECODER.decode(text)
        except ValueError as error:
            rejected.append(RejectedLine(file.name, number, f"it is no JSON: {error}", text))
            continue
        if isinstance(value, dict):
            yield value
        else:
            rejected.append(
                RejectedLine(file.name, number, f"found a {type(value).__name__}, expected an object", text)
            )


def _unwrap(objects: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The objects; those within where a single one has them as a value, as answers of web services do."""
    first, second = next(objects, None), next(objects, None)
    if first is None or second is None:
        yield from () if first is None else _inner_objects(first)
        return
    yield first
    yield second
    yield from objects


def _inner_objects(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    lists = [
        each for each in value.values() if isinstance(each, list) and each and all(isinstance(v, dict) for v in each)
    ]
    # An order with a list of its lines has an id, an answer with a list of orders has none.
    has_id = any(name.lower().endswith("id") for name in value)
    return max(lists, key=len) if lists and not has_id else [value]


def _stream_objects(source: TextIO, file: Path) -> Iterator[Mapping[str, Any]]:
    """The objects of an array, or of text in which they span lines."""
    buffer, line = "", 1
    while True:
        chunk = source.read(_CHUNK_CHARACTERS)
        buffer += chunk
        position = 0
        while True:
            start = _skip_separators(buffer, position)
            try:
                value, end = _DECODER.raw_decode(buffer, start)
            except ValueError as error:
                if chunk or start == len(buffer):
                    break
                text = buffer[start : start + _MAX_SHOWN_CHARACTERS]
                rejected = RejectedLine(file.name, line + buffer.count("\n", 0, start), f"it is no JSON: {error}", text)
                raise _invalid_json(rejected) from None
            if not isinstance(value, dict):
                number = line + buffer.count("\n", 0, start)
                reason = f"found a {type(value).__name__}, expected an object"
                raise _invalid_json(RejectedLine(file.name, number, reason, buffer[start:end]))
            yield value
            position = end
        line += buffer.count("\n", 0, position)
        buffer = buffer[position:]
        if not chunk:
            return


def _skip_separators(buffer: str, position: int) -> int:
    while position < len(buffer) and buffer[position] in _BETWEEN_OBJECTS:
        position += 1
    return position


def _is_object(line: str) -> bool:
    try:
        return isinstance(_DECODER.decode(line.strip(_BETWEEN_OBJECTS)), dict) and not line.lstrip(
            "\ufeff \t"
        ).startswith("[")
    except ValueError:
        return False


def _flatten(value: Mapping[str, Any], prefix: str = "") -> dict[str, str | None]:
    flat: dict[str, str | None] = {}
    for name, each in value.items():
        if isinstance(each, dict):
            flat |= _flatten(each, f"{prefix}{name}.")
        elif each is None or isinstance(each, str):
            flat[prefix + name] = each or None
        else:
            flat[prefix + name] = json.dumps(each, ensure_ascii=False)
    return flat


def _invalid_json(rejected: RejectedLine) -> InvalidLog:
    return InvalidLog(
        f"{rejected.file}, line {rejected.line:,}: {rejected.reason}, in {rejected.text[:_MAX_SHOWN_CHARACTERS]!r}. "
        "Expected one JSON object a line, or an array of objects: correct the file."
    )
