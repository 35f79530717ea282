"""Precision and recall figure: the model compared with the churn rules in use."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from features.arrays import Floats
from training.reporting.figures.canvas import (
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
from training.reporting.figures.shares import gain_curve

_FLAGGED_SHARES = np.linspace(0.005, 1, 200)


def rules_precision_recall(probability: Floats, outcome: Floats, flagged: Mapping[str, Floats]) -> Figure:
    """Precision and recall of each rule, and of the model at every number of customers flagged; every array is (n,)."""
    used = {name: by_rule for name, by_rule in flagged.items() if by_rule.sum()}
    if not used or outcome.sum() <= 0:
        return empty_figure("No rule flags anybody, or nobody left: nothing to compare.")
    figure, (panel,) = create_figure(_headline(probability, outcome, used))
    recall = gain_curve(probability, outcome, _FLAGGED_SHARES)
    panel.plot(recall, recall * outcome.mean() / _FLAGGED_SHARES, color=MODEL_COLOUR, linewidth=2.6, label="model")
    panel.axhline(outcome.mean(), color=REFERENCE_COLOUR, linestyle="--", linewidth=1.2, label="chance")
    for index, (name, by_rule) in enumerate(used.items()):
        _plot_rule(
            panel,
            BASELINE_COLOURS[index % len(BASELINE_COLOURS)],
            name,
            *_rule_and_model_points(probability, outcome, by_rule),
        )
    panel.set(xlim=(-0.02, 1.04), ylim=(-0.02, 1.04))
    format_percent(panel, x=True, y=True)
    counted = f"{len(outcome):,} customers, of whom {outcome.sum():,.0f} left"
    label_axes(
        panel,
        f"{counted}. Dotted: from a rule to the model with as many flagged.",
        "recall: share of those who left that were flagged",
        "precision: share of those flagged that left",
    )
    add_legend(panel, "lower left")
    return figure


def _headline(probability: Floats, outcome: Floats, flagged: Mapping[str, Floats]) -> str:
    """The headline names the rule with the highest F1."""
    name = max(flagged, key=lambda rule: (flagged[rule] * outcome).sum() / (flagged[rule].sum() + outcome.sum()))
    (_, precision), (_, model_precision) = _rule_and_model_points(probability, outcome, flagged[name])
    best = "The best rule, " if len(flagged) > 1 else ""
    return f'{best}"{name}", is right in {precision:.0%}; the model with as many flagged in {model_precision:.0%}'


def _rule_and_model_points(
    probability: Floats, outcome: Floats, by_rule: Floats
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Recall and precision of the rule, and of the model that flags as many customers."""
    count, churned, hits = by_rule.sum(), outcome.sum(), (by_rule * outcome).sum()
    recall = float(gain_curve(probability, outcome, np.array([count / len(outcome)]))[0])
    return (float(hits / churned), float(hits / count)), (recall, float(recall * churned / count))


def _plot_rule(panel: Axes, colour: str, name: str, rule: tuple[float, float], model: tuple[float, float]) -> None:
    panel.plot(*zip(rule, model, strict=True), color=colour, linestyle=":", linewidth=1.4)
    panel.plot(*model, "o", color=MODEL_COLOUR, markersize=5)
    panel.plot(*rule, "s", color=colour, markersize=7, markeredgecolor=TEXT_COLOUR, markeredgewidth=0.6, label=name)
