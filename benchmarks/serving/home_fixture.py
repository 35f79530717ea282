"""The service that is measured: Complete Journey, trained, promoted, published and scored."""

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
    """A home with a champion, its customers, and the day as of which they are known."""

    home: Home
    customers: Sequence[str]
    as_of: datetime


def prepare_home(work: Path, report: Callable[[str], None]) -> HomeFixture:
    """The home below ``work``, made there unless it is there already."""
    (log,) = (one for one in LOGS if one.name == "complete-journey")
    job = log.run_context(work, report)
    if job.home.champion() is None:
        publish.run(job)
        promote.run(job.home, datetime.now(UTC), report, version=train.run(job))
    if not job.home.scores.is_file():
        score.run(job.config, job.home, job.now, report)
    customers = pq.read_table(job.home.features / "transactions.parquet", columns=["customer_id"])
    return HomeFixture(job.home, sorted(set(customers["customer_id"].to_pylist())), job.now.timestamp)
