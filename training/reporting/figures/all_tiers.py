"""Figure of all tiers: one metric of every tier and baseline at every test origin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from matplotlib.figure import Figure

from training.reporting.figures.canvas import (
    BASELINE_COLOURS,
    MODEL_COLOUR,
    TEXT_COLOUR,
    create_figure,
    label_axes,
)


def all_tiers(
    metric: str, by_contestant: Mapping[str, Mapping[date, float]], tier: str, *, higher_is_better: bool
) -> Figure:
    """The values at each origin, one line per tier or baseline; the tested tier is drawn boldly."""
    origins = sorted({origin for values in by_contestant.values() for origin in values})
    best = sum(_is_best(origin, by_contestant, tier, 1 if higher_is_better else -1) for origin in origins)
    figure, (panel,) = create_figure(f"{tier} is best at {best} of {len(origins)} origins")
    others = [contestant for contestant in by_contestant if contestant != tier]
    for index, contestant in enumerate([*others, *([tier] if tier in by_contestant else [])]):
        values = by_contestant[contestant]
        colour = MODEL_COLOUR if contestant == tier else BASELINE_COLOURS[index % len(BASELINE_COLOURS)]
        places = [place for place, origin in enumerate(origins) if origin in values]
        heights = [values[origins[place]] for place in places]
        width = 2.8 if contestant == tier else 1.4
        panel.plot(places, heights, "o-", color=colour, linewidth=width, markersize=2 * width, label=contestant)
    panel.set_xticks(range(len(origins)), [str(origin) for origin in origins])
    panel.set_xlim(-0.3, len(origins) - 0.7)
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9, frameon=False, labelcolor=TEXT_COLOUR)
    label_axes(panel, f"{'Higher' if higher_is_better else 'Lower'} is better.", "test origin", metric)
    return figure


def _is_best(origin: date, by_contestant: Mapping[str, Mapping[date, float]], tier: str, sign: int) -> bool:
    """Whether nobody beats the tier at an origin."""
    own = by_contestant.get(tier, {}).get(origin)
    values = [values[origin] for values in by_contestant.values() if origin in values]
    return own is not None and not any(sign * value > sign * own for value in values)
