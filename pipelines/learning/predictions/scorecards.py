"""Scorecards of a home: judges every prediction whose window is over, once, and logs it to the run of its release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from features.errors import FlywheelError
from pipelines.learning.predictions.matured_snapshots import (
    Question,
    has_matured,
    matured_questions,
    questions_of,
    recording_lag_days,
)
from pipelines.learning.predictions.prediction_snapshots import Snapshot, snapshots
from pipelines.learning.predictions.scorecard_file import key_of, read_scorecards, write_scorecards
from pipelines.learning.predictions.treatments import read_treatments
from pipelines.run_context import RunContext
from training.inference.release_errors import CorruptRelease
from training.inference.release_manifest import ReleaseManifest
from training.monitoring.scorecard import population_scorecards
from training.monitoring.scorecard_record import metric_values, scorecard_json
from training.monitoring.treatments import Treatments
from training.monitoring.verdict import judge


@dataclass(frozen=True)
class ScorecardSummary:
    """What was judged in one run."""

    judged: int  # questions
    alarms: tuple[str, ...]  # sentences

    def sentence(self) -> str:
        """The summary as one sentence."""
        if not self.judged:
            return "No further prediction has matured."
        alarms = f"; {len(self.alarms)} alarm" if self.alarms else ", none alarms"
        return f"Judged {self.judged} matured predictions{alarms}."


def run(context: RunContext) -> ScorecardSummary:
    """Judge what has matured since the last run, write ``scorecards.json`` and the metrics; the caller has the lock.

    It may be repeated: what was judged stays as it was.
    """
    earlier = read_scorecards(context.home)
    records = list(_new_records(context, {key_of(record) for record in earlier}))
    if records or not context.home.scorecards.is_file():
        write_scorecards(context.home, [*earlier, *records], context.as_of)
    _log_metrics(context, records)
    alarms = tuple(_sentence(record) for record in records if record["status"] == "alarm")
    for sentence in alarms:
        context.report(sentence)
    return ScorecardSummary(len(records), alarms)


def _new_records(context: RunContext, known: set[tuple[str, str, str, int]]) -> Iterator[dict[str, Any]]:
    stored = snapshots(context.home)
    if not stored:
        return
    lag_days, treatments = recording_lag_days(context.history), read_treatments(context.home)
    for snapshot in stored:
        pending = [
            question
            for question in questions_of(snapshot)
            if has_matured(snapshot, question, context, lag_days)
            and (snapshot.release, str(snapshot.day), question.name, question.horizon_days) not in known
        ]
        if pending:
            context.report(f"judging what release {snapshot.release} predicted on {snapshot.day}")
            yield from _judge_snapshot(context, snapshot, pending, treatments)


def _judge_snapshot(
    context: RunContext, snapshot: Snapshot, questions: Sequence[Question], treatments: Treatments
) -> Iterator[dict[str, Any]]:
    tested_auc = _tested_auc(context, snapshot.release)
    for matured in matured_questions(snapshot, questions, context, treatments):
        cards = population_scorecards(matured.predictions, matured.treatment)
        question = matured.question
        verdict = judge(cards, matured.treatment, tested_auc if question.name == "order" else None)
        key = {
            "release": snapshot.release,
            "day": str(snapshot.day),
            "matured_on": str(snapshot.day + timedelta(days=question.horizon_days)),
            "question": question.name,
            "horizon_days": question.horizon_days,
        }
        yield scorecard_json(key, cards, verdict)


def _tested_auc(context: RunContext, release: str) -> float | None:
    """The lowest area under the curve of churn at the test origins of a release; None where it is not known."""
    try:
        manifest = ReleaseManifest.read(context.home.releases / release)
    except CorruptRelease:
        return None
    tier = manifest.tiers.get("churn")
    churn: Mapping[str, Any] = next((card for card in manifest.cards if card["name"] == "churn"), {})
    areas = [row.get("auc") for row in churn.get("metrics", ()) if row.get("contestant") == tier]
    return min((area for area in areas if area is not None), default=None)


def _log_metrics(context: RunContext, records: Sequence[Mapping[str, Any]]) -> None:
    """Log the metrics of the untreated to the run of each release, by the day of the prediction."""
    if not records:
        return
    from training.registry import Metric

    registry = context.home.registry()
    for release, count in Counter(record["release"] for record in records).items():
        metrics = [
            Metric(f"realised/{record['question']}_{record['horizon_days']}d_{name}", value, _ordinal(record["day"]))
            for record in records
            if record["release"] == release
            for name, value in metric_values(record).items()
        ]
        try:
            registry.log_release_metrics(release, metrics)
        except FlywheelError as error:
            context.report(f"the metrics of {count} scorecards of release {release} are not in MLflow: {error}")


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _sentence(record: Mapping[str, Any]) -> str:
    return (
        f"Scorecard of release {record['release']}, {record['question']} within {record['horizon_days']} days of "
        f"{record['day']}: {'; '.join(record['reasons'])}."
    )
