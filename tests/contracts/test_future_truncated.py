"""Fault: the log as it is today is not the log as it was. Cutting it at the cutoff must change nothing.

The whole command line, on a log cut off at the day, is held to the last digit by tests/pipelines/test_law.py.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given

from features.arrays import Floats
from tests.contracts.generated import SIX_EXAMPLES, TODAY, Log, future_logs, known_features, past_logs
from tests.logs import cutoff
from tests.training.shops import (
    FakePublishedFeatures,
    TrainingShop,
    build_shop,
    corner_shop,
    day,
    history,
    shared,
    simulate_lines,
    small_ensembles,
)
from training.dataset.point_in_time import build_dataset
from training.fitting.assemble import AssembledRelease, assemble
from training.models import MODELS

AS_OF = 200


@SIX_EXAMPLES
@given(past_logs(), future_logs())
def test_features_of_the_log_cut_at_the_cutoff_are_those_of_the_whole_log(past: Log, future: Log) -> None:
    whole = past.combine(future).history
    assert known_features(whole.before(cutoff(TODAY))) == known_features(whole) == known_features(past.history)


def test_inputs_of_the_log_cut_at_the_cutoff_are_those_of_the_whole_log() -> None:
    one = corner_shop()
    at = one.cutoffs[5]
    past = history(one.lines[one.lines["ordered_at"] < at.timestamp])
    before = build_dataset(FakePublishedFeatures(past, [at]).known([at]), [at], past, FakePublishedFeatures(past, [at]))
    rows = one.data.rows(one.now, (30,), [at])
    assert np.array_equal(before.inputs, rows.inputs, equal_nan=True)


@shared
def assemble_release(*, cut: bool) -> tuple[TrainingShop, AssembledRelease]:
    """A release made on a day, from a log that goes on for weeks or from what of it there was."""
    lines = simulate_lines(400, 260, seed=2)
    past = lines[lines["ordered_at"].dt.date < day(AS_OF)]
    one = build_shop(past if cut else lines, AS_OF, (30, 60), 60)
    with small_ensembles(5):
        return one, assemble(one.rows(one.now), one.plan, dict.fromkeys(MODELS, "ml"))


def test_a_release_learned_from_the_cut_log_is_that_of_the_whole_log() -> None:
    (_, then), (_, now) = assemble_release(cut=True), assemble_release(cut=False)
    assert then.files == now.files
    assert then.tiered_model_json() == now.tiered_model_json()


def test_answers_from_the_cut_log_are_those_of_the_whole_log() -> None:
    (then, release), (now, other) = assemble_release(cut=True), assemble_release(cut=False)
    assert then.population().inputs.shape == now.population().inputs.shape
    assert np.array_equal(order_and_spend_forecast(then, release), order_and_spend_forecast(now, other))


def order_and_spend_forecast(one: TrainingShop, release: AssembledRelease) -> Floats:
    """P(order) by every day, and the spend expected over every horizon, of everybody known today."""
    today = one.population()
    found = release.tiered_model.forecast(today.inputs, np.nan_to_num(today.column("orders")))
    assert found.spend is not None
    return np.column_stack([found.order_by, found.spend.mean, found.spend.p90])
