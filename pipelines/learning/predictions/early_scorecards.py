"""Early scorecard: after an alarm of drift, the orders since a prediction against those expected by then.

No window is over yet, so that it is for information and no verdict: expected orders grow about evenly over a window.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pipelines.learning.predictions.matured_snapshots import (
    Question,
    matured_questions,
    questions_of,
    recording_lag_days,
)
from pipelines.learning.predictions.prediction_snapshots import snapshots
from pipelines.learning.predictions.treatments import read_treatments
from pipelines.run_context import RunContext
from training.monitoring.scorecard import population_scorecards
from training.monitoring.scorecard_record import scorecard_json
from training.monitoring.verdict import Verdict

MIN_ELAPSED_DAYS = 7


def early_scorecard(context: RunContext, release: str) -> dict[str, Any] | None:
    """The record of the newest prediction of a release that is a week old; None without one."""
    last = context.as_of - timedelta(days=MIN_ELAPSED_DAYS + recording_lag_days(context.history))
    candidates = [each for each in snapshots(context.home) if each.release == release and each.day <= last]
    if not candidates:
        return None
    snapshot = candidates[-1]
    elapsed = (context.as_of - snapshot.day).days - recording_lag_days(context.history)
    horizons = [each.horizon_days for each in questions_of(snapshot) if each.name == "orders"]
    whole = min((days for days in horizons if days >= elapsed), default=None)
    if whole is None:
        return None
    question = Question("orders", elapsed, predicted_days=whole)
    for matured in matured_questions(snapshot, [question], context, read_treatments(context.home)):
        cards = population_scorecards(matured.predictions, matured.treatment)
        key = {
            "release": release,
            "day": str(snapshot.day),
            "matured_on": None,
            "question": "orders",
            "horizon_days": elapsed,
        }
        return scorecard_json(key, cards, Verdict("early"))
    return None
