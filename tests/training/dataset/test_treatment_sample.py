"""Treatment sample: an arm against control, with features strictly before each decision."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.calendar import DAY_US, micros
from features.history import Cutoff, History
from features.online.feature_rows import FeatureRows
from tests.training.shops import ZONE, FakeFeatureStore, cutoff, history_of
from training.dataset.randomised_sample import RandomisedSample
from training.dataset.treatment_sample import treatment_sample
from training.experiments.refusal import Refusal
from training.experiments.units import Units

NOON = DAY_US // 2
ORDERS = (("ann", 10.0, 5.0), ("ann", 40.0, 9.0), ("bob", 20.0, 7.0), ("cat", 30.0, 3.0), ("dan", 35.0, 4.0))
DECIDED_DAY = 60
CUTOFFS = (cutoff(30), cutoff(58), cutoff(90))


@dataclass(frozen=True)
class PublishedAtCutoffs:
    """Features as they were published: the newest cutoff at or before each instant."""

    store: FakeFeatureStore
    cutoffs: tuple[Cutoff, ...]

    @classmethod
    def of(cls, history: History) -> PublishedAtCutoffs:
        return cls(FakeFeatureStore(history, CUTOFFS), CUTOFFS)

    def as_of(self, customers: pa.Table) -> FeatureRows:
        instants = customers["event_timestamp"].to_pandas()
        published = pd.DatetimeIndex([each.timestamp for each in self.cutoffs]).as_unit("us")
        newest = published[published.searchsorted(pd.DatetimeIndex(instants), "right") - 1]
        stamps = pa.array(newest, pa.timestamp("us", "UTC"))
        rows = self.store.as_of(customers.set_column(1, "event_timestamp", stamps))
        return replace(rows, known=~np.isnan(rows.column("orders")))


def units(*rows: tuple[str, str, float], arms: tuple[str, ...] = ("none", "coupon", "gift")) -> Units:
    """Decisions at noon of one day: customer, arm, outcome."""
    customers, drawn, outcomes = zip(*rows, strict=True)
    n = len(rows)
    return Units(
        arms=arms, control=0, arm=np.array([arms.index(arm) for arm in drawn], np.int8),
        probabilities=np.tile([0.5, 0.3, 0.2], (n, 1)), day=np.full(n, DECIDED_DAY), epoch=np.ones(n, int),
        age_days=np.full(n, 40.0), segment=np.full(n, -1, np.int8), segments=(), covariates=np.empty((n, 0)),
        values={"order_28d": np.array(outcomes)}, delay_days={"order_28d": np.full(n, np.inf)},
        customer_ids=customers, decided_at=np.full(n, micros(cutoff(DECIDED_DAY).timestamp) + NOON),
    )  # fmt: skip


EVERYBODY = units(("ann", "coupon", 1.0), ("bob", "none", 0.0), ("cat", "gift", 1.0), ("dan", "none", 1.0))


def sample_of(compared: Units = EVERYBODY, *more: tuple[str, float, float]) -> RandomisedSample:
    features = PublishedAtCutoffs.of(history_of(*ORDERS, *more))
    sample = treatment_sample(compared, "coupon", "order_28d", features, ZONE)
    assert isinstance(sample, RandomisedSample)
    return sample


def refusal_of(compared: Units) -> Refusal:
    refusal = treatment_sample(compared, "coupon", "order_28d", PublishedAtCutoffs.of(history_of(*ORDERS)), ZONE)
    assert isinstance(refusal, Refusal)
    return refusal


def test_it_holds_the_arm_and_control_with_the_probability_between_the_two() -> None:
    sample = sample_of()
    assert sample.treated.tolist() == [True, False, False]
    assert sample.outcome.tolist() == [1.0, 0.0, 1.0]
    assert sample.probability.tolist() == pytest.approx([0.3 / 0.8] * 3)


def test_features_are_those_known_before_the_decision_seen_from_it() -> None:
    sample = sample_of()
    assert sample.inputs[:, sample.names.index("orders")].tolist() == [2.0, 1.0, 1.0]
    recency = sample.inputs[:, sample.names.index("recency_days")]
    assert recency.tolist() == pytest.approx([20.5, 40.5, 25.5])


@pytest.mark.parametrize("day", [60.6, 61.0, 95.0])
def test_an_order_after_the_decision_changes_nothing(day: float) -> None:
    after = sample_of(EVERYBODY, ("ann", day, 50.0))
    assert np.array_equal(after.inputs, sample_of().inputs, equal_nan=True)


def test_an_order_before_the_published_features_is_seen() -> None:
    assert not np.array_equal(sample_of(EVERYBODY, ("ann", 50.0, 5.0)).inputs, sample_of().inputs, equal_nan=True)


def test_a_customer_without_features_is_left_out() -> None:
    strangers = units(("ann", "coupon", 1.0), ("zoe", "none", 0.0), ("bob", "none", 0.0))
    assert sample_of(strangers).treated.tolist() == [True, False]


def test_an_outcome_that_is_not_mature_is_left_out() -> None:
    open_window = units(("ann", "coupon", float("nan")), ("bob", "none", 0.0), ("dan", "coupon", 1.0))
    assert sample_of(open_window).outcome.tolist() == [0.0, 1.0]


def test_a_customer_with_several_decisions_counts_at_the_first() -> None:
    again = units(("ann", "none", 0.0), ("bob", "none", 0.0), ("ann", "coupon", 1.0))
    decided = np.asarray(again.decided_at).copy()
    decided[0] += DAY_US
    sample = sample_of(replace(again, decided_at=decided))
    assert sample.treated.tolist() == [False, True]


def test_decisions_without_probabilities_are_refused() -> None:
    unknown = replace(EVERYBODY, probabilities=np.full((4, 3), np.nan))
    assert refusal_of(unknown) == Refusal(
        "probabilities_unknown",
        "Found 3 decisions without probabilities; expected those of all arms at each. Log them.",
    )


def test_customers_who_could_be_in_one_arm_alone_are_refused() -> None:
    certain = replace(EVERYBODY, probabilities=np.tile([0.995, 0.005, 0.0], (4, 1)))
    assert refusal_of(certain) == Refusal(
        "no_overlap",
        "Found 3 customers who could hardly be in one of the two arms; expected a probability of at least 0.01 of "
        "each. Raise the floor.",
    )


def test_an_experiment_without_control_is_refused() -> None:
    assert refusal_of(replace(EVERYBODY, control=None)).reason == "no_randomised_control"
