"""Home fixture: Complete Journey, trained, promoted, published and scored, for the measured service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.datasets import LOGS
from pipelines.home import Home
from pipelines.steps import promote, publish, score, train


@dataclass(frozen=True)
class HomeFixture:
    """A home with a champion, its customers, and its as-of instant."""

    home: Home
    customers: Sequence[str]
    as_of: datetime


def prepare_home(work: Path, report: Callable[[str], None]) -> HomeFixture:
    """Return the home below ``work``; create it if it is missing."""
    (log,) = (candidate for candidate in LOGS if candidate.name == "complete-journey")
    context = log.run_context(work, report)
    if context.home.champion() is None:
        publish.run(context)
        promote.run(context.home, datetime.now(UTC), report, version=train.run(context))
    if not context.home.scores.is_file():
        score.run(context.config, context.home, context.now, report)
    customers = pq.read_table(context.home.features / "transactions.parquet", columns=["customer_id"])
    return HomeFixture(context.home, sorted(set(customers["customer_id"].to_pylist())), context.now.timestamp)
