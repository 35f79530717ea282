"""Folded records: what the history holds leaves the decision log once no later intake can name it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from features.calendar import local_day, micros
from features.decisions.backends import has_decisions, open_decisions
from features.decisions.history_tables import DECISIONS_TABLE, OUTCOMES_TABLE
from pipelines.home import Home
from training.experiments.record.experiment_folder import ExperimentFolder

MAX_WINDOW_DAYS = 365  # the longest window of a metric
LATE_DAYS = 30  # how much later than its window an outcome may be recorded


def remove_folded(home: Home, now: datetime) -> int:
    """Remove old records that the history holds from the decision log; returns the number of decisions and outcomes.

    A decision stays while its experiment is open, and until LATE_DAYS after the longest window of its metrics; an
    outcome until LATE_DAYS after the longest window that there is. Run it after ``fold``, under the write lock.

    Raises:
        StoreUnavailable: the decision log does not answer.
    """
    if not has_decisions(home.folder, home.online):
        return 0
    log = open_decisions(home.folder, home.online)
    stored_decisions = {decision.decision_id for decision in log.decisions()}
    stored_outcomes = {outcome.outcome_id for outcome in log.outcomes()}
    decision_ids = stored_decisions & {*_old_decisions(home, now)}
    limit = micros(now - timedelta(days=MAX_WINDOW_DAYS + LATE_DAYS))
    outcomes = OUTCOMES_TABLE.read(home.history)
    old_outcomes = outcomes.filter(pc.less(outcomes["recorded_at_us"], limit))
    outcome_ids = stored_outcomes & {*old_outcomes["outcome_id"].to_pylist()}
    log.remove(decision_ids, outcome_ids)
    return len(decision_ids) + len(outcome_ids)


def _old_decisions(home: Home, now: datetime) -> Iterator[str]:
    """The decisions in the history whose windows are over."""
    decisions = DECISIONS_TABLE.read(home.history)
    experiments = decisions["experiment_id"]
    for experiment_id in pc.unique(experiments).to_pylist():
        days = _days_kept(home, experiment_id, now)
        if days is None:
            continue
        limit = pa.scalar(micros(now - timedelta(days=days)))
        is_old = pc.and_(pc.equal(experiments, experiment_id), pc.less(decisions["decided_at_us"], limit))
        yield from decisions.filter(is_old)["decision_id"].to_pylist()


def _days_kept(home: Home, experiment_id: str, now: datetime) -> int | None:
    """For how many days a decision of an experiment stays; None for as long as the experiment is open."""
    folder = ExperimentFolder(home.folder)
    if experiment_id not in folder.ids():
        return MAX_WINDOW_DAYS + LATE_DAYS
    started = folder.read(experiment_id)
    if started.status(local_day(micros(now), home.zone())) == "running":
        return None
    return max(metric.within_days for metric in started.record.metrics) + LATE_DAYS
