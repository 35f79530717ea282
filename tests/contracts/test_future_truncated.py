"""Fault: the log of today differs from the log of then. Truncating it at the cutoff must change nothing.

tests/pipelines/test_law.py checks the same for the command line, to the last digit.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from features.arrays import Floats
from tests.contracts.generated import SIX_EXAMPLES, TODAY, Log, future_logs, known_features, past_logs
from tests.logs import cutoff
from tests.training.shops import (
    FakeFeatureStore,
    TrainingShop,
    build_shop,
    cached_for_session,
    corner_shop,
    day,
    history,
    simulate_lines,
    small_ensembles,
)
from training.dataset.point_in_time import build_dataset
from training.fitting.assemble import AssembledRelease, assemble
from training.fitting.fit import NO_EVIDENCE
from training.inference.forecast import AVERAGE

pytestmark = pytest.mark.slow

AS_OF = 200


@SIX_EXAMPLES
@given(past_logs(), future_logs())
def test_features_of_the_log_cut_at_the_cutoff_are_those_of_the_whole_log(past: Log, future: Log) -> None:
    whole = past.combine(future).history
    assert known_features(whole.before(cutoff(TODAY))) == known_features(whole) == known_features(past.history)


def test_inputs_of_the_log_cut_at_the_cutoff_are_those_of_the_whole_log() -> None:
    shop = corner_shop()
    instant = shop.cutoffs[5]
    past = history(shop.lines[shop.lines["ordered_at"] < instant.timestamp])
    before = build_dataset(
        FakeFeatureStore(past, [instant]).known_customers([instant]), [instant], past, FakeFeatureStore(past, [instant])
    )
    cut_rows, rows = before.rows(instant, (30,), [instant]), shop.data.rows(shop.now, (30,), [instant])
    assert np.array_equal(cut_rows.inputs, rows.inputs, equal_nan=True)


@cached_for_session
def assemble_release(*, cut: bool) -> tuple[TrainingShop, AssembledRelease]:
    """A release of one day, from a log that goes on for weeks or from the log cut at that day."""
    lines = simulate_lines(400, 260, seed=2)
    past = lines[lines["ordered_at"].dt.date < day(AS_OF)]
    shop = build_shop(past if cut else lines, AS_OF, (30, 60), 60)
    with small_ensembles(5):
        return shop, assemble(shop.rows(shop.now), shop.plan, shop.now.day_number, AVERAGE, NO_EVIDENCE)


def test_a_release_learned_from_the_cut_log_is_that_of_the_whole_log() -> None:
    (_, cut_release), (_, whole_release) = assemble_release(cut=True), assemble_release(cut=False)
    assert cut_release.files == whole_release.files
    assert cut_release.tiered_model_json() == whole_release.tiered_model_json()


def test_answers_from_the_cut_log_are_those_of_the_whole_log() -> None:
    (cut_shop, cut_release), (whole_shop, whole_release) = assemble_release(cut=True), assemble_release(cut=False)
    assert cut_shop.population().inputs.shape == whole_shop.population().inputs.shape
    assert np.array_equal(
        order_and_spend_forecast(cut_shop, cut_release), order_and_spend_forecast(whole_shop, whole_release)
    )


def order_and_spend_forecast(shop: TrainingShop, release: AssembledRelease) -> Floats:
    """P(order) by every day and expected spend over every horizon, of all known customers."""
    today = shop.population()
    forecast = release.tiered_model.forecast(today.inputs, np.nan_to_num(today.column("orders")))
    assert forecast.spend is not None
    return np.column_stack([forecast.order_by, forecast.spend.mean, forecast.spend.p90])
