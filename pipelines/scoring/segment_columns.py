"""Segment columns: assigns scored customers to segments by their orders, their predictions and the shop's own rules."""

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

QUERY_MEMORY = "1GB"  # of the query; DuckDB spills more to disk


class SegmentsNotComputable(FlywheelError):
    """The champion does not predict a value that a segment needs."""


@dataclass(frozen=True, kw_only=True)
class ScoredPopulation:
    """The scored customers, and the release that scored them."""

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
        """The column of a customer's predicted value: spend, or orders for a shop without amounts.

        Raises:
            SegmentsNotComputable: the champion does not predict the horizon of the value tiers.
        """
        predicted, horizon = self.metadata.ltv_days, self.config.business.value_tiers.horizon_days
        if horizon is not None and horizon not in predicted:
            raise SegmentsNotComputable(
                f"Release {self.version} predicts {', '.join(map(str, predicted))} days, and [business.value_tiers] "
                f"asks for {horizon}. Expected a champion trained on what flywheel.toml says now: "
                "`flywheel train`, then `flywheel promote`."
            )
        days = horizon or max(predicted)
        return f"ltv_{days}d_mean" if self.metadata.has_amounts else f"expected_orders_{days}d"

    @property
    def required_columns(self) -> tuple[str, ...]:
        """The columns of the scores that segments need."""
        return ("churn_probability", self.value_column, "next_category_remind_on")


def assign_segments(population: ScoredPopulation, scores: pa.Table) -> SegmentAssignment:
    """The segments of all customers, in the order of the scores, which must hold ``required_columns``."""
    business, customers = population.config.business, len(population.customers)
    measures = _measure_values(population)
    predicted = _predicted_columns(scores, population.value_column)
    stage, tiers = lifecycle_stages(business.lifecycle, measures, customers), business.value_tiers
    lapsed = np.array([*(definition.phase == "lapse" for definition in business.lifecycle), False])[stage]
    today = np.datetime64(population.cutoff.day, "D")
    return SegmentAssignment(
        scores=rfm.score_rfm(business.rfm, measures),
        stages=business.lifecycle,
        stage=stage,
        tiers=(*tiers.shares, tiers.rest),
        tier=value_tiers(predicted.predicted_value, [*tiers.shares.values()], tiers.by),
        business_segments={name: matches(rule, measures, customers) for name, rule in business.segments.items()},
        preset_segments=preset_segments.preset_segments(
            business.preset_segments, measures, predicted, population.metadata.bands, lapsed, today
        ),
    )


def required_measures(business: BusinessConfig) -> set[Measure]:
    """The measures of every customer that segments need."""
    rules = [*business.segments.values(), *(stage.when for stage in business.lifecycle)]
    measures = {measure for rule in rules for measure in rule.bounds}
    return measures | {
        *rfm.required_measures(business.rfm),
        *preset_segments.required_measures(business.preset_segments),
    }


def _measure_values(population: ScoredPopulation) -> Mapping[Measure, Floats]:
    config, required = population.config, required_measures(population.config.business)
    kinds = () if config.events is None else config.events.contact_kinds
    history = History.open(population.home.history, memory_limit=QUERY_MEMORY)
    table = rule_measures(history, population.cutoff, kinds, required).to_pyarrow()
    index = pc.index_in(population.customers, value_set=table["customer_id"].combine_chunks())
    return {
        measure: table[measure.column].combine_chunks().take(index).to_numpy(zero_copy_only=False)
        for measure in required
    }


def _predicted_columns(scores: pa.Table, value_column: str) -> Predictions:
    return Predictions(
        churn_probability=scores["churn_probability"].to_numpy(),
        predicted_value=scores[value_column].to_numpy(),
        category_due_on=scores["next_category_remind_on"].to_numpy(),
    )
