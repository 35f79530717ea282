"""Let a release serve, if the gate lets it: the champion's alias moves, and with it the pointer that workers watch."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from features.errors import FlywheelError, NotFound
from pipelines.home import Home
from training.inference.release_manifest import ReleaseManifest

if TYPE_CHECKING:
    from training.registry import Promotion, Registry


class GateRejected(FlywheelError):
    """The release answers worse than what serves; nothing was changed."""


class UsageError(FlywheelError):
    """What is asked for has no meaning; nothing was changed."""


def run(
    home: Home,
    timestamp: datetime,
    report: Callable[[str], None],
    *,
    version: str | None = None,
    why: str = "",
    force: bool = False,
) -> Promotion:
    """Promote the challenger, or the version named.

    Raises:
        GateRejected: it would answer a question from a lower rung than the champion, and ``force`` is not set.
        NotFound: there is nothing to promote.
        UsageError: forced without a reason.
    """
    if force and not why:
        raise UsageError("Found --force without --why. Expected a reason, for the log: say why with --why.")
    registry = home.registry()
    wanted = _pending_release(registry) if version is None else version
    gate = _current_gate(registry, home, wanted)
    if not gate["passed"] and not force:
        raise GateRejected(
            f"The gate refuses release {wanted}: it answers {', '.join(gate['falls'])} from a lower rung than the "
            f"champion, which goes on serving. See its run in `flywheel ui`; to let it serve all the same: "
            f"flywheel promote --version {wanted} --force --why REASON."
        )
    moved = registry.promote(
        wanted,
        by=_current_user(),
        at=timestamp,
        why=why or "passed the gate",
        gate=gate,
        forced=force and not gate["passed"],
    )
    _publish_pointer(registry, home, moved.version, report)
    return moved


def rollback(home: Home, timestamp: datetime, report: Callable[[str], None], *, why: str = "") -> Promotion:
    """Let the previous release serve again.

    Raises:
        NotFound: there is no previous release.
    """
    registry = home.registry()
    moved = _unfinished_rollback(registry, home) or registry.rollback(
        by=_current_user(), at=timestamp, why=why or "rolled back"
    )
    _publish_pointer(registry, home, moved.version, report)
    return moved


def _pending_release(registry: Registry) -> str:
    """The challenger; the champion where there is none, so that a promotion may be asked for twice."""
    found = registry.version_of("release", "challenger") or registry.version_of("release", "champion")
    if found is None:
        raise NotFound("There is no release to promote. Expected a trained one: run `flywheel train` first.")
    return found


def _current_gate(registry: Registry, home: Home, version: str) -> dict[str, Any]:
    """The gate as it stands now: against what serves today, not against what served when the release was trained."""
    from training.evaluation.quality_gate import regressions

    manifest, standing = _release_manifest(registry, home, version), registry.version_of("release", "champion")
    fallen: list[str] = []
    if standing not in {None, version}:
        champion = _release_manifest(registry, home, str(standing))
        # A champion of other columns cannot read what is published now, so there is nothing to protect.
        if champion.views == manifest.views:
            fallen = regressions(manifest.tiers, champion.tiers)
    return {**asdict(manifest.gate), "passed": not fallen, "regressions": fallen}


def _release_manifest(registry: Registry, home: Home, version: str) -> ReleaseManifest:
    folder = home.releases / version
    if not folder.is_dir():
        registry.fetch(version, folder)
    return ReleaseManifest.read(folder)


def _unfinished_rollback(registry: Registry, home: Home) -> Promotion | None:
    """The last rollback, where workers were not told of it: asked again, it is finished rather than swapped back."""
    for last in registry.promotions()[-1:]:
        stands = last.version == registry.version_of("release", "champion")
        if last.kind == "rollback" and stands and home.champion() != last.version:
            return last
    return None


def _publish_pointer(registry: Registry, home: Home, version: str, report: Callable[[str], None]) -> None:
    from training.registry import write_champion_pointer

    registry.fetch(version, home.releases / version)
    write_champion_pointer(home.folder, version)
    report(f"release {version} is the champion")


def _current_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
