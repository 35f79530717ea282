"""Date templates: the formats that one date, as a text, may be written in, by the order of day, month and year."""

from __future__ import annotations

import re

from features.ingestion.values.date_formats import EPOCH_MS, EPOCH_S, EXCEL, ISO
from features.ingestion.values.month_names import AFTERNOON_PATTERN, MORNING_PATTERN, months_by_name

_HALF = rf"(?:{MORNING_PATTERN}|{AFTERNOON_PATTERN})"
_TIME = re.compile(
    rf"(?P<before>{_HALF} ?)?(?<!\d)\d{{1,2}}(?P<colon>[:时時点點시h.])\d{{2}}"
    r"(?:(?P<colon2>[:分.])\d{2})?(?:(?P<mark>[.,])\d{1,9})?(?P<suffix>分|秒| ?Uhr| ?hrs?\.?| ?h)?"
    rf"(?P<after> ?{_HALF})?(?P<gap> ?)(?P<zone>Z|UTC|GMT|[-+]\d{{2}}(?::?\d{{2}})?)?(?!\d)$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_WEEKDAY = re.compile(r"^(?P<long>(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)|^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b")
_COMPACT = {
    8: {"ymd": "%Y%m%d", "dmy": "%d%m%Y", "mdy": "%m%d%Y"},
    6: {"ymd": "%y%m%d", "dmy": "%d%m%y", "mdy": "%m%d%y"},
    10: {EPOCH_S: EPOCH_S},
    12: {"ymd": "%Y%m%d%H%M"},
    13: {EPOCH_MS: EPOCH_MS},
    14: {"ymd": "%Y%m%d%H%M%S"},
}


def date_templates(text: str) -> dict[str, str]:
    """The formats in which a text may be a date, by the order of its parts, such as ``dmy``, or their own name."""
    text = text.strip()
    if whole := re.fullmatch(r"(\d+)([.,]\d+)?", text):
        return _number_templates(whole[1], whole[2] or "")
    time = _TIME.search(text)
    # 03.01.2023 has two marks and no time, 03.01.2023 11.59 has a blank before the time.
    if time and time["colon"] == "." and not text[: time.start()].endswith(" "):
        time = None
    day_text = text[: time.start()] if time else text
    return {order: day_format + (_time_format(time) if time else "") for order, day_format in _days(day_text).items()}


def _number_templates(whole: str, fraction: str) -> dict[str, str]:
    if len(whole) == 5:
        return {EXCEL: EXCEL}
    if fraction and len(whole) not in (10, 13):
        return {}
    return dict(_COMPACT.get(len(whole), {}))


def _days(text: str) -> dict[str, str]:
    """The formats of a day by the order of its parts, which are three numbers, or two and the name of a month."""
    tokens = list(_TOKEN.finditer(text))
    parts = [token for token in tokens if token[0].isdigit() or token[0].lower() in months_by_name()]
    if len(parts) != 3:
        return {}
    codes = {order: _codes(order, [part[0] for part in parts]) for order in ("ymd", "dmy", "mdy")}
    return {order: _fill(text, parts, each) for order, each in codes.items() if each}


def _codes(order: str, parts: list[str]) -> list[str]:
    """The strptime codes of the parts in this order; none where they cannot stand in it."""
    codes = []
    for letter, part in zip(order, parts, strict=True):
        if not part.isdigit():
            code = "%B" if len(part) > 3 else "%b"
            codes.append(code if letter == "m" else "")
        elif letter == "y":
            codes.append({4: "%Y", 2: "%y"}.get(len(part), ""))
        else:
            codes.append(f"%{letter}" if len(part) <= 2 else "")
    # Nobody writes 23-Jan-03 for the third of January.
    year_first_with_name = order == "ymd" and not parts[1].isdigit() and len(parts[0]) != 4
    return codes if all(codes) and not year_first_with_name else []


def _fill(text: str, parts: list[re.Match[str]], codes: list[str]) -> str:
    """The text with the codes in place of its parts."""
    for part, code in reversed(list(zip(parts, codes, strict=True))):
        text = text[: part.start()] + code + text[part.end() :]
    return _WEEKDAY.sub(lambda weekday: "%A" if weekday["long"] else "%a", text)


def _time_format(time: re.Match[str]) -> str:
    half = time["before"] or time["after"]
    clock = f"{'%I' if half else '%H'}{time['colon']}%M"
    if time["colon2"]:
        clock += f"{time['colon2']}%S"
    if time["mark"] and time["colon2"]:
        clock += f"{time['mark']}%f"
    elif time["mark"]:
        return ""
    zone = "" if not time["zone"] else "%Z" if time["zone"].upper() in ("UTC", "GMT") else "%z"
    before = "%p " if (time["before"] or "").endswith(" ") else "%p" if time["before"] else ""
    after = " %p" if (time["after"] or "").startswith(" ") else "%p" if time["after"] else ""
    return before + clock + (time["suffix"] or "") + after + time["gap"] + zone


def is_year_first(date_format: str) -> bool:
    """Whether a format begins with a year of four digits, as ISO dates do."""
    return date_format.startswith("%Y") or date_format == ISO
