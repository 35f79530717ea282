"""Calibration figures: predicted against observed shares, of outcomes, intervals and orders by day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.arrays import Floats
from training.estimate import wilson_interval
from training.reporting.figures.canvas import (
    ACTUAL_COLOUR,
    MODEL_COLOUR,
    REFERENCE_COLOUR,
    WARNING,
    add_legend,
    create_figure,
    empty_figure,
    format_percent,
    label_axes,
)
from training.reporting.figures.shares import equal_mass_bins, finite_rows


def reliability(probability: Floats, outcome: Floats, event: str = "churn") -> Figure:
    """Predicted against observed shares in ten bins of equal mass, above a histogram of the predictions; both (n,)."""
    probability, outcome = finite_rows(probability, outcome)
    if not len(probability):
        return empty_figure(f"No customer whose {event} is known yet: nothing to compare.")
    error = (
        100
        * sum(abs(float(np.sum(probability[part] - outcome[part]))) for part in equal_mass_bins(probability))
        / len(outcome)
    )
    figure, (curve, spread) = create_figure(f"Predicted {event} is {error:.1f} points off, on average", rows=(3.4, 1))
    _plot_reliability(curve, probability, outcome, event)
    spread.hist(probability, bins=[curve.get_xlim()[1] * step / 40 for step in range(41)], color=REFERENCE_COLOUR)
    spread.set_xlim(curve.get_xlim())
    format_percent(spread, x=True)
    label_axes(spread, "", f"predicted probability of {event}", "customers")
    return figure


def _plot_reliability(panel: Axes, probability: Floats, outcome: Floats, event: str) -> None:
    parts = equal_mass_bins(probability)
    predicted = np.array([probability[part].mean() for part in parts])
    observed = np.array([outcome[part].mean() for part in parts])
    low, high = wilson_interval(observed, np.array([len(part) for part in parts]))
    top = min(1.0, 1.08 * max(predicted.max(), high.max(), probability.max(), 0.05))
    panel.plot([0, top], [0, top], color=REFERENCE_COLOUR, linestyle="--", linewidth=1.2, label="as predicted")
    bars = [observed - low, high - observed]
    panel.errorbar(
        predicted, observed, bars, color=MODEL_COLOUR, fmt="o-", capsize=3, markersize=5, label="observed, 95% interval"
    )
    panel.set(xlim=(-0.015 * top, 1.02 * top), ylim=(-0.03 * top, 1.05 * top))
    format_percent(panel, x=True, y=True)
    counted = f"{len(parts)} bins of about {len(outcome) // len(parts):,} customers; {len(outcome):,} in all"
    label_axes(
        panel, f"{counted}; {event}: {outcome.sum():,.0f}. Dots on the dashed line are right.", "", f"observed {event}"
    )
    add_legend(panel, "upper left")


def coverage(nominal: float, coverage_by_slice: Mapping[str, float], counts: Mapping[str, int]) -> Figure:
    """The share of outcomes inside their interval for each slice, compared with the nominal share."""
    slices = [name for name in coverage_by_slice if counts.get(name, 0) > 0 and np.isfinite(coverage_by_slice[name])]
    if not slices:
        return empty_figure(f"No customer whose outcome is known yet: the {nominal:.0%} intervals cannot be judged.")
    share = np.array([coverage_by_slice[name] for name in slices])
    low, high = wilson_interval(share, np.array([counts[name] for name in slices]))
    figure, (panel,) = create_figure(_coverage_headline(nominal, slices, share, high))
    row = np.arange(len(slices))[::-1]
    colours = [WARNING if missed else MODEL_COLOUR for missed in high < nominal]
    panel.hlines(row, low, high, colors=colours, linewidth=2.5)
    panel.scatter(share, row, c=colours, s=55, zorder=3)
    panel.axvline(nominal, color=REFERENCE_COLOUR, linestyle="--", linewidth=1.2)
    panel.set_yticks(row, [f"{name}\n{counts[name]:,} customers" for name in slices])
    panel.set(xlim=(min(low.min(), nominal) - 0.03, max(high.max(), nominal) + 0.03), ylim=(-0.6, len(row) - 0.4))
    format_percent(panel, x=True)
    label_axes(
        panel, f"Bars: 95% interval. Dashed: the {nominal:.0%} promised.", "customers whose outcome fell inside", ""
    )
    return figure


def _coverage_headline(nominal: float, slices: list[str], share: Floats, high: Floats) -> str:
    short = [f"{name} ({value:.0%})" for name, value, top in zip(slices, share, high, strict=True) if top < nominal]
    if short:
        more = f" and {len(short) - 3} more" if len(short) > 3 else ""
        return f"{nominal:.0%} intervals are too narrow for {', '.join(short[:3])}{more}"
    return f"{nominal:.0%} intervals hold {share.min():.0%} to {share.max():.0%}: no slice is short beyond chance"


def survival(days: Floats, predicted: Floats, observed: Floats, count: int) -> Figure:
    """Share of ``count`` customers with an order by each day; all (k,), NaN where the days are not over."""
    days, predicted, observed = (np.asarray(each, dtype=np.float64) for each in (days, predicted, observed))
    over = np.isfinite(observed) & np.isfinite(predicted)
    if not count or not over.any():
        return empty_figure("No day is over yet: the predicted orders cannot be compared.")
    worst = 100 * np.abs(predicted - observed)[over].max()
    figure, (panel,) = create_figure(f"The predicted share with an order is at most {worst:.1f} points off on any day")
    low, high = wilson_interval(observed[over], np.full(over.sum(), count))
    panel.fill_between(days[over], low, high, color=ACTUAL_COLOUR, alpha=0.25, linewidth=0)
    panel.plot(days[over], observed[over], color=ACTUAL_COLOUR, linewidth=2, label="have ordered, 95% interval")
    panel.plot(days, predicted, color=MODEL_COLOUR, linewidth=2, linestyle="--", label="predicted")
    last = max(float(days[over].max()), 1.0)
    panel.set(xlim=(0, 1.15 * last), ylim=(0, 1.15 * max(observed[over].max(), predicted[days <= last].max(), 0.01)))
    format_percent(panel, y=True)
    label_axes(
        panel,
        f"{count:,} customers; observed up to day {last:.0f}.",
        "days since the origin",
        "customers with an order",
    )
    add_legend(panel, "lower right")
    return figure
