"""Reminder service: counts the customers who are due in a period, from the scores table and the current consents.

The customers of a row are those of an audience with its filter: they consent, and are not in the global hold-out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from features.arrays import Booleans
from features.calendar import local_day
from features.consents.consent import ReachRequest
from features.consents.ledger import Ledger
from serving.audiences.audience_service import AudienceService
from serving.audiences.canonical_request import with_canonical_words
from serving.audiences.errors import InvalidAudienceRequest
from serving.audiences.estimates.horizon_columns import spend_columns
from serving.audiences.global_holdout import without_holdout
from serving.audiences.query.filters import Filter
from serving.audiences.query.scores_table import Columns
from serving.audiences.schema import AudienceRequest, Node
from serving.audiences.scoring_context import audience_context, scoring_release
from serving.reminders.reminder_rows import Grouping, reminder_rows
from serving.schemas.reminders import ReminderColumn, ReminderQuery, RemindersResponse
from training.experiments.record.global_holdout import global_holdout_on

MAX_PERIOD_DAYS = 366
CATEGORY_COLUMN, TIER_COLUMN = "next_category", "value_tier"
_NODE: TypeAdapter[Node] = TypeAdapter(Node)


@dataclass(frozen=True)
class ReminderService:
    """Reminders of one home; it reads and never writes."""

    home: Path
    ledger: Ledger
    audiences: AudienceService

    def reminders(self, query: ReminderQuery, now: int, machine_now: int, *, is_admin: bool) -> RemindersResponse:
        """The customers who are due in a period, with the consents at ``now``, microseconds since 1970 UTC.

        Raises:
            InvalidAudienceRequest: the query does not fit the table.
            InvalidScores: there are no scores.
        """
        _check_period(query)
        audience = with_canonical_words(AudienceRequest(purpose=query.purpose, channel=query.channel))
        columns, state = self.audiences.scores.columns(), self.ledger.state()
        release = scoring_release(columns)
        context = audience_context(self.home, release)
        days, spend_column = _spend_column(columns) if context.currency else (None, None)
        smallest = 1 if is_admin else self.audiences.policy.smallest_audience
        requested, zone = ReachRequest(audience.purpose, audience.channel), context.zone
        selected = Filter(_NODE.validate_python({"all": _conditions(query)}), columns, zone).mask()
        selected &= self.audiences.consent_filter.mask(columns, requested, now)
        selected = self._without_holdout(selected, columns, local_day(machine_now, zone))
        return RemindersResponse(
            **{"from": query.from_},
            to=query.to,
            purpose=audience.purpose,
            channel=audience.channel,
            column=_reminder_column(query),
            spend_column=spend_column,
            horizon_days=days,
            currency=context.currency,
            as_of=columns["as_of"].take(np.zeros(1, np.intp))[0].as_py(),
            release=release,
            smallest_count=smallest,
            consent_state=str(state),
            reminders=reminder_rows(columns, np.flatnonzero(selected), _grouping(query, spend_column), smallest),
        )

    def _without_holdout(self, selected: Booleans, columns: Columns, today: date) -> Booleans:
        """The selected customers, (customers,), less those in the global hold-out."""
        holdout = global_holdout_on(self.home, today)
        return without_holdout(selected, columns, holdout, self.audiences.derive_key("holdout"))


def _check_period(query: ReminderQuery) -> None:
    """Raise InvalidAudienceRequest for a period that is empty or too long."""
    if query.from_ >= query.to:
        raise InvalidAudienceRequest.for_field(
            "to",
            f"Found the period from {query.from_} to {query.to}; expected from before to: to is the first day that no "
            "longer counts.",
        )
    days = (query.to - query.from_) // timedelta(days=1)
    if days > MAX_PERIOD_DAYS:
        raise InvalidAudienceRequest.for_field(
            "to", f"Found a period of {days:,} days; expected at most {MAX_PERIOD_DAYS}. Ask for a year at a time."
        )


def _reminder_column(query: ReminderQuery) -> ReminderColumn:
    if query.column is not None:
        return query.column
    return "next_category_remind_on" if "category" in query.by or query.category is not None else "remind_on"


def _conditions(query: ReminderQuery) -> list[dict[str, Any]]:
    """The conditions of an audience of all who are due in the period."""
    values = {CATEGORY_COLUMN: query.category, TIER_COLUMN: query.tier}
    equal = [{"column": name, "equals": value} for name, value in values.items() if value is not None]
    return [{"column": _reminder_column(query), "since": str(query.from_), "before": str(query.to)}, *equal]


def _grouping(query: ReminderQuery, spend_column: str | None) -> Grouping:
    """The division into rows; where a row names its day, the period is no condition of it."""
    by_day, (period, *others) = "day" in query.by, _conditions(query)
    return Grouping(
        day_column=_reminder_column(query) if by_day else None,
        category_column=CATEGORY_COLUMN if "category" in query.by else None,
        spend_column=spend_column,
        first_day=query.from_,
        conditions=others if by_day else [period, *others],
    )


def _spend_column(columns: Columns) -> tuple[int | None, str | None]:
    """The shortest horizon of spend in the table, in days, and its column."""
    return min(spend_columns(columns).items(), default=(None, None))
