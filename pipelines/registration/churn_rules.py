"""The churn rules in flywheel.toml on a shop's own past, beside what the model would have done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from features.arrays import Floats
from features.history import Cutoff
from pipelines.run_context import Job
from training.dataset.point_in_time import Dataset
from training.evaluation.backtest import Backtest
from training.evaluation.churn_rules import Judged, Silence, flags, judge, silent
from training.registry.run_record import Metric, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipelines.steps.evaluate import Tested


def judged(job: Job, data: Dataset, tests: Sequence[Backtest], tier: str) -> tuple[list[Judged], dict[str, Floats]]:
    """Every rule beside the rung that answers for churn, and whom each flags at the newest origin, (n,) of 0 and 1."""
    rules = job.description.business.churn_rules
    if not rules or not tests:
        return [], {}
    silences, newest = {test.origin: _silent(job, data, test) for test in tests}, tests[0]
    flagged = {name: flags(newest, rule, silences[newest.origin], tier).by_rule for name, rule in rules.items()}
    return judge(tests, rules, silences, job.laid.first, tier), flagged


@dataclass(frozen=True)
class Exhibit:
    """What a reviewer finds of the rules in MLflow."""

    metrics: Sequence[Metric] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)


def exhibit(question: str, tested: Tested) -> Exhibit:
    """The rules as they were judged, drawn at the newest origin; nothing where none was, or another question asked."""
    from training.reporting.churn_rule_report import rule_figure, rule_metrics, rule_table

    if question != "churn" or not tested.rules:
        return Exhibit()
    newest, tier = tested.tests[0], tested.rules[0].tier
    return Exhibit(
        metrics=rule_metrics(tested.rules),
        tables={"churn_rules": rule_table(tested.rules)},
        figures={"churn_rules": rule_figure(newest, tier, tested.flagged)},
    )


def _silent(job: Job, data: Dataset, test: Backtest) -> Silence:
    cutoff, events = Cutoff.of(test.origin, job.description.zone), job.description.events
    return silent(data, test, cutoff, events.contacts if events else ())
