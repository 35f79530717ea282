"""Layout catalogue: every file of this folder is one known export; a new file is found without another change."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

from pipelines.init.layout import Layout

LAYOUTS: dict[str, Layout] = {
    info.name: import_module(f"{__name__}.{info.name}").LAYOUT for info in iter_modules(__path__)
}


def recognize_layout(columns: Sequence[str]) -> Layout | None:
    """The layout of an export with these columns, or None; where several match, the one with the longest signature."""
    matches = [layout for layout in LAYOUTS.values() if layout.matches(columns)]
    return max(matches, key=lambda layout: len(layout.signature), default=None)
