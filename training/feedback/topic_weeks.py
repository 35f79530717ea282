"""Topics by week and sentiment: the counts of the heat map, without ids and without small cells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from features.arrays import Booleans
from features.config.text_labels import SENTIMENTS, TOPICS
from features.storage.atomic_files import replace_text

FILE = "feedback_topics.json"
WEEKS = 26
ALL = "all"
Shares = dict[str, dict[str, float | None] | None]  # by topic; None for too few customers


@dataclass(frozen=True)
class Cell:
    """Texts of one week on one topic with one sentiment; counts are null for too few customers, and for none."""

    week: str  # its Monday
    topic: str
    sentiment: str
    texts: int | None
    customers: int | None


@dataclass(frozen=True)
class TopicWeeks:
    """The counts of the last weeks, what they rest on, and the shares of negative texts by topic."""

    as_of: str
    classifier: str  # the digest
    smallest: int  # customers of a cell that is told
    evidence: list[dict[str, Any]]  # by language
    cells: tuple[Cell, ...]
    negative_shares: Shares

    def write(self, home: Path) -> None:
        """Replace the file in the home."""
        replace_text(home / FILE, json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, home: Path) -> TopicWeeks | None:
        """Read the file of the home; None before the first, or where it is damaged."""
        try:
            return _weeks_type().validate_json((home / FILE).read_bytes())
        except (OSError, ValidationError):
            return None

    def suppressed_below(self, smallest: int) -> TopicWeeks:
        """The same with the cells of fewer customers suppressed too, and the shares of topics without a larger one."""
        if smallest <= self.smallest:
            return self
        cells = tuple(
            cell if cell.customers is not None and cell.customers >= smallest
            else Cell(cell.week, cell.topic, cell.sentiment, None, None)
            for cell in self.cells
        )  # fmt: skip
        large = {cell.topic for cell in cells if cell.customers is not None}
        shares = {topic: share if topic in large else None for topic, share in self.negative_shares.items()}
        return replace(self, smallest=smallest, cells=cells, negative_shares=shares)


@cache
def _weeks_type() -> TypeAdapter[TopicWeeks]:
    return TypeAdapter(TopicWeeks)


def monday(day: date) -> date:
    """The Monday of a day's week (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def count_cells(labels: pa.Table, last_week: date, smallest: int) -> tuple[Cell, ...]:
    """The cells of the last weeks, by week, topic (and all texts) and sentiment.

    ``labels`` has the columns customer_id, day_number (local days since 1970), sentiment and a column for each topic.
    """
    days, customers = labels["day_number"].to_numpy(), labels["customer_id"].combine_chunks().dictionary_encode()
    codes = customers.indices.to_numpy()
    sentiments = np.array(labels["sentiment"].to_pylist(), object)
    mondays = days - (days + 3) % 7  # 1 January 1970 was a Thursday
    last = (last_week - date(1970, 1, 1)).days
    rows = {ALL: np.ones(len(days), bool)} | {topic: labels[topic].fill_null(False).to_numpy() for topic in TOPICS}  # noqa: FBT003 -- a value
    return tuple(
        _cell(week, topic, sentiment, codes[inside & (mondays == week) & (sentiments == sentiment)], smallest)
        for week in range(last - 7 * (WEEKS - 1), last + 1, 7)
        for topic, inside in rows.items()
        for sentiment in _sentiments(topic)
    )


def _sentiments(topic: str) -> Sequence[str]:
    return SENTIMENTS if topic == ALL else SENTIMENTS[:-1]  # an unread text has no topic


def _cell(week: int, topic: str, sentiment: str, customers: np.ndarray[Any, Any], smallest: int) -> Cell:
    distinct, day = len(np.unique(customers)), date(1970, 1, 1) + timedelta(days=week)
    is_told = distinct >= max(smallest, 1)
    counts = (len(customers), distinct) if is_told else (None, None)
    return Cell(day.isoformat(), topic, sentiment, *counts)


def masks_by_topic(labels: pa.Table) -> Iterator[tuple[str, Booleans]]:
    """Which texts are on each topic, all texts that were read first."""
    yield ALL, labels["positive"].is_valid().to_numpy()
    for topic in TOPICS:
        yield topic, labels[topic].fill_null(False).to_numpy()  # noqa: FBT003 -- a value
