"""Figures say their finding in words, and never fail for a shop too small or too uniform to have one."""

import io
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from features.arrays import Floats
from training.estimate import wilson_interval
from training.reporting.figures import (
    coverage,
    cumulative_gains,
    deciles,
    importance,
    reliability,
    rules_precision_recall,
    survival,
)
from training.reporting.figures.shares import equal_mass_bins, gain_curve


def column(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def headline(figure: Figure) -> str:
    return figure.get_suptitle().replace("\n", " ")


def png_bytes(figure: Figure) -> bytes:
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=40)
    return png.getvalue()


NONE = column()
UNKNOWN = column(np.nan, np.nan, np.nan)
ALIKE = column(1, 1, 1)
ZERO = column(0, 0, 0)
FEW = column(0.1, 0.5, 0.9)
DEGENERATE: dict[str, Callable[[], Figure]] = {
    "nobody is known": lambda: reliability(NONE, NONE),
    "no window is over": lambda: reliability(FEW, UNKNOWN),
    "three alike, one left": lambda: reliability(0.5 * ALIKE, column(0, 1, 0)),
    "nobody left": lambda: reliability(FEW, ZERO),
    "all certain": lambda: reliability(ZERO, ZERO),
    "nobody to rank": lambda: cumulative_gains(NONE, NONE, {"recency": NONE}),
    "nobody to find": lambda: cumulative_gains(FEW, ZERO, {}),
    "equal scores": lambda: cumulative_gains(ALIKE, column(0, 1, 0), {"recency": FEW, "orders": ALIKE}),
    "one customer": lambda: cumulative_gains(column(1), column(1), {}),
    "nobody flagged": lambda: rules_precision_recall(FEW, column(0, 1, 0), {"lapsed": ZERO}),
    "no rules": lambda: rules_precision_recall(FEW, column(0, 1, 0), {}),
    "nobody left to flag": lambda: rules_precision_recall(FEW, ZERO, {"lapsed": ALIKE}),
    "everybody flagged": lambda: rules_precision_recall(
        ALIKE, column(0, 1, 0), {"lapsed": ALIKE, "one": column(0, 1, 0)}
    ),
    "nobody to spend": lambda: deciles(NONE, NONE),
    "nobody spent": lambda: deciles(FEW, ZERO, unit="GBP"),
    "nothing predicted": lambda: deciles(ZERO, FEW),
    "nothing at all": lambda: deciles(ZERO, ZERO),
    "no slices": lambda: coverage(0.8, {}, {}),
    "an empty slice": lambda: coverage(0.8, {"newcomers": np.nan}, {"newcomers": 0}),
    "every slice full": lambda: coverage(0.8, {"everyone": 1.0}, {"everyone": 3}),
    "no features": lambda: importance([], NONE),
    "no splits": lambda: importance(["recency", "orders"], column(0, 0)),
    "one feature": lambda: importance(["recency"], column(3)),
    "no day is over": lambda: survival(FEW, FEW, UNKNOWN, 3),
    "only the first day is over": lambda: survival(column(0, 7, 30), FEW, column(0, np.nan, np.nan), 3),
    "nobody comes": lambda: survival(column(0, 7, 30), ZERO, ZERO, 3),
    "nobody is there": lambda: survival(column(0, 7, 30), FEW, ZERO, 0),
}


@pytest.mark.parametrize("draw", DEGENERATE.values(), ids=DEGENERATE)
def test_a_shop_with_little_to_show_still_gets_a_figure_with_a_headline(draw: Callable[[], Figure]) -> None:
    figure = draw()
    assert png_bytes(figure).startswith(b"\x89PNG")
    assert headline(figure)


def test_reliability_says_how_far_off_churn_is_predicted() -> None:
    probability = np.repeat([0.2, 0.8], 10)
    outcome = np.concatenate([np.repeat([1.0, 0.0], [3, 7]), np.repeat([1.0, 0.0], [7, 3])])
    assert headline(reliability(probability, outcome)) == "Predicted churn is 10.0 points off, on average"


def test_customers_with_equal_probabilities_share_a_dot() -> None:
    curve = reliability(np.repeat(0.2, 500), np.tile([1.0, 0, 0, 0, 0], 100)).axes[0]
    assert [len(line.get_xdata()) for line in curve.lines][1] == 1  # type: ignore[arg-type]


def test_gains_say_what_the_best_fifth_holds() -> None:
    score = np.arange(10.0)
    figure = cumulative_gains(score, (score >= 8).astype(float), {"recency": -score})
    assert headline(figure) == "The best-scored 20% hold 100% of the churners: 5.0 times chance"


def test_a_baseline_that_knows_nobody_does_not_hide_the_model() -> None:
    figure = cumulative_gains(np.arange(5.0), column(0, 0, 0, 0, 1), {"BTYD": np.full(5, np.nan)})
    assert headline(figure) == "The best-scored 20% hold 100% of the churners: 5.0 times chance"


def test_a_constant_score_finds_no_more_than_chance() -> None:
    at = np.linspace(0, 1, 11)
    np.testing.assert_allclose(gain_curve(np.ones(50), np.arange(50.0), at), at)


def test_deciles_say_the_bias_in_total_and_within_bins() -> None:
    figure = deciles(np.arange(1.0, 11), np.arange(2.0, 21, 2), "spend in 90 days", "GBP")
    assert headline(figure) == "Predicted spend in 90 days: 50.0% below the actual total, 50.0% off in the mean bin"
    assert figure.axes[0].get_ylabel() == "spend in 90 days per customer, GBP"


def test_coverage_names_the_slices_that_are_short_beyond_chance() -> None:
    shares, counts = (
        {"everyone": 0.81, "newcomers": 0.7, "lapsed": 0.7},
        {"everyone": 900, "newcomers": 400, "lapsed": 9},
    )
    assert headline(coverage(0.8, shares, counts)) == "80% intervals are too narrow for newcomers (70%)"
    assert headline(coverage(0.7, shares, counts)) == "70% intervals hold 70% to 81%: no slice is short beyond chance"


def test_importance_names_the_leading_feature_and_leaves_out_the_unused() -> None:
    figure = importance(["orders", "recency", "age"], column(1, 3, 0))
    assert headline(figure) == "recency holds 75% of the gain, the first 2 together 100%"
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == ["recency", "orders"]


def test_survival_compares_only_the_days_that_are_over() -> None:
    figure = survival(column(0, 7, 30, 90), column(0, 0.2, 0.5, 0.9), column(0, 0.25, 0.5, np.nan), 100)
    assert headline(figure) == "The predicted share with an order is at most 5.0 points off on any day"


@given(st.lists(st.integers(0, 12), max_size=60), st.integers(1, 10))
def test_bins_hold_every_customer_once_and_never_part_equals(scores: list[int], count: int) -> None:
    values = np.array(scores, dtype=np.float64)
    parts = equal_mass_bins(values, count)
    assert sorted(row for part in parts for row in part) == list(range(len(values)))
    assert len(parts) <= count
    for lower, upper in pairwise(parts):
        assert values[lower].max() < values[upper].min()


def test_the_interval_of_a_share_is_wilsons() -> None:
    low, high = wilson_interval(column(0.1, 0, 1), column(10, 10, 0))
    np.testing.assert_allclose(low, [0.0178762, 0, 0], atol=1e-6)
    np.testing.assert_allclose(high, [0.4041500, 0.2775328, 1], atol=1e-6)


def test_figures_leave_the_plotting_state_of_a_notebook_alone() -> None:
    code = "import sys, training.reporting.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
