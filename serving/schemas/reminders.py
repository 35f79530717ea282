"""Reminder schemas: how many customers are due to be reminded on each day, and what they are expected to spend."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from serving.schemas.base import StrictModel

Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
ReminderColumn = Literal["remind_on", "next_category_remind_on"]


class ReminderQuery(StrictModel):
    """Reminder query: the days, how to divide them, and whom to count."""

    from_: date = Field(alias="from", description="The first day.", examples=["2026-11-23"])
    to: date = Field(description="The first day that no longer counts; at most 366 days later.")
    by: Literal["day", "category", "day,category"] = Field(
        default="day", description="One row for each day, for each category, or for each category of a day."
    )
    column: ReminderColumn | None = Field(
        default=None,
        description="The day that counts: of any order, or of the soonest category. Default: of the category where "
        "`by` or `category` names one.",
    )
    category: Word | None = Field(default=None, description="Only this next category, as it stands in the log.")
    tier: Word | None = Field(default=None, description="Only this `value_tier`.")
    purpose: Word = Field(default="marketing", description="The purpose that customers have consented to.")
    channel: Word | None = Field(default=None, description="The channel of the reminder. Default: any.")


class ReminderRow(StrictModel):
    """The customers who are due on a day, for a category, or both."""

    day: date | None = Field(description="Null where the rows are by category alone.")
    category: str | None = Field(description="Null where the rows are by day alone.")
    customers: int
    expected_spend: float | None = Field(
        description="Sum of `spend_column` over them; null for a log without amounts, or without such a column."
    )
    filter: dict[str, Any] = Field(
        description="The `filter` of `POST /v1/audiences` whose members these are, with the same purpose and channel."
    )


class RemindersResponse(StrictModel):
    """Customers who are due in a period, without the global hold-out."""

    from_: date = Field(alias="from")
    to: date
    purpose: str
    channel: str | None
    column: ReminderColumn = Field(description="The column of the scores table with the day that counts.")
    spend_column: str | None = Field(description="The shortest horizon of spend.", examples=["ltv_30d_mean"])
    horizon_days: int | None = Field(description="That horizon.")
    currency: str | None
    as_of: datetime = Field(description="The instant of the scores. No reminder is before its day.")
    release: str = Field(description="The release that scored.")
    smallest_count: int = Field(
        description="Rows of fewer customers are left out; 1 for a key with the scope admin, else `smallest_audience`."
    )
    consent_state: str
    reminders: list[ReminderRow] = Field(description="By day, then by customers, the most first.")
