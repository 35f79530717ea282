"""The figures that papers print for the tenth of CDNOW: ours, those of lifetimes, and the published ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.accuracy.baselines import WEEK, fit_lifetimes_gamma_gamma, fit_lifetimes_model, named_parameters
from benchmarks.accuracy.cdnow_published_sample import HOLDOUT_DAYS, Cohort, published_sample_ids, read_cohort
from features.arrays import Floats
from training.fitting.btyd import BtydFit, fit_btyd, fit_gamma_gamma
from training.fitting.btyd.histories import collapse_histories
from training.fitting.btyd.likelihood import log_likelihood
from training.inference.btyd import BGNBD, ParetoNBD

FAMILIES: dict[str, type[BGNBD | ParetoNBD]] = {"BG/NBD": BGNBD, "Pareto/NBD": ParetoNBD}
# Fader, Hardie, Lee (2005), "Counting your customers the easy way" and "RFM and CLV"; decimals as printed.
PUBLISHED = {
    "BG/NBD": {"r": "0.243", "alpha": "4.414", "a": "0.793", "b": "2.426", "LL": "-9582.4", "holdout r": "0.626"},
    "Pareto/NBD": {"r": "0.5533", "alpha": "10.578", "s": "0.606", "beta": "11.669", "holdout r": "0.630"},
    "Gamma-Gamma": {"p": "6.25", "q": "3.74", "gamma": "15.44"},
}


@dataclass(frozen=True)
class Parameter:
    """One figure of one model."""

    model: str
    name: str
    ours: float
    theirs: float  # of lifetimes; NaN where it would not fit
    published: str

    @property
    def is_equal(self) -> bool:
        """Whether ours is the published figure at its precision."""
        return abs(self.ours - float(self.published)) <= 0.5001 * 10.0**-self.decimals

    @property
    def decimals(self) -> int:
        """How many the paper prints."""
        return len(self.published.partition(".")[2])


def published_parameters() -> Iterator[Parameter]:
    """Every published figure, measured again."""
    people = read_cohort(published_sample_ids())
    for family, kind in FAMILIES.items():
        yield from _compare_figures(family, *_order_figures(family, kind, people))
    yield from _compare_figures("Gamma-Gamma", *_order_value_figures(people))


def _compare_figures(model: str, ours: dict[str, float], theirs: dict[str, float]) -> Iterator[Parameter]:
    for name, said in PUBLISHED[model].items():
        yield Parameter(model, name, ours[name], theirs.get(name, float("nan")), said)


def _order_figures(
    family: str, model_class: type[BGNBD | ParetoNBD], cohort: Cohort
) -> tuple[dict[str, float], dict[str, float]]:
    seen = cohort.histories
    fit: BtydFit = fit_btyd(seen.repeats, seen.recency, seen.age, families=(model_class,))
    expected = fit.model.expected_orders(seen.repeats, seen.recency, seen.age, [HOLDOUT_DAYS / WEEK])[:, 0]
    found = {**asdict(fit.model), "LL": fit.log_likelihood, "holdout r": _correlation(expected, cohort.later_orders)}
    model = fit_lifetimes_model(family, seen)
    if model is None:
        return found, {}
    again = model.conditional_expected_number_of_purchases_up_to_time(
        HOLDOUT_DAYS / WEEK, seen.repeats, seen.recency, seen.age
    )
    histories = collapse_histories(seen.repeats, seen.recency, seen.age)
    return found, {
        **named_parameters(model),
        "LL": log_likelihood(model_class(**named_parameters(model)), histories),
        "holdout r": _correlation(np.asarray(again), cohort.later_orders),
    }


def _order_value_figures(cohort: Cohort) -> tuple[dict[str, float], dict[str, float]]:
    model = fit_lifetimes_gamma_gamma(cohort.histories)
    found = asdict(fit_gamma_gamma(cohort.histories.repeats, cohort.mean_value).model)
    theirs = {} if model is None else named_parameters(model)
    return found, {("gamma" if name == "v" else name): value for name, value in theirs.items()}


def _correlation(expected: Floats, actual: Floats) -> float:
    return float(np.corrcoef(expected, actual)[0, 1])
