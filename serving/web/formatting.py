"""Formatting of money, numbers, percentages and dates in the language of the page, by Babel."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import TypeVar

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent

from serving.web.language import Language

MISSING = "—"
_REMEMBERED = 4096  # values of each format, since a page repeats many and Babel takes 0.2 ms for each
_WHOLE_MONEY = {"en": "¤#,##0", "zh": "¤#,##0"}
_CENTS = {"en": "¤#,##0.00", "zh": "¤#,##0.00"}
_DAY = {"en": "d MMM y", "zh": "y年M月d日"}
_SHORT_DAY = {"en": "d MMM", "zh": "M月d日"}
_MONTH = {"en": "MMM y", "zh": "y年M月"}
_WEEKDAY = {"en": "EEE d MMM", "zh": "M月d日 EEE"}

Format = TypeVar("Format", bound=Callable[..., str])


def _remember(format_: Format) -> Format:
    """The format, with the texts of its newest values in memory."""
    return lru_cache(maxsize=_REMEMBERED)(format_)  # type: ignore[return-value] # a cache is called like its function


@_remember
def number(value: float | None, language: Language, decimals: int = 0) -> str:
    """A number with marks of thousands: ``1,234``."""
    if value is None:
        return MISSING
    return format_decimal(round(value, decimals) + 0.0, f"#,##0.{'0' * decimals}".rstrip("."), language.locale)


@_remember
def money(value: float | None, language: Language, currency: str | None) -> str:
    """An amount, from ten without decimals: ``£1,234``, ``¥1,234``; a number for a shop without a currency."""
    if value is None:
        return MISSING
    if currency is None:
        return number(value, language)
    pattern = _WHOLE_MONEY if abs(value) >= 10 or value == 0 else _CENTS
    return format_currency(value, currency, pattern[language], language.locale, currency_digits=False)


@_remember
def percent(share: float | None, language: Language) -> str:
    """A share as a percentage: ``37%``; with a decimal below 1 and above 99, so that only none is 0 and all is 100."""
    if share is None:
        return MISSING
    if 0 < share < 0.01 or 0.99 < share < 1:
        return format_percent(min(max(share, 0.001), 0.999), "#,##0.0%", language.locale)
    return format_percent(share, "#,##0%", language.locale)


def day(value: date | None, language: Language) -> str:
    """A day: ``29 Nov 2026``, ``2026年11月29日``."""
    return _date_text(value, _DAY[language], language)


def short_day(value: date | None, language: Language) -> str:
    """A day without its year: ``29 Nov``, ``11月29日``."""
    return _date_text(value, _SHORT_DAY[language], language)


def weekday(value: date | None, language: Language) -> str:
    """A day with its weekday: ``Sun 29 Nov``, ``11月29日 周日``."""
    return _date_text(value, _WEEKDAY[language], language)


def month(value: date | None, language: Language) -> str:
    """A month: ``Nov 2026``, ``2026年11月``."""
    return _date_text(value, _MONTH[language], language)


def moment(value: datetime | None, language: Language) -> str:
    """An instant to the minute: ``29 Nov 2026, 02:19``; its zone is the one of the value."""
    if value is None:
        return MISSING
    time = format_time(value, "HH:mm", tzinfo=value.tzinfo, locale=language.locale)
    return f"{day(value.date(), language)}{', ' if language is Language.ENGLISH else ' '}{time}"


def _date_text(value: date | None, pattern: str, language: Language) -> str:
    """The day of a date, or of an instant on the clock of its own zone; equal instants may have different days."""
    if value is None:
        return MISSING
    return _day_text(value.date() if isinstance(value, datetime) else value, pattern, language)


@_remember
def _day_text(value: date, pattern: str, language: Language) -> str:
    return format_date(value, pattern, language.locale)
