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


LOG_SILENT = "log_silent"  # in ``accept`` of flywheel.toml it stands for --accept-silence

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
    LOG_SILENT: (
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
    "ids_nobody": (_WARNING, "Lines with a word for nobody as id, such as NULL or Guest; they belong to no customer"),
    "ids_trimmed": (
        _INFO,
        "Ids that differ by blanks, Unicode form or invisible characters only, and are one customer each",
    ),
    "ids_whole_floats": (_INFO, "Whole numbers that are written with .0, and are read without it"),
    "ids_long": (_WARNING, "Ids of over 256 characters: probably another column than the id"),
    "ids_scientific": (_EITHER, "Ids such as 8.61E+12, written by a spreadsheet; blocking above 1 % of all lines"),
    "ids_differ_by_case": (_WARNING, "Ids that differ by upper and lower case only"),
    "ids_differ_by_unicode_form": (
        _WARNING,
        "Ids that differ by the form of characters only, such as full-width digits",
    ),
    "ids_differ_by_point_zero": (_WARNING, "Ids that differ by a final .0 only"),
    "ids_differ_by_leading_zeros": (_WARNING, "Ids that differ by leading zeros only"),
    "ids_differ_by_punctuation": (_INFO, "Ids that differ by blanks, hyphens, quotes and brackets only"),
}
_AMOUNTS = {
    "amount_outweighs": (_WARNING, "An amount above 1,000 times the 99.9th percentile, or above the sum of all others"),
    "amounts_three_decimals": (_WARNING, "Most amounts have three decimals: the point may stand between thousands"),
    "amounts_mostly_negative": (_WARNING, "More negative amounts than positive ones"),
    "amounts_equal": (_INFO, "All lines have the same amount"),
}

_FILES = {
    "encoding_guessed": (_INFO, "A file that is not UTF-8, read in the encoding in which all of it can be read"),
    "preamble_skipped": (_INFO, "Lines before the header of a file, left out"),
    "repeated_headers": (_INFO, "Lines that repeat the header, left out"),
    "formula_text": (_INFO, 'Values such as ="0017", which are read as the text within'),
    "total_rows": (_INFO, "Totals at the end of a file or between its lines, left out"),
    "sheet_chosen": (_INFO, "A workbook of several sheets, of which the one with the columns is read"),
    "sheets_unread": (_WARNING, "Further sheets with the same columns, which are not read"),
}
_VALUES = {
    "numbers_guessed": (_INFO, "Numbers that can be read with one decimal mark only, and are read so"),
    "date_format_guessed": (_INFO, "Dates that can be read in one way only, and are read so"),
    "dates_ambiguous": (_WARNING, "Dates that could also be read with day and month swapped"),
    "currency_sign_differs": (_WARNING, "Amounts with the sign of another currency"),
    "blank_amounts": (_INFO, "Lines without an amount, and how they count"),
    "lines_rejected": (_WARNING, "Lines that cannot be read, set aside in rejected.csv"),
}
_ROWS = {
    "overlapping_files": (("warning", "info"), "Lines or orders that stand in several files"),
    "older_states": (_INFO, "Older states of an order, left out"),
    "filter_value_absent": (_WARNING, "A value of include or exclude that no line has"),
    "status_not_filtered": (_WARNING, "Cancelled or unpaid orders that count as purchases"),
    "test_orders_not_filtered": (_WARNING, "Test orders that count as purchases"),
    "gift_cards_not_filtered": (_INFO, "Gift cards that count as purchases"),
    "refunds_not_subtracted": (_WARNING, "Refunds in a column of their own, which the amount does not take off"),
    "join_unmatched": (_WARNING, "Lines without a row in a joined file"),
    "join_rows_unused": (("warning", "info"), "Rows of a joined file that belong to no line"),
    "aliases_unused": (_WARNING, "Old ids of the aliases of which none is in the log"),
    "column_absent_in_file": (_WARNING, "A column that one of several files lacks"),
    "currency_differs": (_WARNING, "All lines are in another currency than that of the configuration"),
    "currency_missing": (_WARNING, "Lines without a currency, counted in that of the configuration"),
    "order_number_reused": (_WARNING, "Order numbers whose purchases are more than three days apart"),
    "order_number_shared": (_WARNING, "Order numbers that belong to several customers"),
    "zero_amount_orders": (_INFO, "Orders of amount 0, and whether they count"),
    "orders_returned_in_full": (_INFO, "Orders with a refund as large as their total, which do not count"),
}
_IDS = {
    "ids_nobody": (_WARNING, "Words for nobody as customer id, such as NULL; their lines belong to no customer"),
    "ids_trimmed": (_INFO, "Ids that differed by blanks, Unicode form or invisible characters only, now one each"),
    "ids_whole_floats": (_INFO, "Ids that are whole numbers written with .0, read without it"),
    "ids_long": (_WARNING, "Ids of over 256 characters: probably another column than the id"),
}

HISTORY_CODES: Mapping[str, CodeDescription] = MappingProxyType(
    {code: CodeDescription(*text) for group in (_DATES, _IDENTITIES, _AMOUNTS) for code, text in group.items()}
)  # of the canonical history as of a day
INGESTION_CODES: Mapping[str, CodeDescription] = MappingProxyType(
    {code: CodeDescription(*text) for group in (_FILES, _VALUES, _ROWS, _IDS) for code, text in group.items()}
)  # of the files, which only ingestion sees
CODES: Mapping[str, CodeDescription] = MappingProxyType({**HISTORY_CODES, **INGESTION_CODES})
