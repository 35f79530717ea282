"""One row per known customer and cutoff: what was known then, beside what then happened."""

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
from tests.training.shops import ZONE, FakePublishedFeatures, corner_shop, cutoff, day, history, simulate_lines
from training.dataset.point_in_time import assign_folds, build_dataset, sample_customers
from training.dataset.population import known_customers


def test_a_dataset_has_one_row_for_each_known_customer_and_cutoff() -> None:
    shop = corner_shop()
    known = FakePublishedFeatures(shop.history, shop.cutoffs).known(shop.cutoffs)
    assert len(shop.data.inputs) == len(shop.data.customers) == len(known)
    assert set(map(tuple, shop.data.customers.to_numpy())) == set(map(tuple, known.to_numpy()))
    assert not shop.data.customers.duplicated().any()


def test_rows_of_some_cutoffs_are_all_rows_of_those_cutoffs() -> None:
    shop = corner_shop()
    chosen = [shop.cutoffs[2], shop.cutoffs[7]]
    rows = shop.data.rows(shop.now, (30,), chosen)
    expected = shop.data.customers["position"].isin([2, 7])
    assert len(rows) == expected.sum()
    assert np.array_equal(rows.inputs, shop.data.inputs[expected], equal_nan=True)
    assert set(rows.cutoff.tolist()) == {one.day_number for one in chosen}


@pytest.mark.parametrize("place", [0, 7, -1])
def test_inputs_of_a_row_are_the_features_of_that_customer_at_that_cutoff(place: int) -> None:
    shop = corner_shop()
    at = shop.cutoffs[place]
    alone = FakePublishedFeatures(shop.history, [at])
    position = shop.cutoffs.index(at)
    mine = (shop.data.customers["position"] == position).to_numpy()
    someone = np.flatnonzero(mine)[[3, 50, -1]]
    asked = pa.table(
        {
            "customer_id": shop.data.customers["customer_id"].iloc[someone].to_list(),
            "event_timestamp": [at.timestamp] * 3,
        }
    )
    expected = model_inputs(alone.as_of(asked), np.full(3, micros(at.timestamp)), np.full(3, at.day_number))
    assert np.array_equal(shop.data.inputs[someone], expected, equal_nan=True)


def test_the_order_in_which_customers_are_known_changes_nothing() -> None:
    shop = corner_shop()
    cutoffs = shop.cutoffs[:3]
    published = FakePublishedFeatures(shop.history, cutoffs)
    known = published.known(cutoffs)
    one = build_dataset(known, cutoffs, shop.history, published)
    other = build_dataset(known.sample(frac=1, random_state=1), cutoffs, shop.history, published)
    assert one.customers.equals(other.customers)
    assert np.array_equal(one.inputs, other.inputs, equal_nan=True)


def test_a_customer_keeps_number_and_half_at_every_cutoff() -> None:
    shop = corner_shop()
    rows = shop.data.rows(shop.now, (30,), shop.cutoffs)
    table = pd.DataFrame({"who": shop.data.customers["customer_id"], "number": rows.customer, "fold": rows.fold})
    per_customer = table.groupby("who").nunique()
    assert (per_customer == 1).all().all()
    assert table["number"].nunique() == table["who"].nunique()


def test_labels_begin_where_inputs_end() -> None:
    shop = corner_shop()
    rows = shop.data.rows(shop.now, (30,), shop.cutoffs[:-1])
    column = rows.column("recency_days")
    assert (column[~np.isnan(column)] > 0).all()
    assert (rows.outcomes.wait_days >= 0).all()


def test_the_halves_are_about_equal_and_never_change() -> None:
    customers = pd.Series([f"c{number:05d}" for number in range(4_000)])
    halves = assign_folds(customers)
    assert 0.45 < halves.mean() < 0.55
    assert np.array_equal(halves[:5], assign_folds(customers[:5]))
    assert assign_folds(pd.Series(["17850", "12345", "(anna)", "Ünal"])).tolist() == [0, 1, 1, 0]


def test_nobody_has_no_half() -> None:
    assert assign_folds(pd.Series([], dtype="str")).tolist() == []


def test_a_sample_of_a_few_is_all_of_them() -> None:
    assert sample_customers(["a", "b"], max_customers=2) == {"a", "b"}


def test_a_sample_is_the_same_whenever_the_same_are_known_and_hardly_moves_when_more_are() -> None:
    customers = [f"c{number}" for number in range(3_000)]
    chosen = sample_customers(customers, max_customers=500)
    assert len(chosen) == 500
    assert sample_customers(customers[::-1], max_customers=500) == chosen
    with_newcomers = sample_customers([*customers, *(f"new{number}" for number in range(30))], max_customers=500)
    assert len(chosen & with_newcomers) >= 480


def test_a_sample_does_not_lean_to_either_half() -> None:
    customers = [f"c{number:06d}" for number in range(20_000)]
    assert 0.45 < assign_folds(pd.Series(sorted(sample_customers(customers, max_customers=2_000)))).mean() < 0.55


def write_features(folder: Path, customers: int, cutoffs: list[Cutoff]) -> Path:
    pq.write_table(
        transactions(history(simulate_lines(customers, 60)), cutoffs).to_pyarrow(), folder / "transactions.parquet"
    )
    return folder


def test_whoever_the_published_features_know_is_in_the_training_set(tmp_path: Path) -> None:
    cutoffs = [cutoff(30), cutoff(60)]
    found = known_customers(write_features(tmp_path, 40, cutoffs), cutoffs)
    lines = simulate_lines(40, 60)
    early = lines[lines["ordered_at"] < datetime(2020, 1, 31, tzinfo=UTC)]
    assert set(found.loc[found["position"] == 1, "customer_id"]) == set(lines["customer_id"])
    assert set(found.loc[found["position"] == 0, "customer_id"]) == set(early["customer_id"])


def test_a_cutoff_that_is_not_asked_for_is_left_out(tmp_path: Path) -> None:
    write_features(tmp_path, 40, [cutoff(20), cutoff(30), cutoff(60)])
    found = known_customers(tmp_path, [cutoff(30), cutoff(60)])
    assert set(found["position"]) == {0, 1}
    assert found["position"].dtype.kind == "i"


def test_a_crowd_is_sampled_with_all_its_cutoffs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "training.dataset.population.sample_customers", lambda customers: sample_customers(customers, max_customers=10)
    )
    found = known_customers(write_features(tmp_path, 40, [cutoff(30), cutoff(60)]), [cutoff(30), cutoff(60)])
    assert found["customer_id"].nunique() == 10
    assert set(found.loc[found["position"] == 0, "customer_id"]) <= set(
        found.loc[found["position"] == 1, "customer_id"]
    )


def test_a_cutoff_is_a_local_day() -> None:
    assert Cutoff.from_day(day(0), ZONE) == cutoff(0)
    assert replace(cutoff(0), day=day(1)).day_number == cutoff(1).day_number
