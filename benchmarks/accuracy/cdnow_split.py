"""CDNOW at its split: training rows of the cohort, and its evaluation by protocol C (customer cross-validation)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.accuracy import cases
from benchmarks.accuracy.baselines import BaselineForecast
from benchmarks.accuracy.cdnow_published_sample import (
    END,
    HOLDOUT_DAYS,
    SPLIT,
    Cohort,
    published_sample_ids,
    read_cohort,
)
from benchmarks.accuracy.customer_cross_validation import (
    OUTER_FOLDS,
    SERVED,
    CrossValidationResult,
    HorizonAnswers,
    cross_validate,
)
from benchmarks.accuracy.customer_cross_validation import assign_folds as assign_outer_folds
from benchmarks.accuracy.interval_coverage import IntervalCoverage, interval_coverage
from benchmarks.accuracy.paired_comparison import ComparisonRow
from benchmarks.accuracy.proper_losses import SMALLEST
from benchmarks.accuracy.ridge_regression import cross_validate_ridge
from features.calendar import micros
from features.history import Cutoff
from features.online.arrow_rows import feature_rows
from features.transformations.on_demand import input_names, model_inputs
from features.transformations.transactions import transactions, transactions_view
from pipelines.run_context import RunContext
from training import metrics
from training.dataset.labels import orders_by_day, outcomes
from training.dataset.outcomes import Rows
from training.dataset.plan import HorizonPlan
from training.dataset.point_in_time import assign_folds

PLAN = HorizonPlan(HOLDOUT_DAYS, (HOLDOUT_DAYS,), (HOLDOUT_DAYS,), has_amounts=True)
WEEKS = f"{SPLIT}, 39 weeks"


@dataclass(frozen=True, kw_only=True)
class CdnowWindow:
    """Customers of CDNOW with cross-validated predictions and their outcomes."""

    log: str
    rows: Rows
    cohort: Cohort
    cross_validation: CrossValidationResult

    def comparison_rows(self) -> Iterator[ComparisonRow]:
        """Compare every question with both published models and the ridge regression."""
        setting = cases.EvaluationSetting(
            log=self.log, protocol="C", origin=WEEKS, baselines=[*self.cross_validation.baselines, self._ridge()]
        )
        cohort, rows = self.cohort, self.rows
        ranks = {"recency": rows.column("recency_days"), "frequency": -rows.column("orders")}
        stays = (cohort.later_orders == 0).astype(float)
        yield from cases.churn_rows(setting, HOLDOUT_DAYS, self._our_forecast("stays_away"), stays, ranks)
        mean, median = self._our_forecast("mean"), self._our_forecast("median")
        yield from cases.spend_rows(setting, HOLDOUT_DAYS, mean, median, cohort.later_spend, {})
        yield from cases.order_rows(setting, HOLDOUT_DAYS, self._our_forecast("orders"), cohort.later_orders)

    def _ridge(self) -> BaselineForecast:
        """Predict by the ridge regression, fold by fold; its value of an order is that of the published models."""
        fold_numbers = assign_outer_folds(len(self.cohort.customers), OUTER_FOLDS)
        ridge = cross_validate_ridge(self.cohort.visits, 0, HOLDOUT_DAYS, fold_numbers)
        published = self.cross_validation.baselines[-1]
        if ridge.orders is None or published.orders is None or published.spend is None:
            return ridge
        return replace(ridge, spend=ridge.orders * published.spend / np.maximum(published.orders, SMALLEST))

    def _our_forecast(self, quantity: str) -> cases.OurForecast:
        by_tier = {name: getattr(answers, quantity) for name, answers in self.cross_validation.answers.items()}
        return cases.OurForecast.from_tiers(SERVED, by_tier)

    def spend_coverage(self) -> IntervalCoverage:
        """Return the coverage of the served spend interval."""
        answers, actual = self.cross_validation.served_answers, self.cohort.later_spend
        recency = self.rows.column("recency_days")
        bounds = answers.p10, answers.median, answers.p90
        return interval_coverage(
            log=self.log, protocol="C", origin=WEEKS, tier=SERVED, quantiles=bounds, actual=actual, recency=recency
        )

    def tier_figures(self) -> Iterator[tuple[str, dict[str, float]]]:
        """Yield the figures of every tier."""
        for name, answers in self.cross_validation.answers.items():
            yield name, self._figures(answers)

    def _figures(self, answers: HorizonAnswers) -> dict[str, float]:
        cohort = self.cohort
        stays, spent, orders = (cohort.later_orders == 0).astype(float), cohort.later_spend, cohort.later_orders
        return {
            "churn AUC": metrics.auc(answers.stays_away, stays),
            "Brier": metrics.brier(answers.stays_away, stays),
            "ECE": metrics.ece(answers.stays_away, stays),
            "spend Gini": metrics.normalised_gini(answers.mean, spent),
            "RMSE": metrics.rmse(answers.mean, spent),
            "bias": metrics.bias(answers.mean, spent),
            "median MAE": metrics.mae(answers.median, spent),
            "coverage": metrics.coverage(answers.p10, answers.p90, spent),
            "orders RMSE": metrics.rmse(answers.orders, orders),
            "r": float(np.corrcoef(answers.orders, orders)[0, 1]),
        }


def cross_validate_cdnow(context: RunContext, report: Callable[[str], None]) -> Iterator[CdnowWindow]:
    """Cross-validate the published sample, then the whole log."""
    for log, customers in (("cdnow 1/10", published_sample_ids()), ("cdnow full", None)):
        cohort = read_cohort(customers)
        rows = _cohort_rows(context, cohort)
        yield CdnowWindow(
            log=log,
            rows=rows,
            cohort=cohort,
            cross_validation=cross_validate(rows, cohort.histories, PLAN, report),
        )


def _cohort_rows(context: RunContext, cohort: Cohort) -> Rows:
    """Return the product's inputs and outcomes of the cohort's customers at the split."""
    zone = context.config.zone
    cutoff, limit = Cutoff.from_day(SPLIT, zone), Cutoff.from_day(END, zone)
    table = transactions(context.history, [cutoff]).to_pyarrow().sort_by("customer_id")
    features = feature_rows(
        table.append_column("features_at", table["event_timestamp"]), (transactions_view(context.history),)
    )
    in_cohort = np.isin(np.array(features.customer_ids), cohort.customers)
    count = len(features.customer_ids)
    timestamp, day = np.full(count, micros(cutoff.timestamp)), np.full(count, cutoff.day_number)
    population = pd.DataFrame({"customer_id": pd.Series(cohort.customers, dtype="str"), "position": 0})
    return Rows(
        names=input_names(features.columns, tuple(features.lists)),
        inputs=model_inputs(features, timestamp, day)[in_cohort],
        cutoff=day[in_cohort],
        customer=np.arange(len(population)),
        fold=assign_folds(population["customer_id"]),
        outcomes=outcomes(population, [cutoff], context.history, limit, PLAN.outcome_horizons),
        orders_by_day=orders_by_day(context.history, limit),
    )
