"""Paired comparison and flagged customers: counted by hand on a few customers."""

from datetime import date

import numpy as np
import pytest

from tests.training.by_hand import outcomes_of, rows_of, steady_forecast
from training.dataset.plan import HorizonPlan
from training.evaluation.backtest import Backtest
from training.evaluation.flagged import flagged_customers
from training.evaluation.paired_comparison import compare_on_origins
from training.models import MODELS

INFINITE = float("inf")
PLAN = HorizonPlan(churn_days=60, horizons=(30, 60), learned=(30, 60), has_amounts=True)
WAITS = [5.0, 20.0, INFINITE, INFINITE] * 25
GOOD, BAD = steady_forecast([0.2, 0.05, 0.001, 0.001] * 25), steady_forecast([0.001, 0.001, 0.2, 0.05] * 25)


def backtest() -> Backtest:
    rows = rows_of(outcomes_of(WAITS, [90.0] * len(WAITS)), recency_days=[1.0, 2.0, 3.0, 4.0] * 25)
    return Backtest(date(2024, 7, 1), PLAN, rows, {"average": GOOD}, {})


def test_the_gain_is_the_references_loss_less_the_releases_on_the_same_customers() -> None:
    for comparison in compare_on_origins([backtest()], "average", "the champion", lambda _: BAD):
        assert comparison.gain == pytest.approx(comparison.reference_loss - comparison.release_loss, rel=1e-5)
        assert comparison.low <= comparison.gain <= comparison.high
        assert comparison.customers == 100
    churn = {each.model: each for each in compare_on_origins([backtest()], "average", "the champion", lambda _: BAD)}
    assert churn["churn"].verdict == "better"


def test_a_release_is_not_better_than_itself_on_any_question() -> None:
    comparisons = compare_on_origins([backtest()], "average", "itself", lambda _: GOOD)
    assert {each.model for each in comparisons} == set(MODELS)
    assert {each.verdict for each in comparisons} == {"no sure difference"}
    assert {each.relative for each in comparisons} == {(0.0, 0.0, 0.0)}


def test_a_reference_that_cannot_answer_is_not_compared() -> None:
    assert compare_on_origins([backtest()], "average", "the champion", lambda _: None) == []
    assert compare_on_origins([], "average", "the champion", lambda _: BAD) == []


def test_every_way_of_choosing_flags_as_many_and_its_churners_are_counted() -> None:
    by_rule = np.array([1.0, 0.0, 1.0, 0.0] * 25)
    scores = {"this release": np.array([0.1, 0.2, 0.9, 0.8] * 25), "nobody knows": np.zeros(100)}
    flagged = flagged_customers(backtest(), scores, {"rule": by_rule}, 50)
    assert (flagged.customers, flagged.churned, flagged.flagged) == (100, 50, 50)
    assert [flagged.per_hundred(way) for way in flagged.hits] == [100, 50, 50]
    assert flagged.f1 == 1.0
