"""Follow step: a release whose alias ``champion`` somebody moved in MLflow is promoted, or the alias is put back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from features.calendar import micros
from features.errors import NotFound
from pipelines.home import Home
from pipelines.promotion.refusals import AliasPutBack, PromotionRefused
from pipelines.steps.promote import PromotionRequest, promote, publish_pointer
from serving.moments import rfc3339
from training.registry.promotion_log import PromotionLog
from training.registry.release_records import ReleaseRecords

if TYPE_CHECKING:
    from training.registry import Promotion, Registry

BY = "MLflow"
MOVED = "the alias champion was moved to it"


def run(home: Home, timestamp: datetime, report: Callable[[str], None]) -> Promotion | None:
    """Promote the release that the alias names, as by hand; None where it names the one that serves.

    A registry that does not know the release that serves, because it was lost or is another one, decides nothing. An
    interrupted promotion, whose alias moved and whose pointer did not, is finished in the same way.

    Raises:
        AliasPutBack: the gate rejects the release, it cannot serve, or there is no alias any more.
    """
    registry, serving = home.registry(), home.champion()
    registry.finish_interrupted()
    named = registry.version_of("release", "champion")
    if named == serving:
        return None
    if named is None:
        if not registry.has_release(str(serving)):
            report(f"release {serving} serves, and MLflow does not know it")
            return None
        registry.restore_champion(serving)
        raise AliasPutBack(f"The alias champion was removed in MLflow. {_serving(serving)}, so it is there again.")
    newest = registry.newest_promotion()
    decided = newest is not None and newest.version == named
    request = PromotionRequest(version=named, by=BY, at=timestamp, why=MOVED, force=decided)
    try:
        promotion = promote(registry, home, request)
    except PromotionRefused as error:
        _put_back(registry, named, serving, timestamp, str(error))
        ReleaseRecords.of_home(home.folder).record_refusal(named, at=timestamp, by=BY, why=str(error))
        raise AliasPutBack(f"{error} The alias champion, which was moved in MLflow, is back.") from None
    publish_pointer(home, promotion.version, report)
    return promotion


def newest_promotion(home: Home) -> Promotion:
    """The promotion of the release that serves.

    Raises:
        NotFound: no release was promoted yet.
    """
    promotion = PromotionLog.of_home(home.folder).newest()
    if promotion is None:
        raise NotFound(f"Found no promotion in {home.folder}. Expected a promoted release: run `flywheel run` first.")
    return promotion


def _put_back(registry: Registry, named: str, serving: str | None, timestamp: datetime, reason: str) -> None:
    """Move the alias back, and say on the page of the version why."""
    registry.restore_champion(serving)
    registry.note_refusal(named, f"{rfc3339(micros(timestamp))}: {reason}")


def _serving(version: str | None) -> str:
    return "No release serves" if version is None else f"Release {version} serves"
