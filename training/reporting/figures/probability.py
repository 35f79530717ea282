"""Are the stated probabilities what happens: of an outcome, of an interval, of an order by a day?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.arrays import Floats
from training.reporting.figures.canvas import ACTUAL, BAD, FAINT, MODEL, label, legend, nothing, percent, sheet
from training.reporting.figures.shares import bins, seen, wilson


def reliability(probability: Floats, outcome: Floats, event: str = "churn") -> Figure:
    """Predicted against observed share in ten bins of equal mass, over where the predictions lie; both (n,)."""
    probability, outcome = seen(probability, outcome)
    if not len(probability):
        return nothing(f"No customer whose {event} is known yet: nothing to compare.")
    error = (
        100 * sum(abs(float(np.sum(probability[part] - outcome[part]))) for part in bins(probability)) / len(outcome)
    )
    figure, (curve, spread) = sheet(f"Predicted {event} is {error:.1f} points off, on average", rows=(3.4, 1))
    _reliability_curve(curve, probability, outcome, event)
    spread.hist(probability, bins=[curve.get_xlim()[1] * step / 40 for step in range(41)], color=FAINT)
    spread.set_xlim(curve.get_xlim())
    percent(spread, x=True)
    label(spread, "", f"predicted probability of {event}", "customers")
    return figure


def _reliability_curve(panel: Axes, probability: Floats, outcome: Floats, event: str) -> None:
    parts = bins(probability)
    predicted = np.array([probability[part].mean() for part in parts])
    observed = np.array([outcome[part].mean() for part in parts])
    low, high = wilson(observed, np.array([len(part) for part in parts]))
    top = min(1.0, 1.08 * max(predicted.max(), high.max(), probability.max(), 0.05))
    panel.plot([0, top], [0, top], color=FAINT, linestyle="--", linewidth=1.2, label="as predicted")
    bars = [observed - low, high - observed]
    panel.errorbar(
        predicted, observed, bars, color=MODEL, fmt="o-", capsize=3, markersize=5, label="observed, 95% interval"
    )
    panel.set(xlim=(-0.015 * top, 1.02 * top), ylim=(-0.03 * top, 1.05 * top))
    percent(panel, x=True, y=True)
    counted = f"{len(parts)} bins of about {len(outcome) // len(parts):,} customers; {len(outcome):,} in all"
    label(
        panel, f"{counted}; {event}: {outcome.sum():,.0f}. Dots on the dashed line are right.", "", f"observed {event}"
    )
    legend(panel, "upper left")


def coverage(nominal: float, covered: Mapping[str, float], counts: Mapping[str, int]) -> Figure:
    """The share of each slice whose outcome fell into its interval, beside the share that was promised."""
    slices = [name for name in covered if counts.get(name, 0) > 0 and np.isfinite(covered[name])]
    if not slices:
        return nothing(f"No customer whose outcome is known yet: the {nominal:.0%} intervals cannot be judged.")
    share = np.array([covered[name] for name in slices])
    low, high = wilson(share, np.array([counts[name] for name in slices]))
    figure, (panel,) = sheet(_coverage_headline(nominal, slices, share, high))
    row = np.arange(len(slices))[::-1]
    colours = [BAD if missed else MODEL for missed in high < nominal]
    panel.hlines(row, low, high, colors=colours, linewidth=2.5)
    panel.scatter(share, row, c=colours, s=55, zorder=3)
    panel.axvline(nominal, color=FAINT, linestyle="--", linewidth=1.2)
    panel.set_yticks(row, [f"{name}\n{counts[name]:,} customers" for name in slices])
    panel.set(xlim=(min(low.min(), nominal) - 0.03, max(high.max(), nominal) + 0.03), ylim=(-0.6, len(row) - 0.4))
    percent(panel, x=True)
    label(panel, f"Bars: 95% interval. Dashed: the {nominal:.0%} promised.", "customers whose outcome fell inside", "")
    return figure


def _coverage_headline(nominal: float, slices: list[str], share: Floats, high: Floats) -> str:
    short = [f"{name} ({value:.0%})" for name, value, top in zip(slices, share, high, strict=True) if top < nominal]
    if short:
        more = f" and {len(short) - 3} more" if len(short) > 3 else ""
        return f"{nominal:.0%} intervals are too narrow for {', '.join(short[:3])}{more}"
    return f"{nominal:.0%} intervals hold {share.min():.0%} to {share.max():.0%}: no slice is short beyond chance"


def survival(days: Floats, predicted: Floats, observed: Floats, count: int) -> Figure:
    """Share of ``count`` customers who have ordered by each day; all (k,), NaN where the days are not over."""
    days, predicted, observed = (np.asarray(each, dtype=np.float64) for each in (days, predicted, observed))
    over = np.isfinite(observed) & np.isfinite(predicted)
    if not count or not over.any():
        return nothing("No day is over yet: the predicted orders cannot be compared.")
    worst = 100 * np.abs(predicted - observed)[over].max()
    figure, (panel,) = sheet(f"The predicted share with an order is at most {worst:.1f} points off on any day")
    low, high = wilson(observed[over], np.full(over.sum(), count))
    panel.fill_between(days[over], low, high, color=ACTUAL, alpha=0.25, linewidth=0)
    panel.plot(days[over], observed[over], color=ACTUAL, linewidth=2, label="have ordered, 95% interval")
    panel.plot(days, predicted, color=MODEL, linewidth=2, linestyle="--", label="predicted")
    last = max(float(days[over].max()), 1.0)
    panel.set(xlim=(0, 1.15 * last), ylim=(0, 1.15 * max(observed[over].max(), predicted[days <= last].max(), 0.01)))
    percent(panel, y=True)
    label(
        panel,
        f"{count:,} customers; observed up to day {last:.0f}.",
        "days since the origin",
        "customers with an order",
    )
    legend(panel, "lower right")
    return figure
