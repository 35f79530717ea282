"""Back-test errors: how far predicted totals were from actual ones after past test origins, from the model cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from features.arrays import Floats
from training.total_range import MAX_ORIGINS, RangePrior, independent_origins, is_same_horizon, nearest_horizon

NO_TOTALS_REASON = "The release that scored has no back-test errors of totals; train and promote a new one."
UNTESTED_DISPERSION = 5.0  # of orders and amounts; at most one simulated log in ten had more


@dataclass(frozen=True)
class ErrorScale:
    """Scale of a total's error on the log scale, and the part of its variance that single customers explain."""

    scale: float
    noise: float  # variance


@dataclass(frozen=True)
class BacktestErrors:
    """The errors of one total at the newest k origins, for all customers and for g groups of them; k may be 0."""

    prior: RangePrior
    ratios: Floats  # (k,): the actual over the predicted total of all customers
    noises: Floats  # (k,): standard deviation of the log ratio by chance alone
    group_ratios: Floats  # (k, g), groups ascending by prediction
    group_noises: Floats  # (k, g)
    edges: Floats  # predictions that separate the groups, (g - 1,)
    dispersion: float
    independent_origins: float  # overlapping windows count once
    tested_days: int | None  # the horizon of the windows; None without origins

    @property
    def origins(self) -> int:
        """The number of test origins."""
        return len(self.ratios)

    def overall(self) -> ErrorScale:
        """The scale of the total of all customers."""
        noise = float(np.mean(self.noises**2)) if self.origins else 0.0
        return ErrorScale(self.prior.log_scale(np.log(self.ratios), self.independent_origins), noise)

    def scale_for(self, predicted: Floats) -> ErrorScale:
        """The scale of a total over customers with these predictions, (n,), combined from their groups."""
        if not self.origins:
            return self.overall()
        groups = np.searchsorted(self.edges, predicted, "right")
        shares = np.bincount(groups, weights=predicted, minlength=self.group_ratios.shape[1]) / predicted.sum()
        log_ratios = np.log(self.group_ratios @ shares)
        return ErrorScale(
            self.prior.log_scale(log_ratios, self.independent_origins),
            float(np.mean(self.group_noises**2 @ shares**2)),
        )


def read_backtest_errors(cards: Sequence[Mapping[str, Any]], measure: str, horizon_days: int) -> BacktestErrors | None:
    """Return the errors of a total from the cards of a release; None for a release without back-tested totals.

    If the horizon was not tested, the errors are those of the nearest one that was, and can only widen the prior.

    Args:
        cards: of a release, as ``GET /v1/models`` lists them.
        measure: buyers, orders or spend.
        horizon_days: the horizon of the total.
    """
    by_horizon = _tested_totals(cards, measure)
    window = next((card["training_window"] for card in cards if "totals" in card), None)
    if window is None:
        return None
    span = (date.fromisoformat(window["end"]) - date.fromisoformat(window["start"])).days
    nearest = nearest_horizon(by_horizon, horizon_days)
    prior = RangePrior.for_log(span, horizon_days, is_tested=is_same_horizon(nearest, horizon_days))
    if nearest is None:
        return _without_origins(prior, measure)
    return _parse_total(by_horizon[nearest], prior)


def tested_horizons(cards: Sequence[Mapping[str, Any]], measure: str) -> set[int]:
    """Return the horizons over which a total was back-tested, in days."""
    return set(_tested_totals(cards, measure))


def _tested_totals(cards: Sequence[Mapping[str, Any]], measure: str) -> dict[int, Mapping[str, Any]]:
    # If two cards have a horizon, the first one (churn) wins: its horizon's probabilities are adjusted to it.
    totals = [total for card in reversed(cards) for total in card.get("totals", ()) if total["measure"] == measure]
    return {total["horizon_days"]: total for total in totals if _finished_origins(total)}


def _finished_origins(total: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    finished = [origin for origin in total["origins"] if origin["all_customers"]["log_ratio"] is not None]
    return finished[:MAX_ORIGINS]


def _without_origins(prior: RangePrior, measure: str) -> BacktestErrors:
    dispersion = 1.0 if measure == "buyers" else UNTESTED_DISPERSION
    none, no_groups = np.empty(0), np.empty((0, 1))
    return BacktestErrors(prior, none, none, no_groups, no_groups, none, dispersion, 0.0, None)


def _parse_total(total: Mapping[str, Any], prior: RangePrior) -> BacktestErrors:
    origins = _finished_origins(total)
    overall = np.array([_log_ratio_and_noise(origin["all_customers"]) for origin in origins])
    groups = np.array(
        [[_log_ratio_and_noise(group, origin["all_customers"]) for group in origin["groups"]] for origin in origins]
    )
    days = [date.fromisoformat(origin["origin"]) for origin in origins]
    return BacktestErrors(
        prior=prior,
        ratios=np.exp(overall[:, 0]),
        noises=overall[:, 1],
        group_ratios=np.exp(groups[:, :, 0]),
        group_noises=groups[:, :, 1],
        edges=np.array(total["edges"], dtype=float),
        dispersion=total["dispersion"],
        independent_origins=independent_origins(days, total["horizon_days"]),
        tested_days=total["horizon_days"],
    )


def _log_ratio_and_noise(
    group: Mapping[str, float | None], fallback: Mapping[str, float | None] | None = None
) -> list[float | None]:
    """Return log-ratio and noise of a group, or those of the fallback if the group had no total."""
    source = fallback if fallback is not None and group["log_ratio"] is None else group
    return [source["log_ratio"], source["noise"]]
