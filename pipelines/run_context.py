"""Run context: the config, the home and the cutoff that every step of the pipeline shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from features.calendar import micros
from features.config.shop import ShopConfig
from features.consents.profiling_scope import ProfilingScope
from features.history import Cutoff, History
from features.ingestion.manifest import read_manifest
from features.plausibility.history_notes import history_notes
from features.plausibility.log_report import LogReport
from features.plausibility.log_summary import LogSummary, summarize_log
from features.plausibility.outlying_dates import OutlyingDates, find_outlying_dates, winsorize_dates
from features.plausibility.silence import Silence, measure_silence
from features.plausibility_note import PlausibilityNote, arrange_notes
from features.transformations.feature_tables import feature_views
from features.views import View
from pipelines.home import Home
from serving.releases.readiness_report import ModelReadiness, ReadinessReport
from training.dataset.churn_horizon import estimate_churn_days
from training.dataset.readiness import Readiness, readiness
from training.dataset.schedule import Schedule, plan_schedule
from training.evaluation.churn_rule_limits import RuleLimit, find_rule_limits


@dataclass(frozen=True)
class RunContext:
    """Config, home and as-of day of one run, with the values derived from them, each computed once."""

    config: ShopConfig
    home: Home
    as_of: date
    report: Callable[[str], None]
    origins: tuple[date, ...] = ()
    consents_at: datetime | None = None  # the instant at which consents are read; default: the cutoff

    @property
    def now(self) -> Cutoff:
        """The cutoff of the run: data from this instant on are not used."""
        return Cutoff.from_day(self.as_of, self.config.zone)

    @cached_property
    def history(self) -> History:
        """History before the cutoff, restricted to the customers who may be profiled, without outlying dates."""
        return winsorize_dates(self._log.before(self.now), self._outlying_dates)

    @cached_property
    def profiling_scope(self) -> ProfilingScope:
        """The customers whose consents allow predictions and training."""
        return self.home.ledger().profiling_scope(micros(self.consents_at or self.now.timestamp))

    @cached_property
    def churn_days(self) -> int:
        """Churn horizon in days: configured, or estimated from the log for ``auto``."""
        configured_days = self.config.business.churn_days
        return estimate_churn_days(self.history, self.now) if configured_days == "auto" else configured_days

    @cached_property
    def horizons(self) -> tuple[int, ...]:
        """All horizons to predict, in days, ascending."""
        return tuple(sorted({self.churn_days, *self.config.business.ltv_days}))

    @cached_property
    def schedule(self) -> Schedule:
        """Cutoffs and test origins of the run."""
        first, _ = self.history.day_range()
        return plan_schedule(first, self.as_of, self.horizons, self.churn_days, self.origins or None)

    @cached_property
    def cutoffs(self) -> tuple[Cutoff, ...]:
        """The schedule's cutoffs as instants, ascending; the last is now."""
        return tuple(Cutoff.from_day(day, self.config.zone) for day in self.schedule.cutoffs)

    @cached_property
    def readiness(self) -> Readiness:
        """Readiness: which models can be trained today at which horizons."""
        return readiness(self.history, self.schedule, self.cutoffs, self.churn_days, self.horizons)

    @cached_property
    def plausibility(self) -> tuple[PlausibilityNote, ...]:
        """What looks implausible in the log, by the notes of its ingestion and of its history as of the cutoff."""
        manifest = read_manifest(self.home.history)
        notes = history_notes(self._log, self.now, self._outlying_dates, self.config)
        return arrange_notes([*(manifest.notes if manifest else ()), *notes], self.config.accept)

    @cached_property
    def silence(self) -> Silence:
        """The silence at the end of the log."""
        return measure_silence(self.history, self.now)

    @cached_property
    def log_summary(self) -> LogSummary:
        """The size and the span of the log before the cutoff."""
        return summarize_log(self.history, self.silence)

    def write_log_report(self) -> None:
        """Write the end of the log and its notes into the home, where the service reads them."""
        LogReport(self.as_of, self.silence.log_until, self.plausibility).write(self.home.folder)

    def write_readiness(self) -> None:
        """Write the readiness into the home, where a service without a release reads it."""
        models = []
        for answer in self.readiness.answers:
            shortage = answer.shortage
            lacking = (shortage.kind, shortage.needed, shortage.present, shortage.trainable_on) if shortage else ()
            models.append(ModelReadiness(answer.model, answer.horizon_days, answer.customers, *lacking))
        ReadinessReport(self.as_of, tuple(models)).write(self.home.folder)

    @cached_property
    def _log(self) -> History:
        """The whole log of the customers who may be profiled."""
        return History.open(self.home.history).restrict_to_scope(self.profiling_scope)

    @cached_property
    def _outlying_dates(self) -> OutlyingDates | None:
        return find_outlying_dates(self._log.before(self.now))

    @property
    def rule_limits(self) -> list[RuleLimit]:
        """Limits of the business' churn rules on this log: what keeps a rule from a fair evaluation."""
        return find_rule_limits(self.config.business.churn_rules, self.schedule, self.config.events)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """Feature views that this log can fill."""
        return feature_views(self.history, self.config.events)
