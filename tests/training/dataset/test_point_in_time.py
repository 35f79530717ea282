"""Point-in-time join: one row per known customer and cutoff, with features known before and outcomes after."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.calendar import micros
from features.history import Cutoff
from features.transformations.on_demand import model_inputs
from features.transformations.transactions import transactions
from tests.training.shops import ZONE, FakeFeatureStore, corner_shop, cutoff, day, history, simulate_lines
from training.dataset.point_in_time import assign_folds, build_dataset, sample_customers
from training.dataset.population import known_customers


def test_a_dataset_has_one_row_for_each_known_customer_and_cutoff() -> None:
    shop = corner_shop()
    known = FakeFeatureStore(shop.history, shop.cutoffs).known_customers(shop.cutoffs)
    assert len(shop.data.inputs) == len(shop.data.customers) == len(known)
    assert set(map(tuple, shop.data.customers.to_numpy())) == set(map(tuple, known.to_numpy()))
    assert not shop.data.customers.duplicated().any()


def test_rows_of_some_cutoffs_are_all_rows_of_those_cutoffs() -> None:
    shop = corner_shop()
    cutoffs = [shop.cutoffs[2], shop.cutoffs[7]]
    rows = shop.data.rows(shop.now, (30,), cutoffs)
    expected = shop.data.customers["position"].isin([2, 7])
    assert len(rows) == expected.sum()
    inputs = shop.data.inputs[expected]
    assert np.array_equal(rows.column("recency_days"), inputs[:, rows.names.index("recency_days")], equal_nan=True)
    assert np.array_equal(rows.column("orders"), inputs[:, rows.names.index("orders")])
    assert set(rows.cutoff.tolist()) == {item.day_number for item in cutoffs}


@pytest.mark.parametrize("index", [0, 7, -1])
def test_inputs_of_a_row_are_the_features_of_that_customer_at_that_cutoff(index: int) -> None:
    shop = corner_shop()
    instant = shop.cutoffs[index]
    published = FakeFeatureStore(shop.history, [instant])
    position = shop.cutoffs.index(instant)
    at_cutoff = (shop.data.customers["position"] == position).to_numpy()
    sample = np.flatnonzero(at_cutoff)[[3, 50, -1]]
    keys = pa.table(
        {
            "customer_id": shop.data.customers["customer_id"].iloc[sample].to_list(),
            "event_timestamp": [instant.timestamp] * 3,
        }
    )
    expected = model_inputs(
        published.as_of(keys), np.full(3, micros(instant.timestamp)), np.full(3, instant.day_number)
    )
    assert np.array_equal(shop.data.inputs[sample], expected, equal_nan=True)


def test_the_order_of_the_customers_changes_nothing() -> None:
    shop = corner_shop()
    cutoffs = shop.cutoffs[:3]
    published = FakeFeatureStore(shop.history, cutoffs)
    customers = published.known_customers(cutoffs)
    dataset = build_dataset(customers, cutoffs, shop.history, published)
    shuffled = build_dataset(customers.sample(frac=1, random_state=1), cutoffs, shop.history, published)
    assert dataset.customers.equals(shuffled.customers)
    assert np.array_equal(dataset.inputs, shuffled.inputs, equal_nan=True)


def test_a_customer_has_one_number_and_one_fold_at_every_cutoff() -> None:
    shop = corner_shop()
    rows = shop.data.rows(shop.now, (30,), shop.cutoffs)
    table = pd.DataFrame({"customer": shop.data.customers["customer_id"], "number": rows.customer, "fold": rows.fold})
    per_customer = table.groupby("customer").nunique()
    assert (per_customer == 1).all().all()
    assert table["number"].nunique() == table["customer"].nunique()


def test_labels_begin_where_inputs_end() -> None:
    shop = corner_shop()
    rows = shop.data.rows(shop.now, (30,), shop.cutoffs[:-1])
    column = rows.column("recency_days")
    assert (column[~np.isnan(column)] > 0).all()
    assert (rows.outcomes.wait_days >= 0).all()


def test_the_folds_are_about_equal_and_never_change() -> None:
    customers = pd.Series([f"c{number:05d}" for number in range(4_000)])
    halves = assign_folds(customers)
    assert 0.45 < halves.mean() < 0.55
    assert np.array_equal(halves[:5], assign_folds(customers[:5]))
    assert assign_folds(pd.Series(["17850", "12345", "(anna)", "Ünal"])).tolist() == [0, 1, 1, 0]


def test_no_customers_have_no_folds() -> None:
    assert assign_folds(pd.Series([], dtype="str")).tolist() == []


def test_a_sample_of_a_few_is_all_of_them() -> None:
    assert sample_customers(["a", "b"], max_customers=2) == {"a", "b"}


def test_a_sample_is_stable_and_hardly_moves_with_new_customers() -> None:
    customers = [f"c{number}" for number in range(3_000)]
    sample = sample_customers(customers, max_customers=500)
    assert len(sample) == 500
    assert sample_customers(customers[::-1], max_customers=500) == sample
    with_newcomers = sample_customers([*customers, *(f"new{number}" for number in range(30))], max_customers=500)
    assert len(sample & with_newcomers) >= 480


def test_a_sample_is_balanced_between_the_folds() -> None:
    customers = [f"c{number:06d}" for number in range(20_000)]
    assert 0.45 < assign_folds(pd.Series(sorted(sample_customers(customers, max_customers=2_000)))).mean() < 0.55


def write_features(folder: Path, customers: int, cutoffs: list[Cutoff]) -> Path:
    pq.write_table(
        transactions(history(simulate_lines(customers, 60)), cutoffs).to_pyarrow(), folder / "transactions.parquet"
    )
    return folder


def test_every_customer_with_features_is_in_the_training_set(tmp_path: Path) -> None:
    cutoffs = [cutoff(30), cutoff(60)]
    rows = known_customers(write_features(tmp_path, 40, cutoffs), cutoffs)
    lines = simulate_lines(40, 60)
    early = lines[lines["ordered_at"] < datetime(2020, 1, 31, tzinfo=UTC)]
    assert set(rows.loc[rows["position"] == 1, "customer_id"]) == set(lines["customer_id"])
    assert set(rows.loc[rows["position"] == 0, "customer_id"]) == set(early["customer_id"])


def test_a_cutoff_that_is_not_requested_is_left_out(tmp_path: Path) -> None:
    write_features(tmp_path, 40, [cutoff(20), cutoff(30), cutoff(60)])
    rows = known_customers(tmp_path, [cutoff(30), cutoff(60)])
    assert set(rows["position"]) == {0, 1}
    assert rows["position"].dtype.kind == "i"


def test_a_sampled_customer_has_all_its_cutoffs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "training.dataset.population.sample_customers", lambda customers: sample_customers(customers, max_customers=10)
    )
    rows = known_customers(write_features(tmp_path, 40, [cutoff(30), cutoff(60)]), [cutoff(30), cutoff(60)])
    assert rows["customer_id"].nunique() == 10
    assert set(rows.loc[rows["position"] == 0, "customer_id"]) <= set(rows.loc[rows["position"] == 1, "customer_id"])


def test_a_cutoff_is_a_local_day() -> None:
    assert Cutoff.from_day(day(0), ZONE) == cutoff(0)
    assert replace(cutoff(0), day=day(1)).day_number == cutoff(1).day_number
