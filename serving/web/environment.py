"""Templates: Jinja2 with the texts and formats of a language; everything that a view contains is escaped."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2
from jinja2.runtime import Context

from serving.web import formatting
from serving.web.address import customer_path
from serving.web.language import Language
from serving.web.texts import find_text, text

FOLDER = Path(__file__).with_name("templates")
_FORMATS = ("number", "percent")
_TIMES = ("day", "short_day", "weekday", "month", "moment")


@cache
def environment(language: Language) -> jinja2.Environment:
    """The templates with the texts and formats of a language; everything that a view contains is escaped."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    templates.globals["t"] = jinja2.pass_context(_text_in(language))
    templates.globals["word"] = _word_in(language)
    for name in _FORMATS:
        templates.filters[name] = partial(getattr(formatting, name), language=language)
    templates.filters["customer_path"] = customer_path
    templates.filters["money"] = jinja2.pass_context(_money_in(language))
    for name in _TIMES:
        templates.filters[name] = jinja2.pass_context(_time_in(language, name))
    return templates


def _text_in(language: Language) -> Any:  # noqa: ANN401 - a function for templates alone
    def t(context: Context, key: str, **values: object) -> str:
        """The text of the template's section."""
        return text(language, (context.name or "").partition("/")[0], key, **values)

    return t


def _word_in(language: Language) -> Any:  # noqa: ANN401 - a function for templates alone
    def word(kind: str, value: object) -> str | None:
        """The word for a value of a kind such as a band; None for a value that the shop named itself."""
        entry = find_text(language, "words", f"{kind}.{value}")
        return entry if isinstance(entry, str) else None

    return word


def _time_in(language: Language, name: str) -> Any:  # noqa: ANN401 - a function for templates alone
    def time(context: Context, value: date | None) -> str:
        """A day, or an instant in the time zone of the shop."""
        local = value.astimezone(context["frame"].zone) if isinstance(value, datetime) else value
        formatted: str = getattr(formatting, name)(local, language=language)
        return formatted

    return time


def _money_in(language: Language) -> Any:  # noqa: ANN401 - a function for templates alone
    def money(context: Context, value: float | None, currency: str | None = None) -> str:
        """An amount in the shop's currency, or in another."""
        return formatting.money(value, language, currency or context["frame"].currency)

    return money
