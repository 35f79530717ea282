"""Fault: the log as it is today is not the log as it was. Cutting it at the cutoff must change nothing.

The whole command line, on a log cut off at the day, is held to the last digit by tests/pipelines/test_law.py.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given

from features.arrays import Floats
from tests.contracts.generated import SEVERAL, TODAY, Log, futures, known, pasts
from tests.logs import cutoff
from tests.training.shops import Published, Shop, corner_shop, day, few_rounds, history, kept, shop, simulated
from training.dataset.point_in_time import dataset
from training.fitting.assemble import Assembled, assemble
from training.models import MODELS

AS_OF = 200


@SEVERAL
@given(pasts(), futures())
def test_features_of_the_log_cut_at_the_cutoff_are_those_of_the_whole_log(past: Log, future: Log) -> None:
    whole = past.and_then(future).history
    assert known(whole.before(cutoff(TODAY))) == known(whole) == known(past.history)


def test_inputs_of_the_log_cut_at_the_cutoff_are_those_of_the_whole_log() -> None:
    one = corner_shop()
    at = one.cutoffs[5]
    past = history(one.lines[one.lines["ordered_at"] < at.at])
    before = dataset(Published(past, [at]).known([at]), [at], past, Published(past, [at]))
    rows = one.data.rows(one.now, (30,), [at])
    assert np.array_equal(before.inputs, rows.inputs, equal_nan=True)


@kept
def learned(*, cut: bool) -> tuple[Shop, Assembled]:
    """A release made on a day, from a log that goes on for weeks or from what of it there was."""
    lines = simulated(400, 260, seed=2)
    past = lines[lines["ordered_at"].dt.date < day(AS_OF)]
    one = shop(past if cut else lines, AS_OF, (30, 60), 60)
    with few_rounds(5):
        return one, assemble(one.rows(one.now), one.plan, dict.fromkeys(MODELS, "ml"))


def test_a_release_learned_from_the_cut_log_is_that_of_the_whole_log() -> None:
    (_, then), (_, now) = learned(cut=True), learned(cut=False)
    assert then.files == now.files
    assert then.ladder_json() == now.ladder_json()


def test_answers_from_the_cut_log_are_those_of_the_whole_log() -> None:
    (then, release), (now, other) = learned(cut=True), learned(cut=False)
    assert then.population().inputs.shape == now.population().inputs.shape
    assert np.array_equal(answers(then, release), answers(now, other))


def answers(one: Shop, release: Assembled) -> Floats:
    """P(order) by every day, and the spend expected over every horizon, of everybody known today."""
    today = one.population()
    found = release.ladder.forecast(today.inputs, np.nan_to_num(today.column("orders")))
    assert found.spend is not None
    return np.column_stack([found.order_by, found.spend.mean, found.spend.p90])
