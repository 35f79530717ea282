"""Promotion step: makes a release the champion if the quality gate passes, and updates the champion pointer."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from features.errors import FlywheelError, NotFound
from pipelines.home import Home
from training.inference.release_manifest import ReleaseManifest

if TYPE_CHECKING:
    from training.registry import Promotion, Registry


class GateRejected(FlywheelError):
    """The gate rejects the release: its test, the champion or the log speaks against it; nothing was changed."""


class UsageError(FlywheelError):
    """The options contradict each other; nothing was changed."""


def run(
    home: Home,
    timestamp: datetime,
    report: Callable[[str], None],
    *,
    version: str | None = None,
    why: str = "",
    force: bool = False,
) -> Promotion:
    """Promote the challenger, or the given version.

    Raises:
        GateRejected: the newest origin refutes it, the champion is better or its log is implausible, and ``force`` is
            not set.
        NotFound: there is no release to promote.
        UsageError: ``force`` without a reason.
    """
    if force and not why:
        raise UsageError("Found --force without --why. Expected a reason, for the promotion log: give it with --why.")
    registry = home.registry()
    candidate = _pending_release(registry) if version is None else version
    gate = _current_gate(registry, home, candidate)
    if not gate["passed"] and not force:
        raise GateRejected(_refusal(registry, candidate, gate))
    promotion = registry.promote(
        candidate,
        by=_current_user(),
        at=timestamp,
        why=why or "passed the gate",
        gate=gate,
        forced=force and not gate["passed"],
    )
    _publish_pointer(registry, home, promotion.version, report)
    return promotion


def rollback(home: Home, timestamp: datetime, report: Callable[[str], None], *, why: str = "") -> Promotion:
    """Promote the previous release again.

    Raises:
        NotFound: there is no previous release.
    """
    registry = home.registry()
    promotion = _unfinished_rollback(registry, home) or registry.rollback(
        by=_current_user(), at=timestamp, why=why or "rolled back"
    )
    _publish_pointer(registry, home, promotion.version, report)
    return promotion


def _pending_release(registry: Registry) -> str:
    """Return the challenger, or the champion without a challenger, so that a promotion may be repeated."""
    version = registry.version_of("release", "challenger") or registry.version_of("release", "champion")
    if version is None:
        raise NotFound("Found no release to promote. Expected a trained release: run `flywheel train` first.")
    return version


def _current_gate(registry: Registry, home: Home, version: str) -> dict[str, Any]:
    """Evaluate the gate against the current champion, not against the champion at training time."""
    from training.evaluation.quality_gate import lower_tiers

    manifest, champion_version = _release_manifest(registry, home, version), registry.version_of("release", "champion")
    regressed_models = list(manifest.gate.regressions)
    if champion_version not in {None, version}:
        champion = _champion_manifest(registry, home, str(champion_version))
        # A champion with other columns cannot read the published features, so no regression is possible.
        if champion is not None and champion.views == manifest.views:
            regressed_models += lower_tiers(manifest.tiers, champion.tiers)
    passed = manifest.gate.passed and not regressed_models
    return {**asdict(manifest.gate), "passed": passed, "regressions": sorted(set(regressed_models))}


def _refusal(registry: Registry, candidate: str, gate: Mapping[str, Any]) -> str:
    """Why the gate rejects a release, who serves, and what to do."""
    serving = "The champion keeps" if registry.version_of("release", "champion") else "No release is"
    return (
        f"The gate rejects release {candidate}: {_rejection(gate)}. {serving} serving.{_acceptance(gate)} See its "
        f"run in `flywheel ui`; to promote it nevertheless: flywheel promote --version {candidate} --force --why "
        "REASON."
    )


def _rejection(gate: Mapping[str, Any]) -> str:
    """The reasons of a rejection as one sentence without its full stop."""
    reasons = list(gate["refutations"])
    if gate["regressions"]:
        reasons.append(f"the champion answers {', '.join(gate['regressions'])} surely better, or from a higher tier")
    reasons += [f"{code}: {sentence.removesuffix('.')}" for code, sentence in gate["implausible"].items()]
    return "; ".join(reasons)


def _acceptance(gate: Mapping[str, Any]) -> str:
    """How to accept what looks implausible in the log, as a sentence after a space; empty where nothing does."""
    codes = ", ".join(f'"{code}"' for code in gate["implausible"])
    return f" If the log is right, accept it in flywheel.toml, accept = [{codes}], and run again." if codes else ""


def _release_manifest(registry: Registry, home: Home, version: str) -> ReleaseManifest:
    folder = home.releases / version
    if not folder.is_dir():
        registry.fetch(version, folder)
    return ReleaseManifest.read(folder)


def _champion_manifest(registry: Registry, home: Home, version: str) -> ReleaseManifest | None:
    """Return the champion's manifest; None if another version of Flywheel wrote it, so that it cannot serve."""
    try:
        return _release_manifest(registry, home, version)
    except (ValueError, KeyError, TypeError):
        return None


def _unfinished_rollback(registry: Registry, home: Home) -> Promotion | None:
    """Return the last rollback if its pointer was not written, so that a repeated rollback finishes it."""
    for last in registry.promotions()[-1:]:
        is_current = last.version == registry.version_of("release", "champion")
        if last.kind == "rollback" and is_current and home.champion() != last.version:
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
