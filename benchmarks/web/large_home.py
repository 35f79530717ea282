"""Large home: a trained home whose scores table is repeated until it has as many customers as are asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.serving.home_fixture import HomeFixture
from pipelines.home import Home
from pipelines.scoring.part_files import table_writer

ROW_GROUP = 10_000


def large_home(fixture: HomeFixture, customers: int, folder: Path) -> HomeFixture:
    """Return a copy of a home whose scores table has ``customers`` rows, with all its columns and new ids.

    Every number is moved by up to a hundredth, so that columns have as many different values as in a large shop.
    """
    shutil.copytree(fixture.home.folder, folder, symlinks=True)
    home = Home(folder)
    scores = pq.read_table(home.scores)
    rng = np.random.default_rng(0)
    repeated = scores.take(pa.array(rng.integers(0, len(scores), customers)))
    for index, field in enumerate(repeated.schema):
        if field.name == "customer_id":
            ids = pa.array([f"customer-{number:09d}" for number in range(customers)])
            repeated = repeated.set_column(index, field, ids)
        elif pa.types.is_floating(field.type):
            factor = pa.array(rng.uniform(0.99, 1.0, customers))
            repeated = repeated.set_column(index, field, pa.compute.multiply(repeated[field.name], factor))
    repeated = repeated.replace_schema_metadata(scores.schema.metadata)
    with table_writer(home.scores, repeated.schema) as writer:
        writer.write_table(repeated, row_group_size=ROW_GROUP)
    return HomeFixture(home, fixture.customers, fixture.as_of)
