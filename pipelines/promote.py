"""Let a release serve, if the gate lets it: the champion's alias moves, and with it the pointer that workers watch."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from features.errors import FlywheelError, NothingThere
from pipelines.home import Home

if TYPE_CHECKING:
    from training.registry import Promotion


class GateRefused(FlywheelError):
    """The release answers worse than what serves; nothing was changed."""


def run(
    home: Home,
    at: datetime,
    say: Callable[[str], None],
    *,
    version: str | None = None,
    why: str = "",
    force: bool = False,
    rollback: bool = False,
) -> Promotion:
    """Promote the challenger, or the version named.

    Raises:
        GateRefused: it would answer a question from a lower rung than the champion, and ``force`` is not set.
        NothingThere: there is nothing to promote.
    """
    from training.registry import Registry, point  # noqa: PLC0415 -- MLflow takes seconds to import

    registry = Registry.open(home.folder)
    if rollback:
        moved = registry.rollback(by=_who(), at=at, why=why or "rolled back")
    else:
        moved = _promote(registry, home, at, version, why, force)
    folder = home.releases / moved.version
    if not folder.is_dir():
        registry.fetch(moved.version, folder)
    point(home.folder, moved.version)
    say(f"release {moved.version} is the champion")
    return moved


def _promote(registry: Any, home: Home, at: datetime, version: str | None, why: str, force: bool) -> Promotion:
    wanted = version or registry.version_of("release", "challenger") or registry.version_of("release", "champion")
    if wanted is None:
        raise NothingThere("There is no release to promote. Expected a trained one: run `flywheel train` first.")
    folder = home.releases / wanted
    if not folder.is_dir():
        registry.fetch(wanted, folder)
    gate = json.loads((folder / "release.json").read_text())["gate"]
    standing = registry.version_of("release", "champion")
    if not gate["passed"] and not force and wanted != standing:
        raise GateRefused(
            f"The gate refuses release {wanted}: it answers {', '.join(gate['falls'])} from a lower rung than release "
            f"{standing}, which goes on serving. See its run in `flywheel ui`; to let it serve all the same: "
            f"flywheel promote --version {wanted} --force --why REASON."
        )
    if force and not why:
        raise FlywheelError("Found --force without --why. Expected a reason, for the log: say why with --why.")
    moved: Promotion = registry.promote(
        wanted, by=_who(), at=at, why=why or "passed the gate", gate=gate, forced=force and not gate["passed"]
    )
    return moved


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
