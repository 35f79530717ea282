"""Consents as other systems write them, one line each: Segment's events and Apache Unomi's profiles."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from features.errors import BadLog

COLUMNS = ("customer_id", "purpose", "channel", "granted", "changed_at", "until")
_SHOWN = 60  # characters of a line that cannot be read
_TIMES = ("timestamp", "receivedAt", "sentAt")
_GRANTED = {"GRANTED": True, "GRANT": True, "DENIED": False, "DENY": False, "REVOKED": False}

Line = tuple[str | None, ...]
Words = Callable[[Mapping[str, Any], Sequence[str]], Iterator[Line]]


def segment(event: Mapping[str, Any], categories: Sequence[str]) -> Iterator[Line]:
    """The ``context.consent.categoryPreferences`` of an event; a category that is asked for and not there is a no."""
    consent = _part(_part(event, "context"), "consent")
    preferences = consent.get("categoryPreferences")
    if not isinstance(preferences, Mapping):
        return
    at = next((event[name] for name in _TIMES if event.get(name)), None)
    for category in dict.fromkeys([*preferences, *categories]):
        yield _line(event.get("userId"), category, preferences.get(category, False), at, None)


def unomi(profile: Mapping[str, Any], _categories: Sequence[str]) -> Iterator[Line]:
    """The ``consents`` of a profile, each with its status, the date of it, and the date at which it runs out."""
    who = profile.get("itemId") or profile.get("profileId")
    for name, consent in _part(profile, "consents").items():
        if not isinstance(consent, Mapping):
            raise TypeError(f"the consent {name!r} is no object")
        kind, status = consent.get("typeIdentifier") or name.rpartition("/")[2], str(consent.get("status")).upper()
        if status not in _GRANTED:
            raise ValueError(f"found the status {status}, expected {', '.join(_GRANTED)}")
        yield _line(who, kind, _GRANTED[status], consent.get("statusDate"), consent.get("revokeDate"))


SHAPES: Mapping[str, Words] = {"segment": segment, "unomi": unomi}


def flattened(files: Sequence[Path], shape: str, categories: Sequence[str]) -> pa.Table:
    """The lines of JSON files as one table of text, with the columns COLUMNS.

    Raises:
        BadLog: a line is no such JSON; the first of each file is named.
    """
    lines: list[Line] = []
    for file in files:
        for number, text in _texts(file):
            try:
                lines += SHAPES[shape](_object(text), categories)
            except (ValueError, TypeError) as wrong:
                raise BadLog(
                    f"{file.name}, line {number}: {wrong}, in {text[:_SHOWN].decode(errors='replace')!r}. Expected one "
                    f"JSON object a line, as {shape} writes them: mend the line, or correct `format`."
                ) from None
    columns = zip(*lines, strict=True) if lines else ((),) * len(COLUMNS)
    return pa.table({name: pa.array(values, pa.string()) for name, values in zip(COLUMNS, columns, strict=True)})


def _texts(file: Path) -> Iterator[tuple[int, bytes]]:
    opened = gzip.open if file.suffix.lower() == ".gz" else open
    with opened(file, "rb") as lines:
        for number, line in enumerate(lines, 1):
            text = bytes(line).removeprefix(b"\xef\xbb\xbf").strip()
            if text:
                yield number, text


def _object(text: bytes) -> Mapping[str, Any]:
    found = orjson.loads(text)
    if not isinstance(found, dict):
        raise TypeError(f"found a {type(found).__name__}, expected an object")
    return found


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def _line(who: object, category: str, granted: object, at: object, until: object) -> Line:
    """Raises ValueError for what says neither yes nor no, or not when."""
    if not isinstance(granted, bool):
        raise ValueError(f"found {granted!r} for {category!r}, expected true or false")  # noqa: TRY004 -- the log's fault
    if at is None:
        raise ValueError(f"found no time for {category!r}, expected one of {', '.join(_TIMES)} or statusDate")
    customer_id = None if who is None else str(who)
    return customer_id, category, None, str(granted).lower(), str(at), None if until is None else str(until)
