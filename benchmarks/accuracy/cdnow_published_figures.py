"""Published figures: parameters and fits that papers print for the CDNOW sample, next to ours and lifetimes'."""

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
    """One figure of one model: ours, that of lifetimes and the published one."""

    model: str
    name: str
    value: float
    lifetimes_value: float  # of lifetimes; NaN if it did not converge
    published: str

    @property
    def is_equal(self) -> bool:
        """Whether our figure equals the published one at its printed precision."""
        return abs(self.value - float(self.published)) <= 0.5001 * 10.0**-self.decimals

    @property
    def decimals(self) -> int:
        """The number of decimals that the paper prints."""
        return len(self.published.partition(".")[2])


def published_parameters() -> Iterator[Parameter]:
    """Measure every published figure again."""
    cohort = read_cohort(published_sample_ids())
    for family, model_class in FAMILIES.items():
        yield from _compare_figures(family, *_order_figures(family, model_class, cohort))
    yield from _compare_figures("Gamma-Gamma", *_order_value_figures(cohort))


def _compare_figures(
    model: str, our_figures: dict[str, float], lifetimes_figures: dict[str, float]
) -> Iterator[Parameter]:
    for name, published in PUBLISHED[model].items():
        yield Parameter(model, name, our_figures[name], lifetimes_figures.get(name, float("nan")), published)


def _order_figures(
    family: str, model_class: type[BGNBD | ParetoNBD], cohort: Cohort
) -> tuple[dict[str, float], dict[str, float]]:
    histories = cohort.histories
    fit: BtydFit = fit_btyd(histories.repeats, histories.recency, histories.age, families=(model_class,))
    expected = fit.model.expected_orders(histories.repeats, histories.recency, histories.age, [HOLDOUT_DAYS / WEEK])[
        :, 0
    ]
    figures = {**asdict(fit.model), "LL": fit.log_likelihood, "holdout r": _correlation(expected, cohort.later_orders)}
    model = fit_lifetimes_model(family, histories)
    if model is None:
        return figures, {}
    lifetimes_expected = model.conditional_expected_number_of_purchases_up_to_time(
        HOLDOUT_DAYS / WEEK, histories.repeats, histories.recency, histories.age
    )
    collapsed = collapse_histories(histories.repeats, histories.recency, histories.age)
    return figures, {
        **named_parameters(model),
        "LL": log_likelihood(model_class(**named_parameters(model)), collapsed),
        "holdout r": _correlation(np.asarray(lifetimes_expected), cohort.later_orders),
    }


def _order_value_figures(cohort: Cohort) -> tuple[dict[str, float], dict[str, float]]:
    model = fit_lifetimes_gamma_gamma(cohort.histories)
    figures = asdict(fit_gamma_gamma(cohort.histories.repeats, cohort.mean_value).model)
    lifetimes_figures = {} if model is None else named_parameters(model)
    return figures, {("gamma" if name == "v" else name): value for name, value in lifetimes_figures.items()}


def _correlation(expected: Floats, actual: Floats) -> float:
    return float(np.corrcoef(expected, actual)[0, 1])
