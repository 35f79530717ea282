"""Experiment checks: whether the records can be read and still fit the scores, and whether a hold-out has run out."""

from __future__ import annotations

from features.calendar import local_day, micros
from features.wording import count_of
from pipelines.diagnostics.check import Finding, check, ok, warning
from pipelines.diagnostics.surroundings import Surroundings
from serving.audiences.errors import InvalidAudienceRequest, InvalidScores
from serving.audiences.query.scores_table import ScoresFile
from serving.experiments.customer_pool import CustomerPool
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.record.global_holdout import read_changes
from training.experiments.record.started_experiment import StartedExperiment


@check(
    "stores",
    "experiments",
    expected="records as they were written, whose filters fit the scores table",
    remedy="Restore damaged files from a backup. Stop an experiment whose filter names a column that is gone, with "
    "`flywheel experiment stop ID`, or bring the column back: until then its decisions are refused",
)
def experiments(surroundings: Surroundings) -> Finding:
    """Whether every experiment can be read, and every running one can decide."""
    started = ExperimentFolder(surroundings.home.folder).read_all()
    today = local_day(micros(surroundings.now), surroundings.zone)
    running = [experiment for experiment in started if experiment.status(today) == "running"]
    misfits = [experiment.id for experiment in running if not _fits(experiment, surroundings)]
    found = f"{len(running):,} running of {count_of(len(started), 'experiment')}"
    return warning(f"{found}; these do not fit the scores: {', '.join(misfits)}") if misfits else ok(found)


@check(
    "stores",
    "global hold-out",
    expected="a global hold-out that still holds, or none",
    remedy="Give the next period another name and a later `until` in [business] global_holdout, or take the key out; "
    "then run `flywheel ingest`",
)
def global_holdout(surroundings: Surroundings) -> Finding:
    """Whether the global hold-out of the home has run out."""
    changes = read_changes(surroundings.home.folder)
    holdout = changes[-1].holdout if changes else None
    if holdout is None:
        return ok("there is none")
    found = f"{holdout.name} takes {holdout.share:.1%} until {holdout.until}"
    is_active = holdout.is_active(local_day(micros(surroundings.now), surroundings.zone))
    return ok(found) if is_active else warning(f"{found}, so nobody is held out any more")


def _fits(started: StartedExperiment, surroundings: Surroundings) -> bool:
    """Whether the filter and the segments of an experiment fit the scores table; true without one."""
    home = surroundings.home
    try:
        scored = CustomerPool(ScoresFile(home.scores), home.folder).current()
        scored.check_column(started.record.segments)
        scored.mask(started.record.eligible, "keep")
    except InvalidAudienceRequest:
        return False
    except InvalidScores:  # there is none, or the release that scored is gone, which other checks say
        return True
    return True


EXPERIMENT_CHECKS = (experiments, global_holdout)
