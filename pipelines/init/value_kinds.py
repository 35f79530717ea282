"""Value kinds: the ways in which all values of a column can be read as dates or as numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

_ISO = re.compile(
    r"(19|20)\d\d-\d\d?-\d\d?([ T]\d\d?:\d\d(:\d\d([.,]\d+)?)?)?( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?"
)
_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y",
         "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
         "%d-%b-%y", "%Y年%m月%d日", "%Y%m%d")  # fmt: skip
_TIMES = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", " %I:%M%p", "T%H:%M:%S", " %H:%M:%S %z", " %H:%M %z")
_NUMBER = re.compile(r"[-(]?\s*[^\d\s(),.'-]{0,3}\s*-?\d[\d.,' \u00a0]*\)?\s*[^\d\s(),.']{0,3}-?")


@dataclass(frozen=True)
class NumberForm:
    """How numbers are written."""

    decimal: str = "."
    thousands: str = ""
    sign: str = ""  # a currency sign


def date_forms(texts: Sequence[str]) -> list[str]:
    """Formats that read all texts; ``""`` for ISO."""
    if all(_ISO.fullmatch(text) for text in texts):
        return [""]
    return [day + time for day in _DAYS for time in _TIMES if all(_reads(text, day + time) for text in texts)]


def _reads(text: str, form: str) -> bool:
    if form == "%Y%m%d" and len(text) != 8:
        return False
    try:
        return 1970 <= datetime.strptime(text, form).year < 2100  # noqa: DTZ007 -- only whether it can be read
    except ValueError:
        return False


def number_form(texts: Sequence[str]) -> NumberForm | None:
    """How all texts are read as numbers, or None."""
    if not all(_NUMBER.fullmatch(text) for text in texts):
        return None
    bare = [re.sub(r"[^\d.,']", "", text) for text in texts]
    sign = next((found.group() for text in texts if (found := re.search(r"[^\d\s.,'()+-]{1,3}", text))), "")
    for decimal, thousands in ((".", ""), (".", ","), (",", ""), (",", "."), (",", " "), (".", "'")):
        grouped = rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|" if thousands else ""
        pattern = re.compile(rf"(?:{grouped}\d+)?(?:{re.escape(decimal)}\d*)?")
        if all(pattern.fullmatch(text) for text in bare):
            return NumberForm(decimal, thousands, sign)
    return None
