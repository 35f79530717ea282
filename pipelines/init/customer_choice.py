"""Customer choice: the column that names the person: it comes back with further orders, an order's own id does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.init.candidates import CLOSE, ExportTable
from pipelines.init.choice import Choice
from pipelines.init.column_names import name_score
from pipelines.init.layout import Layout
from pipelines.init.raw_export import count_distinct
from pipelines.init.value_profile import ValueProfile

MIN_FILL = 0.2
ONE_ORDER = 1.005  # at most so many orders per value: the column names an order, a session or an address
MAX_COUNTED = 6  # candidates whose values are counted over all lines


@dataclass(frozen=True)
class Person:
    """A column that may name the customer, with its counts over all lines."""

    column: str
    different: int
    orders: int
    score: float

    @property
    def orders_each(self) -> float:
        """The mean number of orders of a value."""
        return self.orders / max(self.different, 1)

    def __str__(self) -> str:
        return f"'{self.column}': {self.different:,} different values, {self.orders_each:.1f} orders each"


def choose_customer(
    table: ExportTable, layout: Layout | None, order_columns: Sequence[str], taken: Sequence[str]
) -> Choice | None:
    """The choice for customer_id, or None; ``order_columns`` tell orders apart: the order's id, or its time."""
    sources = layout.customer_sources(table.export.columns) if layout else []
    sources = [column for column in sources if table.profiles[column].counts]
    if sources:
        return _layout_choice(table, sources, order_columns)
    people = _people(table, order_columns, taken)
    if not people:
        return None
    best = people[0]
    questions = [
        f'does "{other.column}" name the person? {other}' for other in people[1:3] if other.score >= CLOSE * best.score
    ]
    if best.orders_each < ONE_ORDER:
        questions.insert(0, f'nobody has a second order by "{best.column}": which column names the person?')
    return Choice("customer_id", best.column, str(best), tuple(questions))


def _layout_choice(table: ExportTable, sources: list[str], order_columns: Sequence[str]) -> Choice:
    """The layout's columns, the fuller one first where it is much fuller; later ones count where earlier are empty."""
    fills = {column: table.profiles[column].fill for column in sources}
    first = max(sources, key=lambda column: (round(fills[column], 1), -sources.index(column)))
    ordered = [first, *(column for column in sources if column != first)]
    if fills[first] > 0.999:
        ordered = [first]
    person = _count_person(table, first, order_columns, 1.0)
    fallback = f"; {_quote_names(ordered[1:])} where it is empty" if ordered[1:] else ""
    return Choice("customer_id", ordered if len(ordered) > 1 else first, f"{person}{fallback}")


def _people(table: ExportTable, order_columns: Sequence[str], taken: Sequence[str]) -> list[Person]:
    """The candidates, the best first."""
    named = [
        (score, column)
        for column, profile in table.profiles.items()
        if column not in taken and _may_name_people(profile)
        and (score := _name_weight(table, column)) > 0.2
    ]  # fmt: skip
    named.sort(key=lambda each: -each[0])
    people = [_count_person(table, column, order_columns, score) for score, column in named[:MAX_COUNTED]]
    return sorted((person for person in people if person.different > 1), key=lambda person: -person.score)


def _name_weight(table: ExportTable, column: str) -> float:
    if not table.export.has_header:
        return 0.6
    weight = name_score(column, "customer_id")
    return max(weight, 0.7) if table.profiles[column].is_email and weight else weight


def _may_name_people(profile: ValueProfile) -> bool:
    if profile.fill < MIN_FILL or len(profile.counts) < 2:
        return False
    if profile.is_only_date:
        return False
    return not profile.is_fractional


def _count_person(table: ExportTable, column: str, order_columns: Sequence[str], name_weight: float) -> Person:
    others = [name for name in order_columns if name != column]
    different, orders = count_distinct(table.connection, table.export, [column], [column, *others])
    orders_each = orders / max(different, 1)
    repeat = 0.3 if orders_each < ONE_ORDER else min(1.0, 0.8 + (orders_each - 1))
    profile = table.profiles[column]
    nobody = profile.top_share if profile.top_share > 0.2 and len(profile.counts) > 20 else 0.0
    return Person(column, different, orders, name_weight * repeat * (0.3 + 0.7 * profile.fill * (1 - nobody)))


def _quote_names(columns: Sequence[str]) -> str:
    return ", then ".join(f"'{column}'" for column in columns)
