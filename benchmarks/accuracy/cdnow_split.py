"""CDNOW at its split as training rows, and what protocol C finds there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.accuracy import cases
from benchmarks.accuracy.cdnow_published_sample import (
    END,
    HOLDOUT_DAYS,
    SPLIT,
    Cohort,
    published_sample_ids,
    read_cohort,
)
from benchmarks.accuracy.customer_cross_validation import SERVED, CrossValidationResult, HorizonAnswers, cross_validate
from benchmarks.accuracy.interval_coverage import IntervalCoverage, interval_coverage
from benchmarks.accuracy.paired_comparison import ComparisonRow
from features.calendar import micros
from features.history import Cutoff
from features.online.arrow_rows import feature_rows
from features.transformations.on_demand import input_names, model_inputs
from features.transformations.transactions import transactions, transactions_view
from pipelines.run_context import RunContext
from training import metrics
from training.dataset.labels import orders_by_day, outcomes
from training.dataset.outcomes import Rows
from training.dataset.point_in_time import assign_folds
from training.model import HorizonPlan

PLAN = HorizonPlan(HOLDOUT_DAYS, (HOLDOUT_DAYS,), (HOLDOUT_DAYS,), has_amounts=True)
WEEKS = f"{SPLIT}, 39 weeks"


@dataclass(frozen=True, kw_only=True)
class CdnowWindow:
    """Some customers of CDNOW, answered fold by fold."""

    log: str
    rows: Rows
    cohort: Cohort
    cross_validation: CrossValidationResult

    def comparison_rows(self) -> Iterator[ComparisonRow]:
        """Every question beside both published models."""
        stage = cases.EvaluationSetting(
            log=self.log, protocol="C", origin=WEEKS, baselines=self.cross_validation.baselines
        )
        later, rows = self.cohort, self.rows
        ranks = {"recency": rows.column("recency_days"), "frequency": -rows.column("orders")}
        stays = (later.later_orders == 0).astype(float)
        yield from cases.churn_rows(stage, HOLDOUT_DAYS, self._our_forecast("churn", "stays_away"), stays, ranks)
        mean, median = self._our_forecast("ltv", "mean"), self._our_forecast("ltv", "median")
        yield from cases.spend_rows(stage, HOLDOUT_DAYS, mean, median, later.later_spend, {})
        yield from cases.order_rows(stage, HOLDOUT_DAYS, self._our_forecast("ltv", "orders"), later.later_orders)

    def _our_forecast(self, model_name: str, quantity: str) -> cases.OurForecast:
        alone = {
            name: getattr(said, quantity) for name, said in self.cross_validation.answers.items() if name != SERVED
        }
        return cases.OurForecast(
            self.cross_validation.answering_tier(model_name),
            getattr(self.cross_validation.served_answers, quantity),
            alone,
        )

    def spend_coverage(self) -> IntervalCoverage:
        """The served interval."""
        said, actual = self.cross_validation.served_answers, self.cohort.later_spend
        recency = self.rows.column("recency_days")
        bounds, rung = (said.p10, said.median, said.p90), self.cross_validation.answering_tier("ltv")
        return interval_coverage(
            log=self.log, protocol="C", origin=WEEKS, tier=rung, quantiles=bounds, actual=actual, recency=recency
        )

    def tier_figures(self) -> Iterator[tuple[str, dict[str, float]]]:
        """Every rung by itself, and what was served."""
        for name, said in self.cross_validation.answers.items():
            yield name, self._figures(said)

    def _figures(self, answers: HorizonAnswers) -> dict[str, float]:
        people = self.cohort
        stays, spent, came = (people.later_orders == 0).astype(float), people.later_spend, people.later_orders
        return {
            "churn AUC": metrics.auc(answers.stays_away, stays),
            "Brier": metrics.brier(answers.stays_away, stays),
            "ECE": metrics.ece(answers.stays_away, stays),
            "spend Gini": metrics.normalised_gini(answers.mean, spent),
            "RMSE": metrics.rmse(answers.mean, spent),
            "bias": metrics.bias(answers.mean, spent),
            "median MAE": metrics.mae(answers.median, spent),
            "coverage": metrics.coverage(answers.p10, answers.p90, spent),
            "orders RMSE": metrics.rmse(answers.orders, came),
            "r": float(np.corrcoef(answers.orders, came)[0, 1]),
        }


def cross_validate_cdnow(context: RunContext, report: Callable[[str], None]) -> Iterator[CdnowWindow]:
    """The published tenth, then the whole log."""
    for log, chosen in (("cdnow 1/10", published_sample_ids()), ("cdnow full", None)):
        people = read_cohort(chosen)
        rows = _cohort_rows(context, people)
        yield CdnowWindow(
            log=log,
            rows=rows,
            cohort=people,
            cross_validation=cross_validate(rows, people.histories, PLAN, SPLIT, report),
        )


def _cohort_rows(context: RunContext, cohort: Cohort) -> Rows:
    """The product's own inputs and outcomes of the cohort's customers at the split."""
    zone = context.config.zone
    cutoff, limit = Cutoff.from_day(SPLIT, zone), Cutoff.from_day(END, zone)
    table = transactions(context.history, [cutoff]).to_pyarrow().sort_by("customer_id")
    told = feature_rows(
        table.append_column("features_at", table["event_timestamp"]), (transactions_view(context.history),)
    )
    chosen = np.isin(np.array(told.customer_ids), cohort.customers)
    count = len(told.customer_ids)
    at, day = np.full(count, micros(cutoff.timestamp)), np.full(count, cutoff.day_number)
    known = pd.DataFrame({"customer_id": pd.Series(cohort.customers, dtype="str"), "position": 0})
    return Rows(
        names=input_names(told.columns, tuple(told.lists)),
        inputs=model_inputs(told, at, day)[chosen],
        cutoff=day[chosen],
        customer=np.arange(len(known)),
        fold=assign_folds(known["customer_id"]),
        outcomes=outcomes(known, [cutoff], context.history, limit, PLAN.outcome_horizons),
        orders_by_day=orders_by_day(context.history, limit),
    )
