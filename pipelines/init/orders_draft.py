"""Orders draft: the columns that a table of lines has for the [orders] section, and the lines that count."""

from __future__ import annotations

from dataclasses import dataclass, replace

from features.errors import InvalidConfig
from features.ingestion.expressions import columns_of
from pipelines.init.amount_choice import choose_amount
from pipelines.init.candidates import ExportTable
from pipelines.init.choice import Choice
from pipelines.init.customer_choice import choose_customer
from pipelines.init.headerless import choose_by_values
from pipelines.init.layout import Layout
from pipelines.init.layouts import recognize_layout
from pipelines.init.newest_state import choose_updated_at
from pipelines.init.order_choice import choose_details, choose_order_id, choose_quantity
from pipelines.init.statuses import choose_filters
from pipelines.init.time_choice import choose_time, time_columns


@dataclass(frozen=True)
class OrdersDraft:
    """What a table of lines says about its orders; without a customer or a time it has none."""

    table: ExportTable
    layout: Layout | None
    ordered_at: Choice | None
    customer: Choice | None
    order_id: Choice | None
    amount: Choice | None
    details: tuple[Choice, ...] = ()
    filters: tuple[Choice, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether an order log can be read from it."""
        return self.ordered_at is not None and self.customer is not None

    @property
    def column_choices(self) -> list[Choice]:
        """The choices for the columns, in the order of the reference."""
        choices = (self.customer, self.ordered_at, self.amount, self.order_id, *self.details)
        return [choice for choice in choices if choice is not None]

    @property
    def time_columns(self) -> list[str]:
        """The raw columns of the time of the order."""
        return time_columns(str(self.ordered_at.value), self.table) if self.ordered_at else []

    @property
    def number_columns(self) -> list[str]:
        """The raw columns of amounts and other numbers."""
        numbers = [
            self.amount,
            *(choice for choice in self.details if choice.key in {"quantity", "discount", "coupon"}),
        ]
        columns = [column for choice in numbers if choice for column in self._columns(str(choice.value))]
        return list(dict.fromkeys(columns))

    @property
    def used_columns(self) -> set[str]:
        """All raw columns that the section names."""
        columns = {
            column for choice in self.column_choices for column in choice.columns if column in self.table.profiles
        }
        filters = {column for choice in self.filters if isinstance(choice.value, dict) for column in choice.value}
        return columns | filters | {*self.time_columns, *self.number_columns}

    def _columns(self, source: str) -> list[str]:
        try:
            return [column for column in columns_of(source, self.table.export.columns) if column in self.table.profiles]
        except InvalidConfig:
            return []


def draft_orders(table: ExportTable) -> OrdersDraft:
    """Choose the columns of the orders; a known layout comes before names and values."""
    layout = recognize_layout(table.export.columns)
    ordered_at = choose_time(table, layout)
    if ordered_at is None:
        return OrdersDraft(table, layout, None, choose_customer(table, layout, [], []), None, None)
    times = time_columns(str(ordered_at.value), table)
    order_id = choose_order_id(table, layout, times[0])
    order_columns = order_id.columns if order_id else times
    taken = [*times, *(order_id.columns if order_id else [])]
    customer = choose_customer(table, layout, order_columns, taken)
    taken += customer.columns if customer else []
    if not table.export.has_header:
        amount, number = choose_by_values(table, taken)
        return OrdersDraft(table, None, ordered_at, customer, order_id, amount, (number,) if number else ())
    quantity = choose_quantity(table, layout, taken)
    amount = choose_amount(table, layout, order_columns[0] if order_id else None, quantity)
    taken += amount.columns if amount else []
    draft = OrdersDraft(table, layout, ordered_at, customer, order_id, amount)
    details = (
        *choose_details(table, layout, taken),
        *choose_updated_at(table, order_columns[0] if order_id else None, draft.number_columns),
    )
    return replace(draft, details=details, filters=tuple(choose_filters(table, layout, draft.number_columns)))
