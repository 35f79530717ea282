"""Tag destinations step: copies the sections ``[tags.<destination>]`` of flywheel.toml into the home."""

from __future__ import annotations

from collections.abc import Callable

from features.config.shop import ShopConfig
from pipelines.home import Home
from serving.tags.destinations import record_destinations


def record_configured_destinations(config: ShopConfig, home: Home, report: Callable[[str], None]) -> None:
    """Copy the destinations of tags into the home if they changed, with absolute paths."""
    destinations = {name: section.with_absolute_paths(config.folder) for name, section in config.tags.items()}
    if record_destinations(home.folder, destinations):
        report(f"tags go to {', '.join(destinations) or 'no tool any more'}")
