"""Feature store client: point-in-time joins, materialization and online reads; the only use of Feast's client."""

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
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from features.errors import NotFound
from features.online import arrow_rows
from features.online.arrow_rows import feature_rows
from features.online.backends import LMDB, Reader, open_store, resolve_location
from features.online.feature_rows import FeatureRows
from features.publication import ROW_ID, VIEW, Publication
from features.storage.duckdb_connection import NO_PROGRESS_BAR
from features.views import CUSTOMER_ID, EVENT_TIMESTAMP, FEATURES_AT, View

with warnings.catch_warnings():  # importing Feast turns on the deprecation warnings of all libraries
    from feast import FeatureStore, FileSource, RepoConfig
    from feast.errors import FeastObjectNotFoundException
    from feast.feast_object import FeastObject

    from features.store.definitions import FEATURE_SERVICE, feast_objects, table_path
    from features.store.materialization_engine import replace_views

__all__ = ["CustomerFeatures", "feature_rows"]

PROJECT = "flywheel"
ROW_NUMBER = "row"

_REQUEST_SCHEMA = pa.schema([(CUSTOMER_ID, pa.string()), (EVENT_TIMESTAMP, arrow_rows.TIMESTAMP_TYPE)])


class CustomerFeatures:
    """The features of customers at any cutoff (offline), and now (online store); ``feast`` is Feast's own client."""

    def __init__(self, feast: FeatureStore, home: Path, views: tuple[View, ...], ttl_days: int) -> None:
        self.feast = feast
        self._home = home
        self._views = views
        self._ttl_days = ttl_days
        self._online = open_store(feast.config.online_store.location)

    @classmethod
    def open(cls, home: Path, views: tuple[View, ...], ttl_days: int, online: str = LMDB) -> CustomerFeatures:
        """The features below ``home``; ``views[0]`` has a row for every known customer.

        The online store is a folder of the home, or at the address of a Redis.

        Raises:
            InvalidStore: ``online`` is neither ``lmdb`` nor such an address.
        """
        home.mkdir(parents=True, exist_ok=True)
        home = home.resolve()
        ibis.get_backend().raw_sql(NO_PROGRESS_BAR)  # Feast joins in the default backend
        with _suppress_feast_output():
            return cls(FeatureStore(config=_repo_config(home, resolve_location(online, home))), home, views, ttl_days)

    def apply(self) -> None:
        """Make Feast's catalogue declare exactly these views, and drop all others."""
        declared = feast_objects(self._views, self._home, self._ttl_days)
        with _suppress_feast_output():
            self.feast.apply(list(declared), objects_to_delete=self._obsolete_objects(declared), partial=False)

    def as_of(self, customers: pa.Table) -> pa.Table:
        """Point-in-time join: the features of each customer as known at its own instant, in the given order.

        Args:
            customers: customer_id (string) and event_timestamp (timestamp[us, UTC]); a customer may occur repeatedly.

        Returns:
            The same two columns, every column of the views (null where nothing was known, or where the row is older
            than the time to live), and ``features_at``, the cutoff of the first view's row (null where there was none).

        Raises:
            NotFound: the catalogue was never applied.
            RuntimeError: Feast returned another number of rows than requested.
        """
        request = (
            customers.select(_REQUEST_SCHEMA.names)
            .cast(_REQUEST_SCHEMA)
            .append_column(ROW_NUMBER, pa.array(np.arange(customers.num_rows)))
        )
        if request.num_rows == 0:
            return self._schema().empty_table()
        with _suppress_feast_output():
            joined, features_at = self._point_in_time_join(request), self._features_at(request)
        if joined.num_rows != request.num_rows:
            raise RuntimeError(
                f"The point-in-time join returned {joined.num_rows} rows for {request.num_rows} requested. "
                f"Training on them would be wrong: report this with the versions of feast and duckdb."
            )
        joined = joined.sort_by(ROW_NUMBER).append_column(FEATURES_AT, features_at)
        return joined.select(self._schema().names).cast(self._schema())

    def materialize(self, as_of: datetime, publication: Publication | None = None) -> int:
        """Make the online store hold exactly the rows of this cutoff, and its publication; returns how many customers.

        Readers see the previous state until all views are written; if the process is killed, that state remains.

        Raises:
            NotFound: the feature tables have no rows of this cutoff, or the catalogue was never applied.
            ValueError: ``as_of`` has no offset from UTC.
            StoreUnavailable: the online store does not answer.
        """
        customers = self._count_customers_at(as_of)
        rows = {} if publication is None else {ROW_ID: publication.to_bytes()}
        self._online.remove_damaged()
        with _suppress_feast_output(), _translate_missing_view(), replace_views({VIEW: rows}):
            self.feast.materialize(as_of, as_of, feature_views=[view.name for view in self._views])
        return customers

    def now(self, customer_ids: Sequence[str]) -> FeatureRows:
        """The features of these customers in the online store, in the given order.

        Raises:
            NotFound: nothing was published yet.
            SchemaMismatch: the stored rows have other columns than the views.
            StoreUnavailable: the online store does not answer.
        """
        return self._reader.read(customer_ids)

    def erase(self, customer_id: str) -> int:
        """Remove one customer from every view of the online store; returns the number of rows removed."""
        with self._online.write_transaction() as writer:
            return writer.erase(customer_id)

    @cached_property
    def _reader(self) -> Reader:
        return self._online.reader(self._views)

    def _obsolete_objects(self, declared_objects: Sequence[FeastObject]) -> list[FeastObject]:
        """The objects that an earlier apply declared and this one does not."""
        names = {(type(definition), definition.name) for definition in declared_objects}
        declared: list[FeastObject] = [
            *self.feast.list_feature_services(),
            *self.feast.list_feature_views(),
            *self.feast.list_data_sources(),
        ]
        return [definition for definition in declared if (type(definition), definition.name) not in names]

    def _point_in_time_join(self, request: pa.Table) -> pa.Table:
        """Feast's point-in-time join, in any order; a home that was moved or copied is declared again before."""
        if self._reads_another_home():
            self.apply()
        with _translate_missing_view():
            service = self.feast.get_feature_service(FEATURE_SERVICE)
        return self.feast.get_historical_features(request.to_pandas(), service).to_arrow()

    def _reads_another_home(self) -> bool:
        """Whether the catalogue, which stores absolute paths, was made where the home is no longer."""
        files = [source for source in self.feast.list_data_sources() if isinstance(source, FileSource)]
        return any(Path(source.path) != table_path(self._home, source.name) for source in files)

    def _features_at(self, request: pa.Table) -> pa.Array:
        """The cutoff of the first view's row that Feast joins to each request, in the requested order."""
        rows = ibis.read_parquet(table_path(self._home, self._views[0].name))
        rows = rows.select(CUSTOMER_ID, rows[EVENT_TIMESTAMP].name(FEATURES_AT))
        lines = ibis.memtable(request)
        joined = lines.asof_join(rows, lines[EVENT_TIMESTAMP] >= rows[FEATURES_AT], CUSTOMER_ID)
        features_at = (
            joined.select(ROW_NUMBER, FEATURES_AT)
            .to_pyarrow()
            .sort_by(ROW_NUMBER)[FEATURES_AT]
            .cast(arrow_rows.TIMESTAMP_TYPE)
        )
        age = pc.subtract(request[EVENT_TIMESTAMP], features_at)
        return pc.if_else(pc.less_equal(age, pa.scalar(timedelta(days=self._ttl_days))), features_at, None)

    def _count_customers_at(self, as_of: datetime) -> int:
        """The number of customers in the first view at this cutoff; raises NotFound if there are none."""
        path = table_path(self._home, self._views[0].name)
        if as_of.tzinfo is None:
            raise ValueError(f"{as_of} has no offset from UTC. Give the instant at which the shop's day begins.")
        if not path.exists():
            raise NotFound(f"There are no features in {path}. Compute them first: flywheel publish.")
        cutoffs = ds.dataset(path).to_table([EVENT_TIMESTAMP])[EVENT_TIMESTAMP]
        customers = pc.sum(pc.equal(cutoffs, pa.scalar(as_of, arrow_rows.TIMESTAMP_TYPE))).as_py()
        if not customers:
            raise NotFound(
                f"There are no features at {as_of.astimezone(UTC)}: those in {path} are from {pc.min(cutoffs)} to "
                f"{pc.max(cutoffs)}. Compute them first: flywheel publish."
            )
        return int(customers)

    def _schema(self) -> pa.Schema:
        fields = [field for view in self._views for field in arrow_rows.arrow_schema(view)]
        return pa.schema([*_REQUEST_SCHEMA, *fields, (FEATURES_AT, arrow_rows.TIMESTAMP_TYPE)])


def _repo_config(home: Path, online: str) -> RepoConfig:
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
        online_store={"type": "features.store.online_store.PackedOnlineStore", "location": online},
        batch_engine={"type": "features.store.materialization_engine.PackedEngine"},
        entity_key_serialization_version=3,
    )


@contextmanager
def _translate_missing_view() -> Iterator[None]:
    """Raise NotFound where Feast reports a catalogue that was never applied."""
    try:
        yield
    except FeastObjectNotFoundException as error:
        raise NotFound(f"The catalogue does not know all views yet ({error}). Run: flywheel publish.") from None


@contextmanager
def _suppress_feast_output() -> Iterator[None]:
    """Hide Feast's coloured progress, and a warning about a DuckDB method that Ibis calls."""
    with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
        warnings.filterwarnings("ignore", "fetch_arrow_table", DeprecationWarning)
        yield
