"""What do publishing and reading cost on each back end of the online store? 100,000 customers, 40 features, 3 views."""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.packed import arrow
from features.packed.backends import LMDB
from features.store import CustomerFeatures
from features.views import Column, Kind, View
from pipelines.screen import keep_warnings_off_the_screen

CUSTOMERS = [f"{customer:08d}" for customer in range(100_000)]
SHAPE = {"transactions": (19, 3), "behaviour": (10, 0), "social": (8, 0)}  # numbers and lists of twelve
DAYS = [datetime(2026, 11, day, tzinfo=UTC) for day in (20, 21)]
READS = 200


def main() -> None:
    """Measure LMDB, and a Redis if one is named; whatever that holds is lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.online", description=__doc__)
    parser.add_argument("--redis", help="the address of a Redis with nothing in it, like redis://127.0.0.1:6379/0")
    chosen = parser.parse_args()
    keep_warnings_off_the_screen()
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as scratch:
        home = Path(scratch)
        write_tables(home)
        for online in (LMDB, *([chosen.redis] if chosen.redis else [])):
            print(online, *measured(home, online), sep="\n  ")  # noqa: T201 -- the figures are the result


def views() -> tuple[View, ...]:
    """Three views with as many columns as a shop's."""
    return tuple(
        View(
            name,
            (
                *(Column(f"{name}_{number}", Kind.FLOAT, "a number") for number in range(numbers)),
                *(Column(f"{name}_list_{number}", Kind.FLOATS, "twelve numbers") for number in range(lists)),
            ),
        )
        for name, (numbers, lists) in SHAPE.items()
    )


def write_tables(home: Path) -> None:
    """A row for every customer on each of the days."""
    rng, n = np.random.default_rng(0), len(CUSTOMERS) * len(DAYS)
    (home / "features").mkdir()
    for view in views():
        columns = {
            arrow.CUSTOMER_ID: pa.array(CUSTOMERS * len(DAYS)),
            arrow.EVENT_TIMESTAMP: pa.array([day for day in DAYS for _ in CUSTOMERS], arrow.INSTANT),
            **{name: pa.array(rng.normal(size=n)) for name in view.scalars},
        }
        for name in view.lists:
            columns[name] = pa.ListArray.from_arrays(np.arange(n + 1, dtype=np.int32) * 12, rng.normal(size=12 * n))
        pq.write_table(pa.table(columns), home / "features" / f"{view.name}.parquet")


def measured(home: Path, online: str) -> Sequence[str]:
    """A line for each thing that costs."""
    features = CustomerFeatures.open(home, views(), ttl_days=30, online=online)
    features.apply()
    published = [timed(lambda day=day: features.materialize(day)) for day in (*DAYS, DAYS[0])]  # type: ignore[misc]
    with redirect_stdout(io.StringIO()):
        merged = timed(lambda: features._feast.materialize(DAYS[0] + timedelta(hours=1), DAYS[1]))  # noqa: SLF001
    rng = np.random.default_rng(1)
    many = [[CUSTOMERS[one] for one in rng.choice(len(CUSTOMERS), 1000, replace=False)] for _ in range(READS)]
    features.now(many[0])
    thousand = [timed(lambda ids=ids: features.now(ids)) for ids in many]  # type: ignore[misc]
    one = [timed(lambda ids=ids: features.now(ids[:1])) for ids in many]  # type: ignore[misc]
    return (
        f"publish (empty, again, again): {', '.join(f'{seconds:.2f}' for seconds in published)} s",
        f"merge the next day: {merged:.2f} s",
        f"read 1,000: median {1e3 * median(thousand):.2f} ms, 99 % {1e3 * np.quantile(thousand, 0.99):.2f} ms",
        f"read one: median {1e6 * median(one):.0f} µs, 99 % {1e6 * np.quantile(one, 0.99):.0f} µs",
    )


def timed(do: Callable[[], object]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
