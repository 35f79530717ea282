"""Everybody who was scored is sorted into segments: by the log, by the predictions, and by the business' own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.aggregates.rule_measures import rule_measures
from features.arrays import Floats
from features.config.conditions import Measure
from features.config.shop import BusinessConfig, ShopConfig
from features.errors import FlywheelError
from features.history import Cutoff, History
from pipelines.home import Home
from training.inference.release import Release
from training.inference.release_manifest import ReleaseMetadata
from training.segments import preset_segments, rfm
from training.segments.assignment import SegmentAssignment
from training.segments.lifecycle import lifecycle_stages
from training.segments.preset_segments import Predictions
from training.segments.rules import matches
from training.segments.value_tiers import value_tiers

QUERY_MEMORY = "1GB"  # of the query; more is spilled to the disk


class SegmentsNotComputable(FlywheelError):
    """The champion does not predict what a segment is made of."""


@dataclass(frozen=True, kw_only=True)
class ScoredPopulation:
    """Everybody who is scored, and what with."""

    home: Home
    config: ShopConfig
    cutoff: Cutoff
    version: str  # of the release
    metadata: ReleaseMetadata  # of the release
    customers: pa.Array  # ids, ascending

    @classmethod
    def from_release(
        cls, release: Release, home: Home, config: ShopConfig, cutoff: Cutoff, customers: pa.Array
    ) -> ScoredPopulation:
        """These customers, scored by a release."""
        return cls(
            home=home,
            config=config,
            cutoff=cutoff,
            version=release.version,
            metadata=release.metadata,
            customers=customers,
        )

    @property
    def value_column(self) -> str:
        """The column that says what a customer is worth: predicted spend, or orders of a shop without amounts.

        Raises:
            SegmentsNotComputable: the champion does not look so far ahead as the value tiers.
        """
        predicted, asked = self.metadata.ltv_days, self.config.business.value_tiers.horizon_days
        if asked is not None and asked not in predicted:
            raise SegmentsNotComputable(
                f"Release {self.version} predicts {', '.join(map(str, predicted))} days, and "
                f"[business.value_tiers] asks for {asked}. Expected a champion trained on what flywheel.toml says now: "
                "`flywheel train`, then `flywheel promote`."
            )
        days = asked or max(predicted)
        return f"ltv_{days}d_mean" if self.metadata.has_amounts else f"expected_orders_{days}d"

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns of the scores that segments are made of."""
        return ("churn_probability", self.value_column, "next_category_remind_on")


def assign_segments(population: ScoredPopulation, scores: pa.Table) -> SegmentAssignment:
    """Everybody's segments, in the order of the scores, which hold the columns that are needed."""
    business, customers = population.config.business, len(population.customers)
    measured = _measure_values(population)
    predicted = _predicted_columns(scores, population.value_column)
    stage, tiers = lifecycle_stages(business.lifecycle, measured, customers), business.value_tiers
    lapsed = np.array([*(one.phase == "lapse" for one in business.lifecycle), False])[stage]
    today = np.datetime64(population.cutoff.day, "D")
    return SegmentAssignment(
        scores=rfm.score_rfm(business.rfm, measured),
        stages=business.lifecycle,
        stage=stage,
        tiers=(*tiers.shares, tiers.rest),
        tier=value_tiers(predicted.predicted_value, [*tiers.shares.values()], tiers.by),
        business_segments={name: matches(said, measured, customers) for name, said in business.segments.items()},
        preset_segments=preset_segments.preset_segments(
            business.preset_segments, measured, predicted, population.metadata.bands, lapsed, today
        ),
    )


def required_measures(business: BusinessConfig) -> set[Measure]:
    """All that has to be measured of every customer."""
    rules = [*business.segments.values(), *(stage.when for stage in business.lifecycle)]
    found = {measure for rule in rules for measure in rule.bounds}
    return found | {*rfm.required_measures(business.rfm), *preset_segments.required_measures(business.preset_segments)}


def _measure_values(population: ScoredPopulation) -> Mapping[Measure, Floats]:
    description, asked = population.config, required_measures(population.config.business)
    kinds = () if description.events is None else description.events.contact_kinds
    history = History.open(population.home.history, memory_limit=QUERY_MEMORY)
    table = rule_measures(history, population.cutoff, kinds, asked).to_pyarrow()
    place = pc.index_in(population.customers, value_set=table["customer_id"].combine_chunks())
    return {one: table[one.column].combine_chunks().take(place).to_numpy(zero_copy_only=False) for one in asked}


def _predicted_columns(scores: pa.Table, value_column: str) -> Predictions:
    return Predictions(
        churn_probability=scores["churn_probability"].to_numpy(),
        predicted_value=scores[value_column].to_numpy(),
        category_due_on=scores["next_category_remind_on"].to_numpy(),
    )
