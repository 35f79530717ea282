"""Run step: the whole pipeline, which is ingest, learn, publish, train, promote, score and growth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from features.config.shop import ShopConfig
from features.ingestion.manifest import HistoryManifest
from features.plausibility.log_summary import LogSummary
from features.plausibility_note import PlausibilityNote
from pipelines.home import Home
from pipelines.promotion.refusals import PromotionRefused
from pipelines.run_context import RunContext
from pipelines.scoring.expected_totals import shop_totals
from pipelines.steps import follow, ingest, promote, prune, publish
from pipelines.steps.silence import end_silence, silence_notice
from serving.audiences.estimates.expected_totals import ExpectedTotals
from training.dataset.readiness import Readiness
from training.inference.forecast import LAST_WINDOW, POPULATION
from training.inference.release_manifest import GateResult, ReleaseManifest
from training.registry.release_records import ReleaseRecords

if TYPE_CHECKING:
    from pipelines.steps.score import ScoreSummary

_STAND_INS = {
    LAST_WINDOW: "the best ranking on the level of the last window",
    POPULATION: "the mean of all customers",
}


@dataclass(frozen=True)
class RunSummary:
    """The result of one run."""

    manifest: HistoryManifest
    readiness: Readiness
    trained_version: str
    champion: str  # empty where no release serves yet
    refusal: str  # why the trained release was not promoted; empty if it serves, or if nobody asked for it
    gate: GateResult  # of the trained release
    trained_tier: str  # the tier that answers in it
    score_summary: ScoreSummary | None  # None where no release serves yet
    expected: ExpectedTotals | None  # of all customers
    log: LogSummary
    plausibility: tuple[PlausibilityNote, ...]
    currency: str
    silence_notice: str = ""  # what an accepted silence at the end of the log means; empty without one
    promote_command: str = ""  # promotes the trained release, which waits for it; empty without ``promotes=False``

    @property
    def warnings(self) -> list[str]:
        """Sentences that a person has to read: silence, what the newest test origin refutes, and who ranks nobody."""
        refuted = [f"Refuted by the newest test origin: {sentence}." for sentence in self.gate.refutations]
        if refuted and self.champion == self.trained_version:
            refuted.append(f"Until a release stands the test, {_STAND_INS.get(self.trained_tier, 'it')} answers.")
        no_signal = "ranks nobody: the log holds no signal that tells customers apart."
        silent = [self.silence_notice] if self.silence_notice else []
        return silent + refuted + [f"{name} {no_signal}" for name in self.gate.no_signal]


def run(  # noqa: PLR0913 -- each is an option of the command
    config: ShopConfig,
    home: Home,
    as_of: date,
    timestamp: datetime,
    report: Callable[[str], None],
    out: Path | None = None,
    *,
    accept_silence: bool = False,
    promotes: bool = True,
) -> RunSummary:
    """Run the pipeline from the raw log to the scores table, using only data before the day ``as_of``.

    A release that is not promoted stays registered, and the champion keeps serving; without one, nothing is scored.
    With ``promotes=False`` no release is promoted.

    Raises:
        LogSilent: the log stopped long before that day, and ``accept_silence`` is not set; only the log was ingested.
    """
    manifest = ingest.run(config, home, timestamp, report)
    requested = RunContext(config, home, as_of, report, consents_at=timestamp)
    context = end_silence(requested, accepted=accept_silence)
    from pipelines.steps import growth, learn, score, train  # seconds, which a log that ended need not wait for

    learn.run(context)
    publish.run(context)
    if promotes:
        _follow_champion_alias(home, timestamp, report)
    trained_version = train.run(context)
    refusal = _promote(home, timestamp, report, trained_version) if promotes else ""
    trained = ReleaseManifest.read(home.releases / trained_version)
    serving = home.champion()
    score_summary = score.run(config, home, context.now, report, out, timestamp) if serving else None
    growth.run(context)
    prune.run(home, config.retention, timestamp, report)
    return RunSummary(
        manifest=manifest,
        readiness=context.readiness,
        silence_notice=silence_notice(requested),
        trained_version=trained_version,
        champion=score_summary.release if score_summary else "",
        refusal=refusal,
        promote_command="" if promotes or serving == trained_version else _promote_command(trained_version),
        gate=trained.gate,
        trained_tier=trained.tiered_model["tier"],
        score_summary=score_summary,
        expected=_expected_totals(home, score_summary) if score_summary else None,
        log=context.log_summary,
        plausibility=context.plausibility,
        currency=config.currency,
    )


def _follow_champion_alias(home: Home, timestamp: datetime, report: Callable[[str], None]) -> None:
    """Promote what a reviewer chose in MLflow since the last run, so that the new release is compared with it."""
    try:
        follow.run(home, timestamp, report)
    except PromotionRefused as error:
        report(str(error))


def _promote(home: Home, timestamp: datetime, report: Callable[[str], None], version: str) -> str:
    """Promote a release; return why it is not promoted, and nothing if it serves."""
    try:
        promote.run_automatically(home, timestamp, report, version)
    except PromotionRefused as error:
        report(str(error))
        records = ReleaseRecords.of_home(home.folder)
        records.record_refusal(version, at=timestamp, by=promote.current_user(), why=str(error))
        return str(error)
    return ""


def _promote_command(version: str) -> str:
    return f"flywheel promote --version {version}"


def _expected_totals(home: Home, summary: ScoreSummary) -> ExpectedTotals:
    return shop_totals(summary.path, ReleaseManifest.read(home.releases / summary.release).cards)
