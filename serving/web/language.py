"""Language of a page: ``?lang=``, then the cookie of an earlier choice, then ``Accept-Language`` (RFC 9110, 12.5.4)."""

from __future__ import annotations

from enum import StrEnum

from starlette.requests import Request

LANGUAGE_COOKIE = "flywheel_language"
LANGUAGE_PARAMETER = "lang"


class Language(StrEnum):
    """Language of the page, as the attribute ``lang`` of its document has it."""

    ENGLISH = "en"
    CHINESE = "zh"

    @property
    def locale(self) -> str:
        """The locale of numbers, dates and money."""
        return {"en": "en_GB", "zh": "zh_Hans_CN"}[self.value]


def chosen_language(request: Request) -> Language | None:
    """The language that the query names; None without a known one."""
    return _language(request.query_params.get(LANGUAGE_PARAMETER, ""))


def language_of(request: Request) -> Language:
    """The language for a request; English where the browser asks for none of the page's."""
    chosen = chosen_language(request) or _language(request.cookies.get(LANGUAGE_COOKIE, ""))
    return chosen or _accepted_language(request.headers.get("accept-language", "")) or Language.ENGLISH


def _accepted_language(header: str) -> Language | None:
    ranked = sorted(
        ((_quality(parameter), tag) for tag, _, parameter in (part.partition(";") for part in header.split(","))),
        key=lambda weighted: -weighted[0],
    )
    return next((language for quality, tag in ranked if quality and (language := _language(tag))), None)


def _language(tag: str) -> Language | None:
    primary = tag.strip().lower().partition("-")[0]
    return Language(primary) if primary in [*Language] else None


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
