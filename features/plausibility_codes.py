"""Plausibility codes: every code that a note may have, with its severities and what was noticed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from features.plausibility_note import Severity


class CodeDescription(NamedTuple):
    """The severities that notes of a code may have, and what they notice."""

    severities: tuple[Severity, ...]
    meaning: str


_INFO: tuple[Severity, ...] = ("info",)
_WARNING: tuple[Severity, ...] = ("warning",)
_BLOCKING: tuple[Severity, ...] = ("blocking",)
_EITHER: tuple[Severity, ...] = ("blocking", "warning")

_DATES = {
    "dates_outlying": (_EITHER, "Dates long before all others; blocking where they are too many to be winsorised"),
    "dates_before_1990": (_BLOCKING, "Dates before 1990 that are no few outliers"),
    "dates_after_as_of": (("warning", "info"), "Dates from the as-of day on; information where they continue the log"),
    "dates_midnight_utc": (_WARNING, "Hardly any line at another time than midnight UTC, in a zone that is not UTC"),
    "no_day_above_12": (_EITHER, "No date after the 12th of a month: day and month may be swapped"),
    "log_gap": (_WARNING, "A silence inside the log, unlike the rest of it: an export may be missing"),
    "log_silent": (
        _EITHER,
        "Days without a line at the end, beyond the longest silence of the log; blocking far beyond",
    ),
}
_IDENTITIES = {
    "id_dominant": (
        _BLOCKING,
        "An id with more than 5 % of all lines, and five times as many as nine in ten customers",
    ),
    "customer_per_order": (_EITHER, "Hardly any customer ordered on two days; blocking from two months of log on"),
    "ids_scientific": (_EITHER, "Ids such as 8.61E+12, written by a spreadsheet; blocking above 1 % of all lines"),
    "ids_differ_by_case": (_WARNING, "Ids that differ by upper and lower case only"),
    "ids_differ_by_unicode_form": (
        _WARNING,
        "Ids that differ by the form of characters only, such as full-width digits",
    ),
    "ids_differ_by_point_zero": (_WARNING, "Ids that differ by a final .0 only"),
    "ids_differ_by_leading_zeros": (_WARNING, "Ids that differ by leading zeros only"),
    "ids_differ_by_punctuation": (_INFO, "Ids that differ by blanks, hyphens and brackets only"),
}
_AMOUNTS = {
    "amount_outweighs": (_WARNING, "An amount above 1,000 times the 99.9th percentile, or above the sum of all others"),
    "amounts_three_decimals": (_WARNING, "Most amounts have three decimals: the point may stand between thousands"),
    "amounts_zero": (_INFO, "Lines of amount 0"),
    "amounts_mostly_negative": (_WARNING, "More negative amounts than positive ones"),
    "amounts_equal": (_INFO, "All lines have the same amount"),
}

CODES: Mapping[str, CodeDescription] = MappingProxyType(
    {code: CodeDescription(*text) for group in (_DATES, _IDENTITIES, _AMOUNTS) for code, text in group.items()}
)
