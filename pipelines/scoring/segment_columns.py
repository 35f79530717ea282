"""Everybody who was scored is sorted into segments: by the log, by the predictions, and by the business' own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.aggregates.rule_measures import measures
from features.arrays import Floats
from features.config.conditions import Measure
from features.config.shop import Business, Description
from features.errors import FlywheelError
from features.history import Cutoff, History
from pipelines.home import Home
from training.inference.release import Release
from training.inference.release_manifest import Facts
from training.segments import preset_segments, rfm
from training.segments.assignment import Assigned
from training.segments.lifecycle import lifecycle
from training.segments.preset_segments import Predicted
from training.segments.rules import holds
from training.segments.value_tiers import value_tiers

MEMORY = "1GB"  # of the query; more is spilled to the disk


class CannotTarget(FlywheelError):
    """The champion does not predict what a segment is made of."""


@dataclass(frozen=True, kw_only=True)
class Population:
    """Everybody who is scored, and what with."""

    home: Home
    description: Description
    cutoff: Cutoff
    version: str  # of the release
    facts: Facts  # of the release
    customers: pa.Array  # ids, ascending

    @classmethod
    def of(
        cls, release: Release, home: Home, description: Description, cutoff: Cutoff, customers: pa.Array
    ) -> Population:
        """These customers, scored by a release."""
        return cls(
            home=home,
            description=description,
            cutoff=cutoff,
            version=release.version,
            facts=release.facts,
            customers=customers,
        )

    @property
    def worth(self) -> str:
        """The column that says what a customer is worth: predicted spend, or orders of a shop without amounts.

        Raises:
            CannotTarget: the champion does not look so far ahead as the value tiers.
        """
        predicted, asked = self.facts.ltv_days, self.description.business.value_tiers.horizon_days
        if asked is not None and asked not in predicted:
            raise CannotTarget(
                f"Release {self.version} predicts {', '.join(map(str, predicted))} days, and "
                f"[business.value_tiers] asks for {asked}. Expected a champion trained on what flywheel.toml says now: "
                "`flywheel train`, then `flywheel promote`."
            )
        days = asked or max(predicted)
        return f"ltv_{days}d_mean" if self.facts.has_amounts else f"expected_orders_{days}d"

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns of the scores that segments are made of."""
        return ("churn_probability", self.worth, "next_category_remind_on")


def segments(of: Population, scores: pa.Table) -> Assigned:
    """Everybody's segments, in the order of the scores, which hold the columns that are needed."""
    business, customers = of.description.business, len(of.customers)
    measured = _measured(of)
    predicted = _predicted(scores, of.worth)
    stage, tiers = lifecycle(business.lifecycle, measured, customers), business.value_tiers
    lapsed = np.array([*(one.phase == "lapse" for one in business.lifecycle), False])[stage]
    today = np.datetime64(of.cutoff.day, "D")
    return Assigned(
        scores=rfm.rfm(business.rfm, measured),
        stages=business.lifecycle,
        stage=stage,
        tiers=(*tiers.shares, tiers.rest),
        tier=value_tiers(predicted.worth, [*tiers.shares.values()], tiers.by),
        own={name: holds(said, measured, customers) for name, said in business.segments.items()},
        crowds=preset_segments.crowds(business.crowds, measured, predicted, of.facts.bands, lapsed, today),
    )


def wanted(business: Business) -> set[Measure]:
    """All that has to be measured of every customer."""
    rules = [*business.segments.values(), *(stage.when for stage in business.lifecycle)]
    found = {measure for rule in rules for measure in rule.bounds}
    return found | {*rfm.measures(business.rfm), *preset_segments.measures(business.crowds)}


def _measured(of: Population) -> Mapping[Measure, Floats]:
    description, asked = of.description, wanted(of.description.business)
    kinds = () if description.events is None else description.events.contacts
    history = History.open(of.home.history, memory=MEMORY)
    table = measures(history, of.cutoff, kinds, asked).to_pyarrow()
    place = pc.index_in(of.customers, value_set=table["customer_id"].combine_chunks())
    return {one: table[one.column].combine_chunks().take(place).to_numpy(zero_copy_only=False) for one in asked}


def _predicted(scores: pa.Table, worth: str) -> Predicted:
    return Predicted(
        churn_probability=scores["churn_probability"].to_numpy(),
        worth=scores[worth].to_numpy(),
        category_due_on=scores["next_category_remind_on"].to_numpy(),
    )
