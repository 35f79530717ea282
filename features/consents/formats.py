"""Consent formats: Segment events and Apache Unomi profiles, one JSON object per line, as one table of consents."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from features.canonical_form import canonical_word
from features.errors import InvalidLog

COLUMNS = ("customer_id", "purpose", "channel", "granted", "changed_at", "until")
_MAX_SHOWN_CHARACTERS = 60  # of a line that cannot be read
_TIME_FIELDS = ("timestamp", "receivedAt", "sentAt")
_GRANTED_BY_STATUS = {"GRANTED": True, "GRANT": True, "DENIED": False, "DENY": False, "REVOKED": False}

ConsentLine = tuple[str | None, ...]
ConsentParser = Callable[[Mapping[str, Any], Sequence[str]], Iterator[ConsentLine]]


def parse_segment(event: Mapping[str, Any], categories: Sequence[str]) -> Iterator[ConsentLine]:
    """The ``context.consent.categoryPreferences`` of an event; a missing expected category counts as denied."""
    consent = _child_object(_child_object(event, "context"), "consent")
    preferences = consent.get("categoryPreferences")
    if not isinstance(preferences, Mapping):
        return
    timestamp = next((event[name] for name in _TIME_FIELDS if event.get(name)), None)
    spellings = set(map(canonical_word, preferences))
    for category in [*preferences, *(name for name in categories if canonical_word(name) not in spellings)]:
        yield _consent_line(event.get("userId"), category, preferences.get(category, False), timestamp, None)


def parse_unomi(profile: Mapping[str, Any], _categories: Sequence[str]) -> Iterator[ConsentLine]:
    """The ``consents`` of a profile, each with its status, the date of the status and the date of expiry."""
    user_id = profile.get("itemId") or profile.get("profileId")
    for name, consent in _child_object(profile, "consents").items():
        if not isinstance(consent, Mapping):
            raise TypeError(f"the consent {name!r} is no object")
        kind, status = consent.get("typeIdentifier") or name.rpartition("/")[2], str(consent.get("status")).upper()
        if status not in _GRANTED_BY_STATUS:
            raise ValueError(f"found the status {status}, expected {', '.join(_GRANTED_BY_STATUS)}")
        yield _consent_line(
            user_id, kind, _GRANTED_BY_STATUS[status], consent.get("statusDate"), consent.get("revokeDate")
        )


PARSERS: Mapping[str, ConsentParser] = {"segment": parse_segment, "unomi": parse_unomi}


def parse_files(files: Sequence[Path], source_format: str, categories: Sequence[str]) -> pa.Table:
    """The lines of JSON files as one table of text with the columns COLUMNS.

    Raises:
        InvalidLog: a line is not such a JSON object; the message names its file and number.
    """
    lines: list[ConsentLine] = []
    for file in files:
        for number, text in _json_lines(file):
            try:
                lines += PARSERS[source_format](_parse_object(text), categories)
            except (ValueError, TypeError) as error:
                raise InvalidLog(
                    f"{file.name}, line {number}: {error}, in "
                    f"{text[:_MAX_SHOWN_CHARACTERS].decode(errors='replace')!r}. Expected one JSON object a line, as "
                    f"{source_format} writes them: correct the line, or correct `format`."
                ) from None
    columns = zip(*lines, strict=True) if lines else ((),) * len(COLUMNS)
    return pa.table({name: pa.array(values, pa.string()) for name, values in zip(COLUMNS, columns, strict=True)})


def _json_lines(file: Path) -> Iterator[tuple[int, bytes]]:
    open_file = gzip.open if file.suffix.lower() == ".gz" else open
    with open_file(file, "rb") as lines:
        for number, line in enumerate(lines, 1):
            text = bytes(line).removeprefix(b"\xef\xbb\xbf").strip()
            if text:
                yield number, text


def _parse_object(text: bytes) -> Mapping[str, Any]:
    parsed = orjson.loads(text)
    if not isinstance(parsed, dict):
        raise TypeError(f"found a {type(parsed).__name__}, expected an object")
    return parsed


def _child_object(parent: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    child = parent.get(name)
    return child if isinstance(child, Mapping) else {}


def _consent_line(user_id: object, category: str, granted: object, changed_at: object, until: object) -> ConsentLine:
    """One consent as text; raises ValueError if ``granted`` is not a boolean or the time is missing."""
    if not isinstance(granted, bool):
        raise ValueError(f"found {granted!r} for {category!r}, expected true or false")  # noqa: TRY004 -- an error in the log
    if changed_at is None:
        raise ValueError(f"found no time for {category!r}, expected one of {', '.join(_TIME_FIELDS)} or statusDate")
    customer_id = None if user_id is None else str(user_id)
    return customer_id, category, None, str(granted).lower(), str(changed_at), None if until is None else str(until)
