"""Where does a customer's past and present come from? The only door to Feast."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from feast import FeatureStore, RepoConfig
from feast.errors import FeatureServiceNotFoundException

from features.definitions import CUSTOMER_ID, EVENT_TIMESTAMP, SERVICE, Definition, definitions, table
from features.errors import NothingThere
from features.packed import arrow
from features.packed.arrow import FEATURES_AT, stored
from features.packed.lmdb import PackedReader, writing
from features.stored import Stored
from features.views import View

__all__ = ["CustomerFeatures", "stored"]

PROJECT = "flywheel"
ROW = "row"

_ASKED = pa.schema([(CUSTOMER_ID, pa.string()), (EVENT_TIMESTAMP, arrow.INSTANT)])


class CustomerFeatures:
    """What was known of customers at any cutoff, and what the store holds of them now."""

    def __init__(self, feast: FeatureStore, home: Path, views: tuple[View, ...], ttl_days: int) -> None:
        self._feast = feast
        self._home = home
        self._views = views
        self._ttl_days = ttl_days

    @classmethod
    def open(cls, home: Path, views: tuple[View, ...], ttl_days: int) -> CustomerFeatures:
        """The features kept below ``home``; ``views[0]`` has a row for every known customer."""
        with _quiet():
            return cls(FeatureStore(config=_repo_config(home.resolve())), home.resolve(), views, ttl_days)

    def apply(self) -> None:
        """Make the catalogue say exactly what the views declare, and drop what is declared no more."""
        wanted = definitions(self._views, self._home, self._ttl_days)
        with _quiet():
            self._feast.apply(wanted, objects_to_delete=self._no_longer(wanted), partial=False)

    def as_of(self, customers: pa.Table) -> pa.Table:
        """What was known of each customer at its own instant, in the order given.

        Args:
            customers: customer_id (string) and event_timestamp (timestamp[us, UTC]); a customer may come repeatedly.

        Returns:
            The same two columns, every column of the views (null where nothing was known, or what was is older than
            the time to live), and ``features_at``, the cutoff of the row of the first view.
        """
        asked = customers.select([CUSTOMER_ID, EVENT_TIMESTAMP]).cast(_ASKED)
        if asked.num_rows == 0:
            return self._schema().empty_table()
        joined = self._joined(asked.append_column(ROW, pa.array(np.arange(asked.num_rows))))
        if joined.num_rows != asked.num_rows:
            raise RuntimeError(
                f"The point-in-time join returned {joined.num_rows} rows for {asked.num_rows} asked. "
                f"Publish the features again: a view may hold a customer twice at one cutoff."
            )
        joined = joined.sort_by(ROW).append_column(FEATURES_AT, self._features_at(asked))
        return joined.select(self._schema().names).cast(self._schema())

    def materialize(self, as_of: datetime) -> int:
        """Make the online store hold exactly the rows of this cutoff; how many customers that is."""
        published = self._rows_at(as_of)
        with _quiet():
            self._feast.materialize(as_of, as_of)
        return published

    def now(self, customer_ids: Sequence[str]) -> Stored:
        """What the online store holds of these customers, in the order given."""
        return self._reader.read(customer_ids)

    def forget(self, customer_id: str) -> int:
        """Remove one customer from the online store, from every view; how many rows that was."""
        with writing(_online(self._home)) as writer:
            return writer.forget(customer_id)

    @cached_property
    def _reader(self) -> PackedReader:
        return PackedReader.open(_online(self._home), self._views)

    def _no_longer(self, wanted: list[Definition]) -> list[Definition]:
        """What an earlier apply declared and this one does not."""
        names = {(type(definition), definition.name) for definition in wanted}
        declared = [
            *self._feast.list_feature_services(),
            *self._feast.list_feature_views(),
            *self._feast.list_data_sources(),
        ]
        return [definition for definition in declared if (type(definition), definition.name) not in names]

    def _joined(self, asked: pa.Table) -> pa.Table:
        with _quiet():
            service = self._feast.get_feature_service(SERVICE)
            return self._feast.get_historical_features(_frame(asked), service).to_arrow()

    def _features_at(self, asked: pa.Table) -> pa.ChunkedArray:
        """The cutoff of the first view's row that each line was joined with, null where there was none."""
        left = ibis.memtable(asked.append_column(ROW, pa.array(np.arange(asked.num_rows))))
        rows = ibis.read_parquet(table(self._home, self._views[0].name))
        right = rows.select(CUSTOMER_ID, rows[EVENT_TIMESTAMP].name(FEATURES_AT))
        joined = left.asof_join(right, left[EVENT_TIMESTAMP] >= right[FEATURES_AT], CUSTOMER_ID)
        with _quiet():
            found = joined.select(ROW, FEATURES_AT).to_pyarrow().sort_by(ROW)[FEATURES_AT].cast(arrow.INSTANT)
        age = pc.subtract(asked[EVENT_TIMESTAMP], found)
        fresh = pc.less_equal(age, pa.scalar(timedelta(days=self._ttl_days)))
        return pc.if_else(fresh, found, None)

    def _rows_at(self, as_of: datetime) -> int:
        """How many customers the first view has at this cutoff; raises NothingThere when it has none."""
        if as_of.tzinfo is None:
            raise ValueError(f"{as_of} has no offset from UTC. Give the instant at which the shop's day begins.")
        path = table(self._home, self._views[0].name)
        if not path.exists():
            raise NothingThere(f"There are no features in {path}. Compute them first: flywheel publish.")
        cutoffs = ds.dataset(path).to_table([EVENT_TIMESTAMP])[EVENT_TIMESTAMP]
        rows = pc.sum(pc.equal(cutoffs, pa.scalar(as_of, arrow.INSTANT))).as_py()
        if not rows:
            raise NothingThere(
                f"There are no features at {as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}: those in {path} are from "
                f"{pc.min(cutoffs)} to {pc.max(cutoffs)}. Compute them first: flywheel publish."
            )
        return int(rows)

    def _schema(self) -> pa.Schema:
        fields = [field for view in self._views for field in arrow.schema(view)]
        return pa.schema([*_ASKED, *fields, (FEATURES_AT, arrow.INSTANT)])


def _online(home: Path) -> Path:
    return home / "online"


def _frame(asked: pa.Table) -> pd.DataFrame:
    return asked.to_pandas()


def _repo_config(home: Path) -> RepoConfig:
    home.mkdir(parents=True, exist_ok=True)
    return RepoConfig(
        project=PROJECT,
        provider="local",
        registry={
            "registry_type": "sql",
            "path": f"sqlite:///{home / 'registry.db'}",
            "cache_ttl_seconds": 60,
            "serve_features_while_materializing": True,
        },
        offline_store={"type": "duckdb"},
        online_store={"type": "features.packed.online.PackedOnlineStore", "path": str(_online(home))},
        batch_engine={"type": "features.packed.engine.PackedEngine"},
        entity_key_serialization_version=3,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Feast prints its progress in colours, and Ibis calls a DuckDB method that is about to be renamed."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        yield
