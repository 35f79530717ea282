"""Surroundings: the home, the configuration and the machine that the checks look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from features.calendar import instant
from features.config.shop import ShopConfig, read_shop_config
from features.errors import InvalidConfig
from pipelines import environment
from pipelines.diagnostics.home_state import HomeState
from pipelines.diagnostics.port_owner import find_port_owner
from pipelines.home import Home
from serving.moments import resolve_instant


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class Surroundings:
    """Home, configuration file, current time, and two questions to the machine that tests answer themselves."""

    home: Home
    config_path: Path
    now: datetime
    port_owner: Callable[[int], str | None] = find_port_owner  # who listens on a port of this machine
    free_bytes: Callable[[Path], int] = _free_bytes  # on the disk of a folder

    @cached_property
    def state(self) -> HomeState:
        """The state of the home."""
        return HomeState(self.home)

    @cached_property
    def config(self) -> ShopConfig | None:
        """The configuration; None where it is missing or invalid."""
        try:
            return read_shop_config(self.config_path)
        except InvalidConfig:
            return None

    @cached_property
    def zone(self) -> ZoneInfo:
        """The shop's time zone: of the configuration, else of the champion, else UTC."""
        champion = self.state.champion
        if self.config is not None:
            return self.config.zone
        return ZoneInfo("UTC" if champion is None else champion.metadata.timezone)

    @property
    def today(self) -> date:
        """The shop's day; that of FLYWHEEL_AS_OF where it pins the clock of the service."""
        pinned = environment.pinned_time()
        now = self.now if pinned is None else instant(resolve_instant(pinned, self.zone))
        return now.astimezone(self.zone).date()
