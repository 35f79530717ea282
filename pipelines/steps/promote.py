"""Promotion step: tries a release, asks the quality gate, makes it the champion, and updates the champion pointer."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from features.errors import FlywheelError, NotFound
from pipelines.home import Home
from pipelines.promotion.refusals import ReleaseBarred

if TYPE_CHECKING:
    from training.registry import Promotion, Registry

PASSED = "passed the gate"

Report = Callable[[str], None]


class UsageError(FlywheelError):
    """The options contradict each other; nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class PromotionRequest:
    """A request to promote a release: who wants it, when and why, and whether the gate is overruled."""

    version: str
    by: str
    at: datetime
    why: str = PASSED
    force: bool = False


def run(
    home: Home,
    timestamp: datetime,
    report: Report,
    *,
    version: str | None = None,
    why: str = "",
    force: bool = False,
) -> Promotion:
    """Promote the challenger, or the given version, which lifts the bar of a release that was rolled back.

    Raises:
        GateRejected: the newest origin refutes it, the champion is better or its log is implausible, and ``force`` is
            not set.
        NotFound: there is no release to promote.
        ReleaseBarred: the challenger was rolled back.
        TrialFailed: this version of Flywheel cannot serve the release.
        UsageError: ``force`` without a reason.
    """
    if force and not why:
        raise UsageError("Found --force without --why. Expected a reason, for the promotion log: give it with --why.")
    registry = home.registry()
    candidate = _pending_release(registry) if version is None else version
    _notice_moved_alias(registry, home, candidate, report)
    bar = registry.bar_of(candidate)
    if bar is not None and version is None:
        raise _bar_error(home, candidate, bar)
    request = PromotionRequest(version=candidate, by=current_user(), at=timestamp, why=why or PASSED, force=force)
    promotion = promote(registry, home, request)
    if bar is not None:
        report(f"release {candidate} is barred no longer: it had been {bar}")
    publish_pointer(home, promotion.version, report)
    return promotion


def run_automatically(home: Home, timestamp: datetime, report: Report, version: str) -> Promotion:
    """Promote a release as the nightly run does, which promotes no release that was rolled back.

    Raises:
        GateRejected: its test, the champion or its log speaks against it.
        ReleaseBarred: it was rolled back.
        TrialFailed: this version of Flywheel cannot serve it.
    """
    registry = home.registry()
    bar = registry.bar_of(version)
    if bar is not None:
        raise _bar_error(home, version, bar)
    promotion = promote(registry, home, PromotionRequest(version=version, by=current_user(), at=timestamp))
    publish_pointer(home, promotion.version, report)
    return promotion


def rollback(home: Home, timestamp: datetime, report: Report, *, why: str = "") -> Promotion:
    """Promote the release that served before, and bar the champion until somebody promotes it by hand.

    Raises:
        NotFound: there is no such release.
        TrialFailed: this version of Flywheel cannot serve it.
    """
    from pipelines.promotion.trial import try_release

    registry = home.registry()
    unfinished = _unfinished_rollback(registry, home)
    version = registry.rollback_target() if unfinished is None else unfinished.version
    try_release(registry, home, version)
    promotion = unfinished or registry.rollback(by=current_user(), at=timestamp, why=why or "rolled back")
    publish_pointer(home, promotion.version, report)
    if promotion.replaced is not None:
        report(f"release {promotion.replaced} is barred until `flywheel promote --resume` or --version")
    return promotion


def resume(home: Home, timestamp: datetime, report: Report, *, why: str = "", force: bool = False) -> Promotion:
    """Take the last rollback back, if nothing was promoted since; else finish a promotion that was interrupted.

    Raises:
        GateRejected: the gate rejects it now, and ``force`` is not set.
        NotFound: the last change was no rollback, and no promotion was interrupted.
        TrialFailed: this version of Flywheel cannot serve it.
    """
    registry = home.registry()
    barred, champion = registry.barred_releases(), registry.version_of("release", "champion")
    newest = registry.newest_promotion()
    if barred and (newest is None or newest.kind == "rollback"):
        reason = why or "resumed after its rollback"
        return run(home, timestamp, report, version=barred[-1], why=reason, force=force)
    if champion is None or champion == home.champion():
        raise NotFound(
            "Found no rollback since the last promotion, and no promotion that was interrupted. Expected one of them: "
            "promote a release by its number, `flywheel promote --version VERSION`."
        )
    return run(home, timestamp, report, version=champion, why=why or "finished an interrupted promotion", force=force)


def promote(registry: Registry, home: Home, request: PromotionRequest) -> Promotion:
    """Try a release, ask the gate, and move the aliases; the pointer stays where it was.

    Raises:
        GateRejected: the gate rejects it, and the request does not force it.
        TrialFailed: this version of Flywheel cannot serve it.
    """
    from pipelines.promotion.gate import current_gate, rejection
    from pipelines.promotion.trial import try_release

    try_release(registry, home, request.version)
    gate = current_gate(registry, home, request.version)
    if not gate["passed"] and not request.force:
        raise rejection(home, request.version, gate)
    forced = request.force and not gate["passed"]
    return registry.promote(request.version, by=request.by, at=request.at, why=request.why, gate=gate, forced=forced)


def current_user() -> str:
    """Return the name of the user who runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _pending_release(registry: Registry) -> str:
    """Return the challenger, or the champion without a challenger, so that a promotion may be repeated."""
    version = registry.version_of("release", "challenger") or registry.version_of("release", "champion")
    if version is None:
        raise NotFound("Found no release to promote. Expected a trained release: run `flywheel train` first.")
    return version


def _notice_moved_alias(registry: Registry, home: Home, candidate: str, report: Report) -> None:
    """Say that somebody moved the alias in MLflow to a release that is neither the champion nor to be promoted."""
    named = registry.version_of("release", "champion")
    if named not in {None, home.champion(), candidate}:
        report(f"the alias champion in MLflow named release {named}, which does not serve; it follows this promotion")


def _bar_error(home: Home, version: str, bar: str) -> ReleaseBarred:
    champion = home.champion()
    serving = f"Release {champion} goes on serving." if champion else "No release serves."
    return ReleaseBarred(
        f"Release {version} was {bar.removesuffix('.')}. It stays barred until somebody promotes it by hand. {serving} "
        f"To bring it back: flywheel promote --version {version}."
    )


def _unfinished_rollback(registry: Registry, home: Home) -> Promotion | None:
    """Return the last rollback if its pointer was not written, so that a repeated rollback finishes it."""
    newest = registry.newest_promotion()
    if newest is None or newest.kind != "rollback" or home.champion() == newest.version:
        return None
    return newest if newest.version == registry.version_of("release", "champion") else None


def publish_pointer(home: Home, version: str, report: Report) -> None:
    """Write the champion pointer, which the workers follow."""
    from training.registry import write_champion_pointer

    write_champion_pointer(home.folder, version)
    report(f"release {version} is the champion")
