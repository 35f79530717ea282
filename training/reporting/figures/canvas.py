"""Figure style: the finding as a headline, a note on how to read it, and colour-blind safe colours."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter

# Okabe and Ito (2008): told apart with every common colour blindness, and in print.
MODEL_COLOUR, ACTUAL_COLOUR, WARNING, TEXT_COLOUR, REFERENCE_COLOUR = (
    "#0072B2",
    "#E69F00",
    "#D55E00",
    "#333333",
    "#999999",
)
BASELINE_COLOURS = ("#CC79A7", "#009E73", "#56B4E9", "#B8A800", "#D55E00", "#000000")
_LINE_LENGTH = 76


def create_figure(
    headline: str, columns: Sequence[float] = (1,), rows: Sequence[float] = (1,)
) -> tuple[Figure, list[Axes]]:
    """A figure with its headline and its panels, row by row; the numbers are relative widths and heights."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1)
    figure = Figure(figsize=(8.4, 4.9), layout=layout, facecolor="white")
    title = textwrap.fill(headline, _LINE_LENGTH)
    figure.suptitle(title, x=0.015, ha="left", fontsize=12.5, fontweight="bold", color=TEXT_COLOUR)
    grid = figure.add_gridspec(len(rows), len(columns), width_ratios=columns, height_ratios=rows)
    panels = [figure.add_subplot(grid[row, column]) for row in range(len(rows)) for column in range(len(columns))]
    for panel in panels:
        _style_axes(panel)
    return figure, panels


def _style_axes(panel: Axes) -> None:
    panel.grid(visible=True, color="#E4E4E4", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color(REFERENCE_COLOUR)
    panel.tick_params(colors=TEXT_COLOUR, labelsize=9, length=0)


def label_axes(panel: Axes, how_to_read: str, x: str, y: str) -> None:
    """Write how a panel is read, and the names of its axes with their units."""
    panel.set_title(how_to_read, loc="left", fontsize=9, color="#666666")
    panel.set_xlabel(x, fontsize=9.5, color=TEXT_COLOUR)
    panel.set_ylabel(y, fontsize=9.5, color=TEXT_COLOUR)


def format_percent(panel: Axes, *, x: bool = False, y: bool = False) -> None:
    """Show shares from 0 to 1 as percentages."""
    for axis, is_share in ((panel.xaxis, x), (panel.yaxis, y)):
        if is_share:
            axis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g}%"))


def add_legend(panel: Axes, location: Literal["upper left", "lower left", "lower right"]) -> None:
    """Add a legend without a frame."""
    panel.legend(loc=location, fontsize=9, frameon=False, labelcolor=TEXT_COLOUR)


def empty_figure(message: str) -> Figure:
    """An empty figure that says why it is empty."""
    figure, (panel,) = create_figure(message)
    panel.set_axis_off()
    return figure
