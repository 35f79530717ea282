"""Ranking figures: cumulative gains and lift of a score, and predicted against actual amounts by decile."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.arrays import Floats
from training import metrics
from training.reporting.figures.canvas import (
    ACTUAL_COLOUR,
    BASELINE_COLOURS,
    MODEL_COLOUR,
    REFERENCE_COLOUR,
    TEXT_COLOUR,
    add_legend,
    create_figure,
    empty_figure,
    format_percent,
    label_axes,
)
from training.reporting.figures.shares import equal_mass_bins, finite_rows, gain_curve, mean_interval, rank_unknown_last

_DECILE_POINTS = np.linspace(0, 1, 11)
_CURVE_POINTS = np.linspace(0, 1, 201)


def cumulative_gains(
    score: Floats, outcome: Floats, baselines: Mapping[str, Floats], target: str = "churners"
) -> Figure:
    """The share of all outcomes among the best-scored customers, and the lift of each tenth; every array is (n,)."""
    scored_baselines = [rank_unknown_last(np.asarray(baseline, dtype=np.float64)) for baseline in baselines.values()]
    score, outcome, *compared = finite_rows(score, outcome, *scored_baselines)
    others = dict(zip(baselines, compared, strict=True))
    if outcome.sum() <= 0:
        return empty_figure(f"No {target} among {len(outcome):,} customers: nothing to rank.")
    fifth = float(gain_curve(score, outcome, np.array([0.2]))[0])
    headline = f"The best-scored 20% hold {fifth:.0%} of the {target}: {5 * fifth:.1f} times chance"
    figure, (curve, lift) = create_figure(headline, columns=(1.15, 1))
    _plot_gain_curves(curve, score, outcome, others, target)
    _plot_lift_bars(lift, score, outcome, others)
    return figure


def _plot_gain_curves(panel: Axes, score: Floats, outcome: Floats, others: Mapping[str, Floats], target: str) -> None:
    panel.plot([0, 1], [0, 1], color=REFERENCE_COLOUR, linestyle="--", linewidth=1.2, label="chance")
    for (name, baseline), colour in zip(others.items(), _baseline_colours(len(others)), strict=True):
        panel.plot(_CURVE_POINTS, gain_curve(baseline, outcome, _CURVE_POINTS), color=colour, linewidth=1.4, label=name)
    panel.plot(
        _CURVE_POINTS, gain_curve(score, outcome, _CURVE_POINTS), color=MODEL_COLOUR, linewidth=2.6, label="model"
    )
    panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    format_percent(panel, x=True, y=True)
    label_axes(
        panel, f"{len(outcome):,} customers, highest score first", "customers approached", f"share of {target} held"
    )
    add_legend(panel, "lower right")


def _plot_lift_bars(panel: Axes, score: Floats, outcome: Floats, others: Mapping[str, Floats]) -> None:
    tenth = np.arange(1, 11)
    lift = 10 * np.diff(gain_curve(score, outcome, _DECILE_POINTS))
    panel.bar(tenth - 0.15, lift, color=MODEL_COLOUR, width=0.56)
    for (_, baseline), colour in zip(others.items(), _baseline_colours(len(others)), strict=True):
        panel.plot(
            tenth + 0.29, 10 * np.diff(gain_curve(baseline, outcome, _DECILE_POINTS)), "o", color=colour, markersize=4.5
        )
    panel.axhline(1, color=REFERENCE_COLOUR, linestyle="--", linewidth=1.2)
    for x, y in zip(tenth, lift, strict=True):
        panel.annotate(
            f"{y:.1f}", (x - 0.15, y), (0, 3), textcoords="offset points", ha="center", fontsize=8, color=TEXT_COLOUR
        )
    panel.set_xticks(tenth)
    panel.grid(visible=False, axis="x")
    label_axes(
        panel, "Bars: model, dots: baselines, dashed: chance", "tenth of customers by score", "lift (1 is chance)"
    )


def _baseline_colours(count: int) -> list[str]:
    return [BASELINE_COLOURS[index % len(BASELINE_COLOURS)] for index in range(count)]


def deciles(predicted: Floats, actual: Floats, amount: str = "spend", unit: str = "") -> Figure:
    """Mean predicted against mean actual amount in ten bins by prediction; both (n,)."""
    predicted, actual = finite_rows(predicted, actual)
    if not len(actual):
        return empty_figure(f"No customer whose {amount} is known yet: nothing to compare.")
    parts = equal_mass_bins(predicted)
    expected = np.array([predicted[part].mean() for part in parts])
    happened = np.array([actual[part].mean() for part in parts])
    figure, (panel,) = create_figure(_decile_headline(amount, metrics.bias(predicted, actual), expected, happened))
    _plot_decile_bars(panel, expected, happened, [mean_interval(actual[part]) for part in parts])
    counted = f"{len(parts)} bins of about {len(actual) // len(parts):,} customers; {len(actual):,} in all."
    in_unit = f", {unit}" if unit else ""
    label_axes(panel, counted, "bin of customers by prediction, lowest first", f"{amount} per customer{in_unit}")
    add_legend(panel, "upper left")
    return figure


def _decile_headline(amount: str, bias: float, expected: Floats, actual: Floats) -> str:
    spent = actual > 0
    if not spent.any():
        return f"No {amount} by anyone, where {expected.mean():,.2f} per customer was predicted"
    off = float(np.mean(np.abs(expected - actual)[spent] / actual[spent]))
    side = "above" if bias >= 0 else "below"
    return f"Predicted {amount}: {abs(bias):.1%} {side} the actual total, {off:.1%} off in the mean bin"


def _plot_decile_bars(panel: Axes, expected: Floats, actual: Floats, intervals: list[float]) -> None:
    position = np.arange(1, len(expected) + 1)
    panel.bar(position - 0.2, expected, width=0.38, color=MODEL_COLOUR, label="predicted")
    panel.bar(position + 0.2, actual, width=0.38, color=ACTUAL_COLOUR, label="actual, 95% interval")
    panel.errorbar(position + 0.2, actual, intervals, color=TEXT_COLOUR, fmt="none", capsize=2.5, linewidth=1)
    panel.set_xticks(position)
    top = float(np.max([expected, actual + intervals]))
    panel.set_ylim(min(0.0, expected.min(), actual.min()), 1.15 * top if top > 0 else 1.0)
    panel.grid(visible=False, axis="x")
