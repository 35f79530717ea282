"""Customer history schema: what one customer ordered, month by month."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from serving.schemas.base import StrictModel


class CategoryMonth(StrictModel):
    """The orders of one month in one category."""

    category: str = Field(description="As it stands in the shop's log.", examples=["skin care"])
    orders: int = Field(description="Placed orders with a line in the category.")
    net_spend: float | None = Field(description="Null for a log without amounts.")


class OrderMonth(StrictModel):
    """The orders of one month of the shop's calendar."""

    month: str = Field(description="Year and month.", examples=["2026-09"])
    orders: int = Field(description="Placed orders; an order is of the month of its first line.")
    net_spend: float | None = Field(
        description="Amounts of the lines dated in the month, returns taken off; null for a log without amounts."
    )
    categories: list[CategoryMonth] | None = Field(
        description="By spend, then by orders, the highest first; null for a log without categories."
    )


class CategoryOrders(StrictModel):
    """The orders of all months in one category."""

    category: str = Field(description="As it stands in the shop's log.", examples=["skin care"])
    orders: int = Field(description="Placed orders with a line in the category.")


class CustomerHistory(StrictModel):
    """What one customer ordered so far; without consent to profiling, or without any order line, no figures."""

    customer_id: str = Field(examples=["17850"])
    status: Literal["available", "unknown_customer", "withheld_consent", "history_unavailable"]
    reason: Literal["not_on_this_machine", "history_damaged", "store_unreachable", "consents_unavailable"] | None = (
        Field(default=None, description="Why the history cannot be read. The first: the log was ingested elsewhere.")
    )
    as_of: datetime = Field(description="Lines before this instant count.")
    currency: str | None = Field(default=None, description="Null while no release is loaded.", examples=["GBP"])
    orders: int | None = Field(default=None, description="Placed orders.")
    net_spend: float | None = Field(default=None, description="Of all lines; null for a log without amounts.")
    first_order_on: date | None = Field(default=None, description="The shop's day of the first placed order.")
    last_order_on: date | None = Field(default=None, description="The shop's day of the last placed order.")
    months: list[OrderMonth] | None = Field(
        default=None, description="Every month from the first order line to the last, also those without an order."
    )
    categories: list[CategoryOrders] | None = Field(
        default=None, description="The five with the most orders, the most first; null for a log without categories."
    )
