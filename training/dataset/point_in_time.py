"""The point-in-time training set: what was known of each customer at each cutoff, beside what then happened."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from features.arrays import Codes, Floats
from features.calendar import micros
from features.history import Cutoff, History
from features.online.feature_rows import FeatureRows
from features.transformations.on_demand import input_names, model_inputs
from training.dataset.labels import orders_by_day, outcomes
from training.dataset.outcomes import Rows
from training.inference.categories.lines import CategoryLines, lines_from_features

MAX_CUSTOMERS = 15_000


class PointInTimeFeatures(Protocol):
    """Where a training set reads what was known when."""

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
    lines: CategoryLines | None = None  # what each row's customer ordered of each category; None where the log has none

    def rows(self, limit: Cutoff, horizons: Sequence[int], cutoffs: Sequence[Cutoff]) -> Rows:
        """Rows at some of the cutoffs, with outcomes as far as the limit."""
        wanted = [position for position, cutoff in enumerate(self.cutoffs) if cutoff in set(cutoffs)]
        chosen = self.customers["position"].isin(wanted).to_numpy()
        customers = self.customers[chosen].reset_index(drop=True)
        return Rows(
            names=self.names,
            inputs=self.inputs[chosen],
            cutoff=np.array([cutoff.day_number for cutoff in self.cutoffs])[customers["position"].to_numpy()],
            customer=np.array([self.customer_numbers[one] for one in customers["customer_id"]], dtype=np.int64),
            fold=assign_folds(customers["customer_id"]),
            outcomes=outcomes(customers, self.cutoffs, self.history, limit, horizons),
            orders_by_day=orders_by_day(self.history, limit),
        )


def build_dataset(
    population: pd.DataFrame, cutoffs: Sequence[Cutoff], history: History, features: PointInTimeFeatures
) -> Dataset:
    """Join the features of known customers point in time.

    Args:
        population: customer_id and position of its cutoff, every customer known there.
        cutoffs: ascending.
        history: the canonical log, for the labels.
        features: the catalogue that knows what was known when.
    """
    ordered = population.sort_values(["position", "customer_id"], ignore_index=True)
    at = np.array([micros(cutoff.timestamp) for cutoff in cutoffs], dtype=np.int64)[ordered["position"].to_numpy()]
    asked = pa.table(
        {
            "customer_id": pa.array(ordered["customer_id"], pa.string()),
            "event_timestamp": pa.array(at).cast(pa.timestamp("us", tz="UTC")),
        }
    )
    stored = features.as_of(asked)
    day = np.array([cutoff.day_number for cutoff in cutoffs], dtype=np.int64)[ordered["position"].to_numpy()]
    names = input_names(stored.columns, tuple(stored.lists))
    numbers = {customer: number for number, customer in enumerate(sorted(ordered["customer_id"].unique()))}
    inputs = model_inputs(stored, at, day)
    return Dataset(ordered, tuple(cutoffs), names, inputs, history, numbers, lines_from_features(stored))


def sample_customers(customers: Sequence[str], max_customers: int = MAX_CUSTOMERS) -> set[str]:
    """At most about so many customers, the same ones whenever the same customers are known."""
    if len(customers) <= max_customers:
        return set(customers)
    ranked = sorted(customers, key=lambda customer: (zlib.crc32(customer.encode()), customer))
    return set(ranked[:max_customers])


def assign_folds(customers: pd.Series) -> Codes:
    """0 or 1, the same for all rows of a customer."""
    halves = {customer: zlib.crc32(b"fold " + customer.encode()) & 1 for customer in customers.unique()}
    return customers.map(halves).to_numpy(np.int8)
