"""Let a release serve, if the gate lets it: the champion's alias moves, and with it the pointer that workers watch."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from features.errors import FlywheelError, NothingThere
from pipelines.home import Home
from training.inference.release_manifest import ReleaseManifest

if TYPE_CHECKING:
    from training.registry import Promotion, Registry


class GateRefused(FlywheelError):
    """The release answers worse than what serves; nothing was changed."""


class WrongUse(FlywheelError):
    """What is asked for has no meaning; nothing was changed."""


def run(
    home: Home,
    at: datetime,
    say: Callable[[str], None],
    *,
    version: str | None = None,
    why: str = "",
    force: bool = False,
) -> Promotion:
    """Promote the challenger, or the version named.

    Raises:
        GateRefused: it would answer a question from a lower rung than the champion, and ``force`` is not set.
        NothingThere: there is nothing to promote.
        WrongUse: forced without a reason.
    """
    if force and not why:
        raise WrongUse("Found --force without --why. Expected a reason, for the log: say why with --why.")
    registry = home.registry()
    wanted = _waiting(registry) if version is None else version
    gate = _gate(registry, home, wanted)
    if not gate["passed"] and not force:
        raise GateRefused(
            f"The gate refuses release {wanted}: it answers {', '.join(gate['falls'])} from a lower rung than the "
            f"champion, which goes on serving. See its run in `flywheel ui`; to let it serve all the same: "
            f"flywheel promote --version {wanted} --force --why REASON."
        )
    moved = registry.promote(
        wanted, by=_who(), at=at, why=why or "passed the gate", gate=gate, forced=force and not gate["passed"]
    )
    _serve(registry, home, moved.version, say)
    return moved


def rollback(home: Home, at: datetime, say: Callable[[str], None], *, why: str = "") -> Promotion:
    """Let the previous release serve again.

    Raises:
        NothingThere: there is no previous release.
    """
    registry = home.registry()
    moved = _cut_short(registry, home) or registry.rollback(by=_who(), at=at, why=why or "rolled back")
    _serve(registry, home, moved.version, say)
    return moved


def _waiting(registry: Registry) -> str:
    """The challenger; the champion where there is none, so that a promotion may be asked for twice."""
    found = registry.version_of("release", "challenger") or registry.version_of("release", "champion")
    if found is None:
        raise NothingThere("There is no release to promote. Expected a trained one: run `flywheel train` first.")
    return found


def _gate(registry: Registry, home: Home, wanted: str) -> dict[str, Any]:
    """The gate as it stands now: against what serves today, not against what served when the release was trained."""
    from training.evaluation.quality_gate import falls

    manifest, standing = _manifest(registry, home, wanted), registry.version_of("release", "champion")
    fallen: list[str] = []
    if standing not in {None, wanted}:
        champion = _manifest(registry, home, str(standing))
        # A champion of other columns cannot read what is published now, so there is nothing to protect.
        if champion.views == manifest.views:
            fallen = falls(manifest.tiers, champion.tiers)
    return {**asdict(manifest.gate), "passed": not fallen, "falls": fallen}


def _manifest(registry: Registry, home: Home, version: str) -> ReleaseManifest:
    folder = home.releases / version
    if not folder.is_dir():
        registry.fetch(version, folder)
    return ReleaseManifest.read(folder)


def _cut_short(registry: Registry, home: Home) -> Promotion | None:
    """The last rollback, where workers were not told of it: asked again, it is finished rather than swapped back."""
    for last in registry.promotions()[-1:]:
        stands = last.version == registry.version_of("release", "champion")
        if last.kind == "rollback" and stands and home.champion() != last.version:
            return last
    return None


def _serve(registry: Registry, home: Home, version: str, say: Callable[[str], None]) -> None:
    from training.registry import point

    registry.fetch(version, home.releases / version)
    point(home.folder, version)
    say(f"release {version} is the champion")


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
