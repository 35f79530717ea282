"""Generated logs: a small shop's log around one cutoff, with its features before and its outcomes after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st

from features.calendar import micros
from features.config.sources import EventsSource
from features.history import History
from features.online.arrow_rows import TIMESTAMP_TYPE, arrow_schema, feature_rows
from features.transformations.behaviour import behaviour
from features.transformations.feature_tables import feature_views
from features.transformations.on_demand import input_names, model_inputs
from features.transformations.social import social
from features.transformations.transactions import transactions
from features.views import View
from tests.logs import FEW_EXAMPLES, cutoff, history_of
from training.dataset.labels import outcomes
from training.dataset.outcomes import Outcomes

OPENING, TODAY, LATER, CLOSED = date(2026, 1, 1), "2026-03-01", "2026-04-15", "2026-08-01"
COLUMNS = ("customer_id", "ordered_at", "amount", "order_id", "recorded_at", "product_id")
KINDS = EventsSource(
    path="e", customer_id=("c",), happened_at=("t",), kind=("k",), behaviour=("visit",), social=("post",)
)
CATEGORY = {"p": "tea", "q": "milk"}
SIX_EXAMPLES = settings(FEW_EXAMPLES, max_examples=6)
CUSTOMERS, ZOE = ("ann", "bob", "eve"), "zoe"

Line = tuple[str, str, str, str | None, str | None, str]  # as in COLUMNS
Event = tuple[str, str, str]
Row = dict[str, object]


@dataclass(frozen=True)
class Log:
    """Order lines and events in any order."""

    lines: tuple[Line, ...]
    events: tuple[Event, ...] = ()

    @property
    def history(self) -> History:
        """The history that ingestion would make; Zoe is added so that every shop has a line and an event."""
        zoe = (ZOE, "2026-01-01 09:00:00", "1.00", None, None, "p")
        lines = [(*line, CATEGORY[line[-1]]) for line in (*self.lines, zoe)]
        happened = (*self.events, (ZOE, "2026-01-01 09:00:00", "visit"))
        return history_of(*lines, columns=(*COLUMNS, "category"), events=happened)

    def combine(self, other: Log) -> Log:
        """One log with the lines and events of both."""
        return Log(self.lines + other.lines, self.events + other.events)

    def with_lines(self, lines: Sequence[Line]) -> Log:
        """The same events with other lines."""
        return replace(self, lines=tuple(lines))


def day(number: int) -> str:
    """The day ``number`` days after the opening; 59 is TODAY, 104 is LATER."""
    return (OPENING + timedelta(days=number)).isoformat()


CLOCK = st.sampled_from(["00:00:00", "09:30:00", "09:30:00", "23:59:59.999999"])
AMOUNT = st.sampled_from(["5.00", "5.00", "10.00", "0.10", "19.99", "-5.00", "-19.99"])
BASKET = st.none() | st.sampled_from(["A1", "A2", "A3"])


def _wall_clocks(first: int, last: int) -> st.SearchStrategy[str]:
    return st.builds(lambda number, clock: f"{day(number)} {clock}", st.integers(first, last), CLOCK)


def lines(
    first: int, last: int, recorded: st.SearchStrategy[str | None] | None = None, max_size: int = 12
) -> st.SearchStrategy[list[Line]]:
    """Lines placed between two days, with few distinct baskets and amounts."""
    late = st.none() if recorded is None else recorded
    line = st.tuples(st.sampled_from(CUSTOMERS), _wall_clocks(first, last), AMOUNT, BASKET, late, st.sampled_from("pq"))
    return st.lists(line, max_size=max_size)


def events(first: int, last: int) -> st.SearchStrategy[list[Event]]:
    """Visits and posts between two days."""
    kinds = st.sampled_from(["visit", "post", "bounce"])
    return st.lists(st.tuples(st.sampled_from(CUSTOMERS), _wall_clocks(first, last), kinds), max_size=5)


def past_logs() -> st.SearchStrategy[Log]:
    """Logs placed and recorded before TODAY."""
    recorded = st.none() | _wall_clocks(0, 58)
    return st.builds(lambda lines, events: Log(tuple(lines), tuple(events)), lines(0, 58, recorded), events(0, 58))


def future_logs() -> st.SearchStrategy[Log]:
    """Logs unknown TODAY: placed from then on, also in old baskets, or placed before and recorded later."""
    new_lines = lines(59, 150, st.none() | _wall_clocks(0, 150), max_size=6)
    late_lines = lines(0, 58, _wall_clocks(59, 103), max_size=4)
    return st.builds(
        lambda new, late, events: Log((*new, *late), tuple(events)), new_lines, late_lines, events(59, 150)
    )  # fmt: skip


def known_features(history: History, today: str = TODAY) -> dict[str, Row]:
    """Stored features and model inputs of each customer but Zoe, as known at the start of a day."""
    instant, views = cutoff(today), feature_views(history, KINDS if history.events is not None else None)
    rows = {str(row["customer_id"]): row for row in transactions(history, [instant]).to_pyarrow().to_pylist()}
    if history.events is not None:
        for table in (behaviour(history, [instant], KINDS), social(history, [instant], KINDS)):
            for row in table.to_pyarrow().to_pylist():
                rows[row["customer_id"]] |= row
    table = _features_table(sorted(rows.items()), views, instant.timestamp)
    stored = feature_rows(table, views)
    inputs = model_inputs(stored, np.full(len(rows), micros(instant.timestamp)), np.full(len(rows), instant.day_number))
    names = input_names(stored.columns, tuple(stored.lists))
    inputs_by_row = [[None if np.isnan(value) else float(value) for value in values] for values in inputs]
    return {
        customer_id: {**rows[customer_id], **dict(zip(names, values, strict=True))}
        for customer_id, values in zip(sorted(rows), inputs_by_row, strict=True)
        if customer_id != ZOE
    }


def _features_table(rows: Sequence[tuple[str, Row]], views: Sequence[View], instant: datetime) -> pa.Table:
    fields = [pa.field("customer_id", pa.string()), pa.field("features_at", TIMESTAMP_TYPE)]
    fields += [field for view in views for field in arrow_schema(view)]
    schema = pa.schema(fields)
    return pa.Table.from_pylist(
        [{**dict.fromkeys(schema.names), **row, "features_at": instant} for _, row in rows], schema
    )


def outcomes_after_today(
    history: History, *customers: str, limit: str = CLOSED, horizons: Sequence[int] = (7, 30)
) -> Outcomes:
    """Outcomes of customers from TODAY on, as known at the start of the day ``limit``."""
    rows = pd.DataFrame({"customer_id": list(customers or CUSTOMERS), "position": 0})
    return outcomes(rows, [cutoff(TODAY)], history, cutoff(limit), horizons)
