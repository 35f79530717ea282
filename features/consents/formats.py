"""Consents as other systems write them, one line each: Segment's events and Apache Unomi's profiles."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from features.errors import InvalidLog

COLUMNS = ("customer_id", "purpose", "channel", "granted", "changed_at", "until")
_MAX_SHOWN_CHARACTERS = 60  # characters of a line that cannot be read
_TIME_FIELDS = ("timestamp", "receivedAt", "sentAt")
_GRANTED_BY_STATUS = {"GRANTED": True, "GRANT": True, "DENIED": False, "DENY": False, "REVOKED": False}

ConsentLine = tuple[str | None, ...]
ConsentParser = Callable[[Mapping[str, Any], Sequence[str]], Iterator[ConsentLine]]


def parse_segment(event: Mapping[str, Any], categories: Sequence[str]) -> Iterator[ConsentLine]:
    """The ``context.consent.categoryPreferences`` of an event; a category that is asked for and not there is a no."""
    consent = _child_object(_child_object(event, "context"), "consent")
    preferences = consent.get("categoryPreferences")
    if not isinstance(preferences, Mapping):
        return
    at = next((event[name] for name in _TIME_FIELDS if event.get(name)), None)
    for category in dict.fromkeys([*preferences, *categories]):
        yield _consent_line(event.get("userId"), category, preferences.get(category, False), at, None)


def parse_unomi(profile: Mapping[str, Any], _categories: Sequence[str]) -> Iterator[ConsentLine]:
    """The ``consents`` of a profile, each with its status, the date of it, and the date at which it runs out."""
    who = profile.get("itemId") or profile.get("profileId")
    for name, consent in _child_object(profile, "consents").items():
        if not isinstance(consent, Mapping):
            raise TypeError(f"the consent {name!r} is no object")
        kind, status = consent.get("typeIdentifier") or name.rpartition("/")[2], str(consent.get("status")).upper()
        if status not in _GRANTED_BY_STATUS:
            raise ValueError(f"found the status {status}, expected {', '.join(_GRANTED_BY_STATUS)}")
        yield _consent_line(who, kind, _GRANTED_BY_STATUS[status], consent.get("statusDate"), consent.get("revokeDate"))


PARSERS: Mapping[str, ConsentParser] = {"segment": parse_segment, "unomi": parse_unomi}


def parse_files(files: Sequence[Path], source_format: str, categories: Sequence[str]) -> pa.Table:
    """The lines of JSON files as one table of text, with the columns COLUMNS.

    Raises:
        InvalidLog: a line is no such JSON; the first of each file is named.
    """
    lines: list[ConsentLine] = []
    for file in files:
        for number, text in _json_lines(file):
            try:
                lines += PARSERS[source_format](_parse_object(text), categories)
            except (ValueError, TypeError) as wrong:
                raise InvalidLog(
                    f"{file.name}, line {number}: {wrong}, in {text[:_MAX_SHOWN_CHARACTERS].decode(errors='replace')!r}. Expected one "
                    f"JSON object a line, as {source_format} writes them: mend the line, or correct `format`."
                ) from None
    columns = zip(*lines, strict=True) if lines else ((),) * len(COLUMNS)
    return pa.table({name: pa.array(values, pa.string()) for name, values in zip(COLUMNS, columns, strict=True)})


def _json_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    opened = gzip.open if file.suffix.lower() == ".gz" else open
    with opened(file, "rb") as lines:
        for number, line in enumerate(lines, 1):
            text = bytes(line).removeprefix(b"\xef\xbb\xbf").strip()
            if text:
                yield number, text


def _parse_object(text: bytes) -> Mapping[str, Any]:
    found = orjson.loads(text)
    if not isinstance(found, dict):
        raise TypeError(f"found a {type(found).__name__}, expected an object")
    return found


def _child_object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = parent.get(name)
    return found if isinstance(found, Mapping) else {}


def _consent_line(user_id: object, category: str, granted: object, changed_at: object, until: object) -> ConsentLine:
    """Raises ValueError for what says neither yes nor no, or not when."""
    if not isinstance(granted, bool):
        raise ValueError(f"found {granted!r} for {category!r}, expected true or false")  # noqa: TRY004 -- the log's fault
    if changed_at is None:
        raise ValueError(f"found no time for {category!r}, expected one of {', '.join(_TIME_FIELDS)} or statusDate")
    customer_id = None if user_id is None else str(user_id)
    return customer_id, category, None, str(granted).lower(), str(changed_at), None if until is None else str(until)
