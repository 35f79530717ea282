"""Fault: the predicted value includes earlier spend. LTV counts only the revenue of the window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.generated import CUSTOMERS, SIX_EXAMPLES, Log, day, future_logs, outcomes_after_today, past_logs
from training.dataset.plan import HorizonPlan
from training.models import MODELS

pytestmark = pytest.mark.slow

PLAN = HorizonPlan(churn_days=30, horizons=(7, 30), learned=(7, 30), has_amounts=True)
AFTER = Log(
    (("ann", "2026-03-02 09:30:00", "10.00", "A1", None, "p"), ("ann", "2026-03-20 09:30:00", "5.00", "A2", None, "p"))
)
EARLIER_SPEND = Log(
    tuple(
        (customer, f"{day(number)} 23:59:59.999999", "9999.00", None, None, "p")
        for customer in CUSTOMERS
        for number in (0, 30, 58)
    )
)


@SIX_EXAMPLES
@given(past_logs(), future_logs())
def test_spend_before_the_cutoff_is_in_no_window_after_it(past: Log, future: Log) -> None:
    combined = past.combine(future)
    assert np.array_equal(
        outcomes_after_today(combined.combine(EARLIER_SPEND).history).spend,
        outcomes_after_today(combined.history).spend,
    )


def test_a_window_begins_with_the_cutoffs_own_instant() -> None:
    last = Log((("ann", "2026-02-28 23:59:59.999999", "9999.00", None, None, "p"),))
    first = Log((("ann", "2026-03-01 00:00:00", "1.00", None, None, "p"),))
    assert outcomes_after_today(AFTER.combine(last).history, "ann").spend[0].tolist() == [10.0, 15.0]
    assert outcomes_after_today(AFTER.combine(first).history, "ann").spend[0].tolist() == [11.0, 16.0]


def test_lines_before_the_cutoff_of_a_continued_order_are_not_counted() -> None:
    first_lines = Log((("ann", "2026-02-28 09:30:00", "500.00", "A1", None, "p"),))
    assert outcomes_after_today(AFTER.combine(first_lines).history, "ann").spend[0].tolist() == [10.0, 15.0]


def test_what_was_spent_before_and_recorded_after_is_not_counted() -> None:
    late = Log((("ann", "2026-02-20 09:30:00", "500.00", None, "2026-03-03 09:30:00", "p"),))
    assert outcomes_after_today(AFTER.combine(late).history, "ann").spend[0].tolist() == [10.0, 15.0]


@SIX_EXAMPLES
@given(future_logs(), st.integers(1, 30))
def test_longer_windows_include_shorter_ones_and_only_their_revenue(future: Log, days: int) -> None:
    paid = future.with_lines([line for line in future.lines if float(line[2]) > 0])
    outcomes = outcomes_after_today(paid.history, horizons=(days, 2 * days))
    assert (outcomes.spend[:, 0] <= outcomes.spend[:, 1]).all()
    for index, customer in enumerate(CUSTOMERS):
        revenue = sum(
            float(line[2]) for line in paid.lines if line[0] == customer and day(59) <= line[1] < day(59 + days)
        )
        assert outcomes.spend[index, 0] == pytest.approx(revenue)


def test_the_value_model_is_evaluated_without_earlier_spend() -> None:
    poor, rich = outcomes_after_today(AFTER.history), outcomes_after_today(AFTER.combine(EARLIER_SPEND).history)
    guess = np.array([12.0, 3.0, 0.0])
    assert MODELS["ltv"].compare(rich, PLAN, guess) == MODELS["ltv"].compare(poor, PLAN, guess)
