"""Evaluation cases: our predictions for one question, those of the baselines, and the outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.accuracy.baselines import BaselineForecast
from benchmarks.accuracy.paired_comparison import Case, ComparisonRow, Measure, compare_to_baselines
from benchmarks.accuracy.proper_losses import log_loss, poisson_deviance, tweedie_deviance
from features.arrays import Booleans, Floats
from training import metrics
from training.dataset.outcomes import Outcomes
from training.inference.forecast import Forecast

CENSOR_DAYS = 60.0


def _absolute_bias(predicted: Floats, actual: Floats) -> float:
    return abs(metrics.bias(predicted, actual))


def _share_within_3_days(predicted: Floats, actual: Floats) -> float:
    return float(np.mean(np.abs(predicted - actual) <= 3))


def _median_error(predicted: Floats, actual: Floats) -> float:
    return float(np.median(np.abs(predicted - actual)))


def _correlation(predicted: Floats, actual: Floats) -> float:
    return float(np.corrcoef(predicted, actual)[0, 1])


RANKING = (
    Measure("AUC", metrics.auc, higher_is_better=True),
    Measure("AP", metrics.average_precision, higher_is_better=True),
)
PROBABILITY = (Measure("Brier", metrics.brier), Measure("log loss", log_loss), Measure("ECE", metrics.ece))
DATES = (
    Measure("MAE days", metrics.mae),
    Measure("median error days", _median_error),
    Measure("within 3 days", _share_within_3_days, higher_is_better=True),
)
TOTALS = (
    Measure("Gini", metrics.normalised_gini, higher_is_better=True),
    Measure("RMSE", metrics.rmse),
    Measure("Tweedie deviance", tweedie_deviance),
    Measure("decile MAPE", metrics.decile_mape),
    Measure("abs(bias)", _absolute_bias),
)
MEDIAN = (Measure("MAE of the median", metrics.mae),)
COUNTS = (
    Measure("Poisson deviance", poisson_deviance),
    Measure("RMSE", metrics.rmse),
    Measure("r", _correlation, higher_is_better=True),
    Measure("abs(bias)", _absolute_bias),
)


@dataclass(frozen=True)
class OurForecast:
    """Our predictions for one question, (n,) each."""

    tier: str  # the serving tier
    answer: Floats
    by_tier: Mapping[str, Floats]  # tier -> predictions

    @classmethod
    def from_tiers(cls, tier: str, by_tier: Mapping[str, Floats]) -> OurForecast:
        """Take the predictions of the serving tier from those of all tiers."""
        return cls(tier, by_tier[tier], by_tier)

    def select_clipped(self, mask: Booleans, limit: float) -> OurForecast:
        """Return the predictions of the customers under the mask, clipped at a limit."""
        by_tier = {name: np.minimum(answer, limit)[mask] for name, answer in self.by_tier.items()}
        return OurForecast(self.tier, np.minimum(self.answer, limit)[mask], by_tier)


@dataclass(frozen=True, kw_only=True)
class EvaluationSetting:
    """Log, protocol and origin of an evaluation, and the baselines at that origin."""

    log: str
    protocol: str
    origin: str
    baselines: Sequence[BaselineForecast]

    def baseline_values(self, quantity: str) -> dict[str, Floats | None]:
        """Return one quantity of every baseline by name; ``quantity`` is an attribute of ``BaselineForecast``."""
        suffix = " x Gamma-Gamma" if quantity == "spend" else ""
        return {forecast.name + suffix: getattr(forecast, quantity) for forecast in self.baselines}

    def make_case(
        self, question: str, forecast: OurForecast, actual: Floats, baselines: Mapping[str, Floats | None]
    ) -> Case:
        """Build a case from our predictions, the baselines' and the outcomes."""
        return Case(
            log=self.log, protocol=self.protocol, origin=self.origin, question=question,
            tier=forecast.tier, predictions=forecast.answer, by_tier=forecast.by_tier,
            actual=actual, baselines=baselines,
        )  # fmt: skip


def churn_rows(
    setting: EvaluationSetting, days: int, forecast: OurForecast, actual: Floats, simple_scores: Mapping[str, Floats]
) -> Iterator[ComparisonRow]:
    """Compare churn: ranking against simple scores and models, calibration against models alone."""
    question, published = f"churn {days} d", setting.baseline_values("stays_away")
    yield from compare_to_baselines(
        setting.make_case(question, forecast, actual, {**simple_scores, **published}), RANKING
    )
    yield from compare_to_baselines(setting.make_case(question, forecast, actual, published), PROBABILITY)


