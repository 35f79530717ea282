"""Champion review: what a candidate changes for the customers of today, and whether it is better, beside the champion.

A champion has seen the outcomes after origins that lie before its own training; only later origins compare it fairly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from features.arrays import Floats
from features.calendar import day_from_number, day_number
from features.wording import count_of
from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.champion import forecast_rows, trained_on, unseen_tests
from training.dataset.outcomes import Rows
from training.evaluation.backtest import Backtest
from training.evaluation.band_changes import BandChanges, band_changes
from training.evaluation.drift import drifted_features
from training.evaluation.paired_comparison import PairedComparison, compare_on_origins
from training.inference.forecast import POPULATION
from training.inference.release import Release
from training.reporting.release_page import Drift

MEAN = "the mean of all customers"


@dataclass(frozen=True)
class ChampionReview:
    """A candidate beside the champion, or beside the mean of all customers without one."""

    candidate: ReleaseCandidate
    champion: Release | None

    @property
    def reads_same_features(self) -> bool:
        """Whether the champion can predict from the candidate's features."""
        return self.champion is not None and self.champion.input_names == self.candidate.rows.names

    @cached_property
    def trained_on(self) -> date | None:
        """The day until which the champion knows the log."""
        return None if self.champion is None else trained_on(self.champion, self.candidate.context)

    @cached_property
    def unseen_tests(self) -> list[Backtest]:
        """The back-tests whose outcomes the champion has not seen."""
        if self.champion is None:
            return []
        return unseen_tests(self.champion, self.candidate.context, self.candidate.backtest_result)

    @cached_property
    def comparisons(self) -> Mapping[str, PairedComparison]:
        """Question -> comparison with the champion where that is fair, else with the same answer for everybody."""
        found = self.candidate.comparisons
        if not self.unseen_tests:
            tests, tier = self.candidate.backtest_result.tests, self.candidate.tested_tier
            found = compare_on_origins(tests, tier, MEAN, lambda test: test.forecasts.get(POPULATION))
        return {comparison.model: comparison for comparison in found}

    @property
    def reference(self) -> str:
        """What the comparisons are with, and why, as the end of a sentence."""
        if self.champion is None or self.trained_on is None:
            return f"{MEAN}, since no release serves yet."
        name = f"release {self.champion.version}"
        if not self.reads_same_features:
            return f"{MEAN}, since {name} reads other features."
        if self.unseen_tests:
            return f"{name}, on {count_of(len(self.unseen_tests), 'origin')} after its training."
        fair_from = self.trained_on + timedelta(days=self.candidate.context.readiness.plan.evaluated_churn_days)
        return (
            f"{MEAN}; {name} has seen the outcomes after every origin, and can be compared fairly with a release "
            f"trained on {fair_from} or later."
        )

    @cached_property
    def probabilities(self) -> tuple[Floats, Floats]:
        """Churn probabilities of today's customers by the champion and by the candidate, (n,) each.

        Raises:
            ValueError: there is no champion.
        """
        if self.champion is None:
            raise ValueError("There is no champion.")
        model, orders = self.candidate.assembled_release.tiered_model, np.nan_to_num(self._today.column("orders"))
        own = model.forecast(self._today.inputs, orders).order_probability(self.candidate.context.churn_days)
        theirs = forecast_rows(self.champion, self._today).order_probability(self.champion.metadata.churn_days)
        return 1 - theirs, 1 - own

    @cached_property
    def bands(self) -> BandChanges | None:
        """Today's customers by both bands; None where the champion cannot score them."""
        if self.champion is None or not self.reads_same_features:
            return None
        thresholds = self.champion.metadata.bands, self.candidate.release_metadata().bands
        return band_changes(*self.probabilities, *thresholds)

    @property
    def without_bands(self) -> str:
        """Why there are no bands to compare, as a sentence; empty where there are."""
        if self.champion is None:
            return "Nobody has a band yet: no release serves."
        return "" if self.reads_same_features else f"Release {self.champion.version} reads other features than this."

    def drift(self) -> Drift | None:
        """Drift since the champion's training, or since the newest test origin without a champion."""
        rows, tests = self.candidate.rows, self.candidate.backtest_result.tests
        since = self.trained_on or (tests[0].origin if tests else None)
        days = np.unique(rows.cutoff)[:-1].tolist()
        before = [day for day in days if since is not None and day <= day_number(since)]
        if not before:
            return None
        then = rows.select(rows.cutoff == before[-1])
        day, whose = (
            day_from_number(before[-1]),
            "the champion's training" if self.champion else "the newest test origin",
        )
        return Drift(
            since=f"{day}, {'' if day == since else 'the last cutoff before '}{whose}",
            customers_then=len(then),
            customers_now=len(self._today),
            features=drifted_features(rows.names, then.inputs, self._today.inputs),
        )

    @cached_property
    def _today(self) -> Rows:
        rows = self.candidate.rows
        return rows.select(rows.cutoff == self.candidate.context.now.day_number)
