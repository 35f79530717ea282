"""Real customers: for every household of a grocer, Feast and the fast reader return bit-identical features."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

import pipelines
from features.arrays import Floats, Integers
from features.calendar import micros
from features.config.shop import read_shop_config
from features.history import History
from features.ingestion.ingest import ingest
from features.online import arrow_rows
from features.online.feature_rows import FeatureRows
from features.store.client import CustomerFeatures, feature_rows
from features.store.definitions import FEATURE_SERVICE
from features.transformations.feature_tables import feature_views, write_tables
from features.views import View
from pipelines.demo import complete_journey
from tests.logs import cutoff

pytestmark = pytest.mark.slow

TTL_DAYS = 400
ZONE = "America/New_York"
BEFORE, THEN = cutoff("2017-11-01", ZONE), cutoff("2017-12-01", ZONE)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[View, ...]]:
    """A home with the features of a year at two cutoffs, and its views."""
    home = tmp_path_factory.mktemp("grocer")
    complete_journey.write_tables(home)
    example = Path(pipelines.__path__[0]) / "examples" / "complete-journey.toml"
    config = read_shop_config(Path(shutil.copy(example, home / "flywheel.toml")))
    ingest(config, home / "history")
    history = History.open(home / "history")
    write_tables(history, config.events, [BEFORE, THEN], home / "features")
    return home, feature_views(history, config.events)


@pytest.fixture
def features(tables: tuple[Path, tuple[View, ...]], online: str, tmp_path: Path) -> CustomerFeatures:
    """The features of the home, applied to an empty online store."""
    home, views = tables
    shutil.copytree(home / "features", tmp_path / "features")
    customer_features = CustomerFeatures.open(tmp_path, views, TTL_DAYS, online)
    customer_features.apply()
    return customer_features


@pytest.fixture
def households(tables: tuple[Path, tuple[View, ...]]) -> list[str]:
    """All households known at the later cutoff, and an unknown one among them."""
    known = ds.dataset(tables[0] / "features" / "transactions.parquet").to_table(
        columns=["customer_id"],
        filter=pc.field("event_timestamp") == pa.scalar(THEN.timestamp, arrow_rows.TIMESTAMP_TYPE),
    )
    ids = sorted(known["customer_id"].to_pylist())
    return [*ids[:1000], "stranger", *ids[1000:]]


def bits(numbers: list[float | None] | Floats) -> Integers:
    """The bit patterns of floats, so that a comparison is exact."""
    return np.array(numbers, np.float64).view(np.int64)


def assert_readers_agree(features: CustomerFeatures, households: list[str]) -> FeatureRows:
    """Check that the fast reader returns what Feast returns, and return it."""
    now = features.now(households)
    rows = [{"customer_id": household} for household in households]
    feast = features.feast.get_online_features(features.feast.get_feature_service(FEATURE_SERVICE), rows).to_dict()
    assert {*feast} == {"customer_id", *now.columns, *now.lists}
    for name in now.columns:
        np.testing.assert_array_equal(bits(now.column(name)), bits(feast[name]), err_msg=name)
    for name, ragged in now.lists.items():
        expected = [values or [] for values in feast[name]]
        np.testing.assert_array_equal(np.diff(ragged.offsets), [len(values) for values in expected], err_msg=name)
        np.testing.assert_array_equal(
            bits(ragged.values), bits([item for values in expected for item in values]), err_msg=name
        )
    return now


def training_features(
    features: CustomerFeatures, views: tuple[View, ...], households: list[str], at: datetime
) -> FeatureRows:
    """The features of a training set at an instant."""
    instants = pa.array([at] * len(households), arrow_rows.TIMESTAMP_TYPE)
    requested = pa.table({"customer_id": households, "event_timestamp": instants})
    return feature_rows(features.as_of(requested), views)


def test_published_features_are_the_same_online_as_in_training(
    features: CustomerFeatures, tables: tuple[Path, tuple[View, ...]], households: list[str]
) -> None:
    assert features.materialize(THEN.timestamp) == len(households) - 1
    now = assert_readers_agree(features, households)
    past = training_features(features, tables[1], households, THEN.timestamp)
    assert now.known.sum() == len(households) - 1
    np.testing.assert_array_equal(bits(now.matrix), bits(past.matrix))
    for name, ragged in past.lists.items():
        np.testing.assert_array_equal(bits(now.lists[name].values), bits(ragged.values), err_msg=name)


def test_a_month_materialized_incrementally_comes_to_the_same_as_one_published_whole(
    features: CustomerFeatures, households: list[str]
) -> None:
    features.feast.materialize(datetime(2017, 10, 1, tzinfo=UTC), BEFORE.timestamp)
    assert assert_readers_agree(features, households).features_at.max() == micros(BEFORE.timestamp)
    features.feast.materialize_incremental(THEN.timestamp)
    by_increment = assert_readers_agree(features, households)
    features.materialize(THEN.timestamp)
    whole = features.now(households)
    assert (by_increment.features_at[by_increment.known] == micros(THEN.timestamp)).all()
    np.testing.assert_array_equal(bits(by_increment.matrix), bits(whole.matrix))


@pytest.mark.parametrize("method", ["push", "write_to_online_store"])
def test_rows_that_come_one_by_one_are_the_same_as_published(
    features: CustomerFeatures, tables: tuple[Path, tuple[View, ...]], households: list[str], method: str
) -> None:
    features.materialize(THEN.timestamp)
    published = features.now(households)
    features.materialize(BEFORE.timestamp)
    assert features.now(households).features_at.max() == micros(BEFORE.timestamp)
    for view in tables[1]:
        rows = ds.dataset(tables[0] / "features" / f"{view.name}.parquet").to_table().to_pandas()
        name = f"{view.name}_push" if method == "push" else view.name
        getattr(features.feast, method)(name, rows.sample(frac=1, random_state=0))
    np.testing.assert_array_equal(bits(assert_readers_agree(features, households).matrix), bits(published.matrix))
