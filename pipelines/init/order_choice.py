"""Order choice: the order's id, product, category, quantity, discount, channel and store, where an export has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from features.storage.sql_quoting import quote_identifier
from pipelines.init.candidates import Candidate, ExportTable, best_candidate
from pipelines.init.choice import Choice
from pipelines.init.layout import Layout
from pipelines.init.lexicon import Role
from pipelines.init.raw_export import count_distinct
from pipelines.init.value_profile import ValueProfile

MAX_NAMES = 300  # different channels, stores or categories
DAYS_PER_ORDER = 1.05  # an order id that comes back on other days is a till's number, or no order's id


def choose_order_id(table: ExportTable, layout: Layout | None, time_column: str) -> Choice | None:
    """The choice for order_id, or None where no column tells orders apart."""
    source = layout.source("order_id", table.export.columns) if layout else None
    if source is not None:
        (different,) = count_distinct(table.connection, table.export, [source])
        return Choice("order_id", source, f"'{source}': {different:,} different values")
    candidates = table.candidates("order_id", _is_order_id)
    for candidate in candidates[:3]:
        if candidate.column == time_column:
            continue
        different, on_days = _orders_and_days(table, candidate.column, time_column)
        if different > 1 and on_days <= DAYS_PER_ORDER * different:
            return Choice(
                "order_id", candidate.column, f"'{candidate.column}': {different:,} different values, each on one day"
            )
    return None


def choose_quantity(table: ExportTable, layout: Layout | None, taken: list[str]) -> str | None:
    """The column with the number of units, or None."""
    if layout is not None:
        return layout.source("quantity", table.export.columns)
    return best_candidate(_detail_candidates(table, "quantity", _is_quantity), taken)


def choose_details(table: ExportTable, layout: Layout | None, taken: list[str]) -> list[Choice]:
    """The choices for the columns that a log may lack, in the order of the file's reference."""
    choices = []
    for role, accept in _DETAILS.items():
        source = layout.source(role, table.export.columns) if layout else None
        if source is not None and source in table.profiles and not table.profiles[source].counts:
            continue
        if layout is None:
            source = best_candidate(_detail_candidates(table, role, accept), taken)
        if source is not None:
            taken.append(source)
            choices.append(Choice(role, source))
    return choices


def _detail_candidates(table: ExportTable, role: Role, accept: Callable[[ValueProfile], bool]) -> list[Candidate]:
    return [each for each in table.candidates(role, accept) if each.score >= 0.4]


def _orders_and_days(table: ExportTable, column: str, time_column: str) -> tuple[int, int]:
    """How many different values a column has, and how many different pairs of value and day."""
    # The first ten characters of a time are its day where the year stands in front; else a longer text has more pairs.
    day = f"substr(CAST({quote_identifier(time_column)} AS VARCHAR), 1, {_day_length(table.profiles[time_column])})"
    value = quote_identifier(column)
    sql = (
        f"SELECT count(DISTINCT {value}), count(DISTINCT concat_ws(chr(1), {value}, {day})) "
        f"FROM {table.export.view} WHERE coalesce(CAST({value} AS VARCHAR), '') <> '' AND coalesce({day}, '') <> ''"
    )
    different, pairs = table.connection.execute(sql).fetchall()[0]
    return int(different), int(pairs)


def _day_length(profile: ValueProfile) -> int:
    lengths = [len(value.split(" ")[0].split("T")[0]) for value in profile.values[:200]]
    return max(lengths, default=10)


def _is_order_id(profile: ValueProfile) -> bool:
    if profile.fill < 0.5 or len(profile.counts) < 2:
        return False
    has_fractions = profile.is_fractional
    return not has_fractions and not (profile.is_only_date)


def _is_name(profile: ValueProfile) -> bool:
    is_text = not (profile.is_only_date)
    return is_text and 1 < len(profile.counts) <= MAX_NAMES and profile.fill > 0.3


def _is_product(profile: ValueProfile) -> bool:
    return len(profile.counts) > 1 and profile.fill > 0.3 and not (profile.is_only_date)


def _is_quantity(profile: ValueProfile) -> bool:
    return profile.is_number and profile.fill > 0.5


def _is_money(profile: ValueProfile) -> bool:
    """Numbers that are no shares: a discount of 0.15 is a rate."""
    if not profile.is_number:
        return False
    digits = ["".join(filter(str.isdigit, value.split(".")[0].split(",")[0])) for value in profile.values]
    return any(text.lstrip("0") not in {"", "1"} for text in digits) and not any("%" in text for text in profile.values)


_DETAILS: Mapping[Role, Callable[[ValueProfile], bool]] = {
    "quantity": _is_quantity,
    "product_id": _is_product,
    "category": _is_name,
    "discount": _is_money,
    "coupon": _is_money,
    "channel": _is_name,
    "store_id": _is_name,
}
