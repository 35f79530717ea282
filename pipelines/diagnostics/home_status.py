"""Home status: what ``flywheel status`` shows, as plain values that become text or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from features.calendar import local_day
from features.consents.inspection import LedgerCounts, count_ledger, is_in_redis
from features.decisions.inspection import DecisionCounts, count_decisions
from features.errors import FlywheelError
from features.online.backends import LMDB
from features.plausibility_note import PlausibilityNote
from pipelines.diagnostics.check import CheckResult, run_check
from pipelines.diagnostics.freshness_checks import FRESHNESS_CHECKS
from pipelines.diagnostics.growth_checks import growth_age
from pipelines.diagnostics.home_state import HomeState, ScoresState
from pipelines.diagnostics.log_checks import end as log_end
from pipelines.diagnostics.surroundings import Surroundings
from pipelines.scoring.expected_totals import shop_totals
from serving.audiences.estimates.expected_totals import ExpectedTotals
from training.inference.release_manifest import GateResult, ReleaseManifest


@dataclass(frozen=True)
class ReleaseStatus:
    """One release: the day it was trained on, the tier of each question, and the result of its gate."""

    version: str
    trained_as_of: date
    tiers: Mapping[str, str]
    gate: GateResult


@dataclass(frozen=True)
class HomeStatus:
    """The state of a home on one screen; None where there is nothing yet."""

    home: str
    shop: str | None
    currency: str | None
    log_lines: Mapping[str, int]  # of each table, as it was read
    log_until: datetime | None  # the last order line before the day of the features
    notes: tuple[PlausibilityNote, ...]  # of the last run
    features_as_of: date | None
    champion: ReleaseStatus | None
    champion_fault: str | None  # why the serving release cannot be read
    champion_alias: str | None  # the release that MLflow calls the champion; None without one, or where it is elsewhere
    barred: Mapping[str, str]  # releases that were rolled back -> by whom, when and why
    promoted_at: datetime | None
    promoted_why: str | None
    previous: str | None
    newest: ReleaseStatus | None  # the release that was trained last
    scores: ScoresState | None
    expected: ExpectedTotals | None
    consents: LedgerCounts | None  # None where they are in a Redis
    decisions: DecisionCounts | None  # None before the first one, and where they are in a Redis
    audiences: int
    stale: tuple[CheckResult, ...]


def read_status(surroundings: Surroundings) -> HomeStatus:
    """Read the status of a home from its files; nothing else is asked, so it takes a moment."""
    state, config = surroundings.state, surroundings.config
    champion, promotion, report = state.champion, state.promotion, state.log_report
    # A Redis is not asked, so only a store in the home says when its log ended.
    checks = (*((log_end,) if surroundings.home.online == LMDB else ()), *FRESHNESS_CHECKS, growth_age)
    results = (run_check(check, surroundings) for check in checks)
    shop = champion.metadata if champion else config
    return HomeStatus(
        home=str(surroundings.home.folder.resolve()),
        shop=shop.name if shop else None,
        currency=shop.currency if shop else None,
        log_lines={table.table: table.written for table in state.manifest.tables} if state.manifest else {},
        log_until=report.log_until if report else state.last_order_at,
        notes=report.plausibility if report else (),
        features_as_of=state.features_as_of,
        champion=_release_status(surroundings.home.champion(), champion, surroundings),
        champion_fault=state.champion_fault,
        champion_alias=state.champion_alias,
        barred=state.barred_releases,
        promoted_at=promotion.at if promotion else None,
        promoted_why=promotion.why if promotion else None,
        previous=promotion.replaced if promotion else None,
        newest=_release_status(state.newest_release, state.release(state.newest_release), surroundings),
        scores=state.scores,
        expected=_expected_totals(state),
        consents=_consents(surroundings),
        decisions=_decisions(surroundings),
        audiences=state.audiences,
        stale=tuple(result for result in results if result.level != "ok"),
    )


def _release_status(
    version: str | None, manifest: ReleaseManifest | None, surroundings: Surroundings
) -> ReleaseStatus | None:
    if version is None or manifest is None:
        return None
    day = local_day(manifest.metadata.as_of, surroundings.zone)
    return ReleaseStatus(version, day, manifest.tiers, manifest.gate)


def _expected_totals(state: HomeState) -> ExpectedTotals | None:
    """The expected totals of all customers; None without scores, or without the release that scored."""
    scored_by = None if state.scores is None else state.release(state.scores.release)
    try:
        return None if scored_by is None else shop_totals(state.home.scores, scored_by.cards)
    except (FlywheelError, KeyError):
        return None


def _consents(surroundings: Surroundings) -> LedgerCounts | None:
    home = surroundings.home.folder
    return None if is_in_redis(home) else count_ledger(home)


def _decisions(surroundings: Surroundings) -> DecisionCounts | None:
    home = surroundings.home
    return count_decisions(home.folder, LMDB) if home.online == LMDB else None
