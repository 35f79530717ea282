"""Point-in-time join: features as they were known at each cutoff, next to the outcomes observed after it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from features.arrays import Codes, Floats, Integers
from features.calendar import micros
from features.history import Cutoff, History
from features.online.feature_rows import FeatureRows
from features.transformations.on_demand import input_names, model_inputs
from training.dataset.labels import orders_by_day, outcomes
from training.dataset.outcomes import Rows
from training.dataset.winsorizing import amount_limits, winsorize_rows
from training.inference.categories.lines import CategoryLines, lines_from_features

MAX_CUSTOMERS = 15_000


class PointInTimeFeatures(Protocol):
    """The source of features as they were known at past instants."""

    def as_of(self, customers: pa.Table) -> FeatureRows:
        """Features of (customer_id, event_timestamp) rows, in the order given."""
        ...


@dataclass(frozen=True)
class Dataset:
    """Known customers at every cutoff, with the model's inputs."""

    customers: pd.DataFrame  # customer_id, position of its cutoff
    cutoffs: tuple[Cutoff, ...]
    names: tuple[str, ...]
    inputs: Floats  # (n, names)
    history: History
    customer_numbers: dict[str, int]  # a number per customer
    lines: CategoryLines | None = None  # categories ordered before each row's cutoff; None without categories

    def rows(self, limit: Cutoff, horizons: Sequence[int], cutoffs: Sequence[Cutoff]) -> Rows:
        """Winsorized rows at these cutoffs, with outcomes up to the limit and over the horizons in days."""
        positions = [position for position, cutoff in enumerate(self.cutoffs) if cutoff in set(cutoffs)]
        mask = self.customers["position"].isin(positions).to_numpy()
        customers = self.customers[mask].reset_index(drop=True)
        rows = Rows(
            names=self.names,
            inputs=self.inputs[mask],
            cutoff=np.array([cutoff.day_number for cutoff in self.cutoffs])[customers["position"].to_numpy()],
            customer=self._numbers(customers["customer_id"]),
            fold=assign_folds(customers["customer_id"]),
            outcomes=outcomes(customers, self.cutoffs, self.history, limit, horizons),
            orders_by_day=orders_by_day(self.history, limit),
        )
        return winsorize_rows(rows)

    @property
    def amount_limits(self) -> dict[str, float]:
        """The largest plausible value of each input that is an amount of money, for use at inference."""
        return amount_limits(self.names, self.inputs, self._numbers(self.customers["customer_id"]))

    def _numbers(self, customer_ids: pd.Series) -> Integers:
        return np.array([self.customer_numbers[customer_id] for customer_id in customer_ids], dtype=np.int64)


def build_dataset(
    population: pd.DataFrame, cutoffs: Sequence[Cutoff], history: History, features: PointInTimeFeatures
) -> Dataset:
    """Join the features of known customers, each as known at its cutoff.

    Args:
        population: customer_id and the position of its cutoff, one row per known customer and cutoff.
        cutoffs: ascending instants.
        history: the canonical log, for the labels.
        features: the source of features at past instants.
    """
    ordered = population.sort_values(["position", "customer_id"], ignore_index=True)
    cutoff_us = np.array([micros(cutoff.timestamp) for cutoff in cutoffs], dtype=np.int64)[
        ordered["position"].to_numpy()
    ]
    keys = pa.table(
        {
            "customer_id": pa.array(ordered["customer_id"], pa.string()),
            "event_timestamp": pa.array(cutoff_us).cast(pa.timestamp("us", tz="UTC")),
        }
    )
    feature_rows = features.as_of(keys)
    cutoff_day = np.array([cutoff.day_number for cutoff in cutoffs], dtype=np.int64)[ordered["position"].to_numpy()]
    names = input_names(feature_rows.columns, tuple(feature_rows.lists))
    numbers = {customer: number for number, customer in enumerate(sorted(ordered["customer_id"].unique()))}
    inputs = model_inputs(feature_rows, cutoff_us, cutoff_day)
    return Dataset(ordered, tuple(cutoffs), names, inputs, history, numbers, lines_from_features(feature_rows))


def sample_customers(customers: Sequence[str], max_customers: int = MAX_CUSTOMERS) -> set[str]:
    """At most ``max_customers`` ids, chosen by hash, so that the same customers give the same sample."""
    if len(customers) <= max_customers:
        return set(customers)
    ranked = sorted(customers, key=lambda customer: (zlib.crc32(customer.encode()), customer))
    return set(ranked[:max_customers])


def assign_folds(customers: pd.Series) -> Codes:
    """Fold 0 or 1 by hash of the customer id, (n,), the same for all rows of a customer."""
    halves = {customer: zlib.crc32(b"fold " + customer.encode()) & 1 for customer in customers.unique()}
    return customers.map(halves).to_numpy(np.int8)
