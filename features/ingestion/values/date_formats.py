"""Date formats: the SQL that reads dates and times written with strptime codes, as seconds or as a spreadsheet's days.

A date without an offset is the wall clock of the connection's time zone.
"""

from __future__ import annotations

import re

from features.ingestion.values.month_names import english_sql
from features.storage.sql_quoting import quote_literal

ISO, EPOCH_S, EPOCH_MS, EXCEL = "iso", "epoch_s", "epoch_ms", "excel"
NAMED_FORMATS = (ISO, EPOCH_S, EPOCH_MS, EXCEL)
DateFormats = tuple[str, ...]
"""Formats that are tried in turn: the first that reads a text counts."""

# Databases and spreadsheets write their own zero, such as 1899-12-30, where a date is missing; all others are later.
_FIRST_INSTANT = "TIMESTAMPTZ '1899-12-30 00:00:00+14'"
_MIN_SECONDS, _MAX_SECONDS = 100_000_000, 10_000_000_000  # the years 1973 and 2286; others are another unit
_MAX_EXCEL_DAYS = 110_000  # the year 2201
_NAMES = re.compile(r"%-?[bBp]")
_UTC_LETTER, _UTC_NAME = re.compile(r"(?<!%)Z$"), re.compile(r"(?:UTC|GMT)$")
_CODE = re.compile(r"%(-?.)")
_KNOWN_CODES = set("abcdfghjmnpuwxyzABGHIMSTUVWXYZ%")


def date_format_fault(date_format: str) -> str:
    """What is wrong with a format, and the remedy; empty where nothing is."""
    if date_format in NAMED_FORMATS:
        return ""
    codes = {code.lstrip("-") for code in _CODE.findall(date_format)}
    if "s" in codes:
        return (
            f"found {date_format!r}; expected strptime codes of day, month and year; write seconds since 1970 as "
            '"epoch_s", milliseconds as "epoch_ms"'
        )
    if unknown := sorted(codes - _KNOWN_CODES):
        return f"found {date_format!r}; expected codes that exist, without {', '.join(f'%{code}' for code in unknown)}"
    parts = {"year": "YyxcG", "month": "mbBhxcjUWV", "day": "dxcjuwaA"}
    absent = [part for part, letters in parts.items() if not codes & set(letters)]
    if absent:
        return (
            f"found {date_format!r}, which has no {' and no '.join(absent)}; expected strptime codes of day, month and "
            'year such as "%d.%m.%Y %H:%M", or "epoch_s", "epoch_ms", "excel", "iso"'
        )
    return ""


def instant_sql(text: str, date_formats: DateFormats) -> str:
    """SQL of the instant that a text means in the first format that reads it; null where none does.

    Years before 1899 are unreadable: they are two-digit years read as years of the first century.
    """
    instants = [plausible_instant_sql(_date_format_sql(text, date_format)) for date_format in date_formats]
    return instants[0] if len(instants) == 1 else f"coalesce({', '.join(instants)})"


def plausible_instant_sql(instant: str) -> str:
    """SQL of an instant; null where it is infinite or of a year that no shop has seen."""
    return f"CASE WHEN isfinite({instant}) AND {instant} >= {_FIRST_INSTANT} THEN {instant} END"


def _date_format_sql(text: str, date_format: str) -> str:
    match date_format:
        case "iso":
            return f"TRY_CAST({text} AS TIMESTAMPTZ)"
        case "epoch_s":
            return _epoch_sql(_number_sql(text))
        case "epoch_ms":
            return _epoch_sql(f"{_number_sql(text)} / 1000")
        case "excel":
            return _excel_sql(_number_sql(text))
    return f"CAST({_strptime_sql(text, date_format)} AS TIMESTAMPTZ)"


def _strptime_sql(text: str, date_format: str) -> str:
    # A letter Z in a format would be read as a letter, and the time as the shop's own instead of UTC.
    date_format = _UTC_NAME.sub("%Z", _UTC_LETTER.sub("%z", date_format))
    if date_format.endswith("%z"):
        text = f"regexp_replace({text}, 'Z$', '+00:00')"
    # DuckDB reads the names of its constants as 1900-01-01 in every format.
    text = f"CASE WHEN lower({text}) NOT IN ('epoch', 'infinity', '-infinity') THEN {text} END"
    direct = f"try_strptime({text}, {quote_literal(date_format)})"
    if not _NAMES.search(date_format):
        return direct
    english = quote_literal(date_format.replace("%B", "%b"))
    return f"coalesce({direct}, try_strptime({english_sql(text)}, {english}))"


def _number_sql(text: str) -> str:
    return f"TRY_CAST(replace({text}, ',', '.') AS DOUBLE)"


def _epoch_sql(seconds: str) -> str:
    return f"CASE WHEN {seconds} BETWEEN {_MIN_SECONDS} AND {_MAX_SECONDS} THEN to_timestamp({seconds}) END"


def _excel_sql(days: str) -> str:
    """SQL of the wall clock that a spreadsheet's number of days means, to the second, in the system of 1900."""
    microseconds = f"CAST(round({days} * 86400) * 1000000 AS BIGINT)"
    clock = f"TIMESTAMP '1899-12-30' + to_microseconds({microseconds})"
    return f"CASE WHEN {days} BETWEEN 1 AND {_MAX_EXCEL_DAYS} THEN CAST({clock} AS TIMESTAMPTZ) END"
