"""Each question as a case: our answers beside those of simple rules and published models, and what then happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.accuracy.baselines import Anchor
from benchmarks.accuracy.paired_comparison import Case, Line, Measure, lines
from features.arrays import Booleans, Floats
from training import metrics
from training.dataset.outcomes import Outcomes
from training.inference.forecast import Forecast

NEAR = 60.0


def _off(predicted: Floats, actual: Floats) -> float:
    return abs(metrics.bias(predicted, actual))


def _within_3(predicted: Floats, actual: Floats) -> float:
    return float(np.mean(np.abs(predicted - actual) <= 3))


def _median_error(predicted: Floats, actual: Floats) -> float:
    return float(np.median(np.abs(predicted - actual)))


def _correlation(predicted: Floats, actual: Floats) -> float:
    return float(np.corrcoef(predicted, actual)[0, 1])


RANKING = (
    Measure("AUC", metrics.auc, higher_is_better=True),
    Measure("AP", metrics.average_precision, higher_is_better=True),
)
PROBABILITY = (Measure("Brier", metrics.brier), Measure("ECE", metrics.ece))
DATES = (
    Measure("MAE days", metrics.mae),
    Measure("median error days", _median_error),
    Measure("within 3 days", _within_3, higher_is_better=True),
)
TOTALS = (
    Measure("Gini", metrics.normalised_gini, higher_is_better=True),
    Measure("RMSE", metrics.rmse),
    Measure("decile MAPE", metrics.decile_mape),
    Measure("abs(bias)", _off),
)
MEDIAN = (Measure("MAE of the median", metrics.mae),)
COUNTS = (Measure("RMSE", metrics.rmse), Measure("r", _correlation, higher_is_better=True), Measure("abs(bias)", _off))


@dataclass(frozen=True)
class Ours:
    """Our answers to one question, (n,) each."""

    rung: str  # that answers
    answer: Floats
    alone: Mapping[str, Floats]  # by rung

    @classmethod
    def of(cls, rung: str, alone: Mapping[str, Floats]) -> Ours:
        """The answers of one of the rungs."""
        return cls(rung, alone[rung], alone)

    def at(self, chosen: Booleans, limit: float) -> Ours:
        """Some customers' dates, those beyond a limit taken to lie at it."""
        alone = {name: np.minimum(answer, limit)[chosen] for name, answer in self.alone.items()}
        return Ours(self.rung, np.minimum(self.answer, limit)[chosen], alone)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Where and when some customers were asked about."""

    log: str
    protocol: str
    origin: str
    anchors: Sequence[Anchor]

    def of(self, what: str) -> dict[str, Floats | None]:
        """What the published models answered, by name: an attribute of ``Anchor``."""
        suffix = " x Gamma-Gamma" if what == "spend" else ""
        return {one.name + suffix: getattr(one, what) for one in self.anchors}

    def case(self, question: str, ours: Ours, actual: Floats, others: Mapping[str, Floats | None]) -> Case:
        """Our answers beside the others'."""
        return Case(
            log=self.log, protocol=self.protocol, origin=self.origin, question=question,
            rung=ours.rung, ours=ours.answer, alone=ours.alone, actual=actual, others=others,
        )  # fmt: skip


def churn(stage: Stage, days: int, ours: Ours, actual: Floats, ranks: Mapping[str, Floats]) -> Iterator[Line]:
    """Ranked beside simple scores, judged as a probability beside those that are one."""
    question, published = f"churn {days} d", stage.of("stays_away")
    yield from lines(stage.case(question, ours, actual, {**ranks, **published}), RANKING)
    yield from lines(stage.case(question, ours, actual, published), PROBABILITY)


def next_purchase(
    stage: Stage, rung: str, said: Mapping[str, Forecast], outcomes: Outcomes, others: Mapping[str, Floats]
) -> Iterator[Line]:
    """Errors of the date for those who came within 60 days; its order for everybody, times censored at 60."""
    limit = min(NEAR, float(outcomes.follow_days.min()))
    near, wait = outcomes.wait_days < limit, outcomes.wait_days
    alone = {name: forecast.day_of(0.5) for name, forecast in said.items()}
    ours = Ours.of(rung, alone)
    dates = {name: np.minimum(theirs, limit)[near] for name, theirs in others.items()}
    case = stage.case("next purchase", ours.at(near, limit), wait[near], dates)
    yield from lines(replace(case, aside=_of_those_who_came(said[rung], wait, near, int(limit))), DATES)

    def concordance(predicted: Floats, actual: Floats) -> float:
        return metrics.concordance(predicted, actual, limit)

    yield from lines(
        stage.case("next purchase", ours, wait, others), (Measure("C", concordance, higher_is_better=True),)
    )


def spend(
    stage: Stage, days: int, mean: Ours, median: Ours, actual: Floats, simple: Mapping[str, Floats]
) -> Iterator[Line]:
    """The mean by its total, order and error, the median by its absolute error."""
    others, nothing = {**simple, **stage.of("spend")}, {"always zero": np.zeros(len(actual))}
    yield from lines(stage.case(f"spend {days} d", mean, actual, others), TOTALS)
    yield from lines(stage.case(f"spend {days} d", median, actual, {**others, **nothing}), MEDIAN)


def orders(stage: Stage, days: int, ours: Ours, actual: Floats) -> Iterator[Line]:
    """Expected orders beside the published models'."""
    yield from lines(stage.case(f"orders {days} d", ours, actual, stage.of("orders")), COUNTS)


def _of_those_who_came(forecast: Forecast, wait: Floats, near: Booleans, limit: int) -> str:
    """What other readings of the same distribution would have scored: the median served speaks for everybody."""
    by_day = forecast.within_each(range(limit + 1))[near]
    given = (by_day < by_day[:, -1:] / 2).sum(axis=1) - 0.5
    likeliest = np.argmax(by_day[:, 6:] - by_day[:, :-6], axis=1) + 3.0
    beyond = float((forecast.day_of(0.5)[near] > limit).mean())
    return (
        f"{near.mean():.0%} came within {limit} days and only they are judged; the served median speaks for all and "
        f"lies beyond for {beyond:.0%} of them; read off the same distribution, the median given an order within "
        f"{limit} days would be {metrics.mae(given, wait[near]):.1f} days off, and the middle of the likeliest six "
        f"days within 3 days for {_within_3(likeliest, wait[near]):.0%}"
    )
