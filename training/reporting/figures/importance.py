"""Feature importance figure: the share of each input in the gain of the trees."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from features.arrays import Floats
from training.reporting.figures.canvas import (
    MODEL_COLOUR,
    TEXT_COLOUR,
    create_figure,
    empty_figure,
    format_percent,
    label_axes,
)


def importance(names: Sequence[str], gains: Floats, top: int = 20) -> Figure:
    """The ``top`` features by their share of the trees' total gain; ``gains`` is (features,)."""
    total = float(np.sum(gains))
    if total <= 0:
        return empty_figure(f"The model uses none of its {len(names)} features: it found nothing to split on.")
    order = np.argsort(-np.asarray(gains), kind="stable")[: min(top, np.count_nonzero(gains))]
    share = np.asarray(gains)[order] / total
    few = min(5, len(share))
    rest = f", the first {few} together {share[:few].sum():.0%}" if few > 1 else ""
    figure, (panel,) = create_figure(f"{names[order[0]]} holds {share[0]:.0%} of the gain{rest}")
    row = np.arange(len(order))[::-1]
    panel.barh(row, share, color=MODEL_COLOUR, height=0.72)
    for y, value in zip(row, share, strict=True):
        panel.annotate(
            f"{value:.1%}", (value, y), (3, 0), textcoords="offset points", va="center", fontsize=8, color=TEXT_COLOUR
        )
    panel.set_yticks(row, [names[index] for index in order], fontsize=8.5 if len(order) <= 16 else 7.5)
    panel.set(xlim=(0, 1.12 * share[0]), ylim=(-0.6, len(order) - 0.4))
    panel.grid(visible=False, axis="y")
    format_percent(panel, x=True)
    label_axes(panel, f"The {len(order)} of {len(names)} features with most gain.", "share of the total gain", "")
    return figure
