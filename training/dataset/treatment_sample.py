"""Treatment sample: an arm of an experiment against control, with the features that were known at each decision."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from features.arrays import Booleans
from features.calendar import day_number, local_day
from features.transformations.on_demand import input_names, model_inputs
from training.dataset.point_in_time import PointInTimeFeatures
from training.dataset.randomised_sample import RandomisedSample
from training.experiments.refusal import MIN_PROBABILITY, Refusal
from training.experiments.units import Units


def treatment_sample(
    units: Units, arm: str, outcome: str, features: PointInTimeFeatures, zone: ZoneInfo
) -> RandomisedSample | Refusal:
    """The matured customers of an arm and of control, with the features strictly before their decisions.

    A customer who was decided about several times counts at the first decision, so that no two folds share anybody.
    Customers without features, who were strangers or may not be profiled, are left out, whichever arm they drew.

    Args:
        units: of the experiment, with the ids of the customers and the instants of the decisions.
        arm: the treatment.
        outcome: the label of the metric.
        features: the source of features at past instants.
        zone: of the shop's days.
    """
    if units.control is None:
        return Refusal(
            "no_randomised_control",
            "Found no control arm; expected one that was drawn at random. Start an experiment with a control.",
        )
    pair = (units.arms.index(arm), units.control)
    in_either = np.isin(units.arm, pair) & np.isfinite(units.values[outcome])
    compared = _first_decisions(units.select(in_either))
    if not compared.has_probabilities.all():
        return Refusal(
            "probabilities_unknown",
            f"Found {int((~compared.has_probabilities).sum())} decisions without probabilities; expected those of all "
            "arms at each. Log them.",
        )
    overlaps = (compared.probabilities[:, pair] >= MIN_PROBABILITY).all(axis=1)
    if not overlaps.all():
        return Refusal(
            "no_overlap",
            f"Found {int((~overlaps).sum())} customers who could hardly be in one of the two arms; expected a "
            f"probability of at least {MIN_PROBABILITY} of each. Raise the floor.",
        )
    return _join_features(compared, pair, outcome, features, zone)


def _first_decisions(units: Units) -> Units:
    """The first decision of each customer."""
    if units.decided_at is None:
        raise ValueError("Found units without the instants of their decisions. Expected them beside the customers.")
    order = np.argsort(units.decided_at, kind="stable")
    _, first = np.unique(np.asarray(units.customer_ids, dtype=str)[order], return_index=True)
    chosen: Booleans = np.zeros(len(units), dtype=bool)
    chosen[order[first]] = True
    return units.select(chosen)


def _join_features(
    units: Units, pair: tuple[int, int], outcome: str, features: PointInTimeFeatures, zone: ZoneInfo
) -> RandomisedSample:
    decided_at = np.asarray(units.decided_at, dtype=np.int64)
    # The join takes the newest features at or before an instant, and features know only what came before their own.
    keys = {
        "customer_id": pa.array(units.customer_ids, pa.string()),
        "event_timestamp": pa.array(decided_at).cast(pa.timestamp("us", tz="UTC")),
    }
    stored = features.as_of(pa.table(keys))
    today = np.array([day_number(local_day(instant, zone)) for instant in decided_at.tolist()], dtype=np.int64)
    drawn = units.probabilities[:, pair]
    sample = RandomisedSample(
        names=input_names(stored.columns, tuple(stored.lists)),
        inputs=model_inputs(stored, decided_at, today),
        treated=units.arm == pair[0],
        probability=drawn[:, 0] / drawn.sum(axis=1),
        outcome=units.values[outcome],
    )
    return sample.select(stored.known)
