"""Figures of a release beside the champion: the gain on each question, and the churn probability of each customer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from features.arrays import Floats
from training.reporting.figures.canvas import (
    MODEL_COLOUR,
    REFERENCE_COLOUR,
    TEXT_COLOUR,
    WARNING,
    create_figure,
    empty_figure,
    format_percent,
    label_axes,
)

MAX_POINTS = 5000


def paired_gains(questions: Sequence[str], intervals: Sequence[tuple[float, float, float]], reference: str) -> Figure:
    """The change of the loss on each question, with its interval: (gain, low, high) as shares of the reference's."""
    if not questions:
        return empty_figure("No window after an origin is over yet: nothing to compare.")
    sure = sum(low > 0 for _, low, _ in intervals)
    figure, (panel,) = create_figure(f"Surely better than {reference} on {sure} of {len(questions)} questions")
    for row, (gain, low, high) in enumerate(intervals):
        colour = MODEL_COLOUR if low > 0 else WARNING if high < 0 else REFERENCE_COLOUR
        panel.plot([-high, -low], [row, row], color=colour, linewidth=3, solid_capstyle="butt")
        panel.plot([-gain], [row], "o", color=colour, markersize=8)
    panel.axvline(0, color=TEXT_COLOUR, linewidth=1)
    panel.set_yticks(range(len(questions)), list(questions), fontsize=10)
    panel.set_ylim(len(questions) - 0.5, -0.5)
    panel.grid(visible=False, axis="y")
    format_percent(panel, x=True)
    label_axes(panel, "Left of the line is better; bars are 95 % intervals.", f"loss against {reference}", "")
    return figure


def band_changes(champion: Floats, release: Floats, bands: tuple[float, float], changed: int) -> Figure:
    """The churn probability of every customer by the champion and by the release, (n,) each, with the bands."""
    figure, (panel,) = create_figure(f"{changed:,} of {len(release):,} customers change band")
    shown = np.linspace(0, len(release) - 1, min(len(release), MAX_POINTS)).astype(int)
    panel.plot([0, 1], [0, 1], color=REFERENCE_COLOUR, linewidth=1, linestyle="--")
    panel.plot(champion[shown], release[shown], "o", color=MODEL_COLOUR, markersize=4, alpha=0.4, markeredgewidth=0)
    for threshold in bands:
        panel.axvline(threshold, color=TEXT_COLOUR, linewidth=0.8)
        panel.axhline(threshold, color=TEXT_COLOUR, linewidth=0.8)
    panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    format_percent(panel, x=True, y=True)
    label_axes(
        panel,
        "Each dot is a customer of today; the lines separate low, medium and high.",
        "churn probability by the champion",
        "by this release",
    )
    return figure