def next_purchase_rows(
    setting: EvaluationSetting,
    tier: str,
    forecasts: Mapping[str, Forecast],
    outcomes: Outcomes,
    baselines: Mapping[str, Floats],
) -> Iterator[ComparisonRow]:
    """Compare median waits: errors for buyers within 60 days, concordance for all, censored at 60 days."""
    limit = min(CENSOR_DAYS, float(outcomes.follow_days.min()))
    near, wait = outcomes.wait_days < limit, outcomes.wait_days
    by_tier = {name: forecast.wait_quantile(0.5) for name, forecast in forecasts.items()}
    our_forecast = OurForecast.from_tiers(tier, by_tier)
    dates = {name: np.minimum(baseline, limit)[near] for name, baseline in baselines.items()}
    case = setting.make_case("next purchase", our_forecast.select_clipped(near, limit), wait[near], dates)
    yield from compare_to_baselines(replace(case, note=_buyers_note(forecasts[tier], wait, near, int(limit))), DATES)

    def concordance(predicted: Floats, actual: Floats) -> float:
        return metrics.concordance(predicted, actual, limit)

    yield from compare_to_baselines(
        setting.make_case("next purchase", our_forecast, wait, baselines),
        (Measure("C", concordance, higher_is_better=True),),
    )


def date_rows(
    setting: EvaluationSetting,
    days: int,
    tier: str,
    forecasts: Mapping[str, Forecast],
    outcomes: Outcomes,
    baselines: Mapping[str, Floats],
) -> Iterator[ComparisonRow]:
    """Compare dates given an order within the horizon: errors for those who order within it."""
    came, wait = outcomes.wait_days < days, outcomes.wait_days
    by_tier = {name: _wait_if_within(forecast, days) for name, forecast in forecasts.items()}
    our_forecast = OurForecast.from_tiers(tier, by_tier).select_clipped(came, days)
    dates = {name: np.minimum(baseline, days)[came] for name, baseline in baselines.items()}
    case = setting.make_case(f"date if within {days} d", our_forecast, wait[came], dates)
    note = f"{came.mean():.0%} ordered within {days} days and only they are evaluated"
    yield from compare_to_baselines(replace(case, note=note), DATES)


def spend_rows(
    setting: EvaluationSetting,
    days: int,
    mean: OurForecast,
    median: OurForecast,
    actual: Floats,
    simple_forecasts: Mapping[str, Floats],
) -> Iterator[ComparisonRow]:
    """Compare spend: total, ranking and error of the mean, and absolute error of the median."""
    all_baselines, always_zero = (
        {**simple_forecasts, **setting.baseline_values("spend")},
        {"always zero": np.zeros(len(actual))},
    )
    yield from compare_to_baselines(setting.make_case(f"spend {days} d", mean, actual, all_baselines), TOTALS)
    yield from compare_to_baselines(
        setting.make_case(f"spend {days} d", median, actual, {**all_baselines, **always_zero}), MEDIAN
    )


def order_rows(setting: EvaluationSetting, days: int, forecast: OurForecast, actual: Floats) -> Iterator[ComparisonRow]:
    """Compare expected orders with the published models."""
    yield from compare_to_baselines(
        setting.make_case(f"orders {days} d", forecast, actual, setting.baseline_values("orders")), COUNTS
    )


def _buyers_note(forecast: Forecast, wait: Floats, within_limit: Booleans, limit: int) -> str:
    """Describe other point predictions from the same distribution; the served median is over all customers."""
    by_day = forecast.order_probabilities(range(limit + 1))[within_limit]
    likeliest = np.argmax(by_day[:, 6:] - by_day[:, :-6], axis=1) + 3.0
    beyond = float((forecast.wait_quantile(0.5)[within_limit] > limit).mean())
    middle = _share_within_3_days(likeliest, wait[within_limit])
    error = metrics.mae(_wait_if_within(forecast, limit)[within_limit], wait[within_limit])
    return (
        f"{within_limit.mean():.0%} ordered within {limit} days and only they are evaluated; the served median is over "
        f"all customers and lies beyond for {beyond:.0%} of them; from the same distribution, the median given an "
        f"order within {limit} days would be {error:.1f} days off, and "
        f"the middle of the likeliest six days within 3 days for {middle:.0%}"
    )


def _wait_if_within(forecast: Forecast, days: float) -> Floats:
    """The median wait given an order within the days, (n,); the last day where that has probability 0."""
    return np.nan_to_num(forecast.conditional_median_wait(days), nan=days)
