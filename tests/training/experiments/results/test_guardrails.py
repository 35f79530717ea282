from __future__ import annotations

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.experiments.customers import units
from training.experiments.record.experiment import Guardrail
from training.experiments.result_schema import GuardrailResult
from training.experiments.results.guardrails import check_guardrail

SPEND = Guardrail(kind="spend", within_days=28, not_worse_by=0.03)
COMPLAINTS = Guardrail(kind="event", name="complaint", within_days=28, not_worse_by=0.2)
UNSUBSCRIBED = Guardrail(kind="event", name="unsubscribe", within_days=28, at_most=0.002)


def check(guardrail: Guardrail, control: Floats, treated: Floats) -> GuardrailResult:
    values = np.r_[control, treated]
    arm = np.r_[np.zeros(len(control)), np.ones(len(treated))].astype(np.int8)
    (result,) = check_guardrail(guardrail, units(values, arm, values={guardrail.label: values}))
    return result


def rate(share: float, customers: int = 10_000) -> Floats:
    return (np.arange(customers) < round(share * customers)).astype(np.float64)


@pytest.mark.parametrize(("mean", "status"), [(100.0, "kept"), (97.0, "unclear"), (90.0, "broken")])
def test_spend_is_kept_where_a_loss_of_more_than_3_percent_is_excluded(mean: float, status: str) -> None:
    rng = np.random.default_rng(1)
    result = check(SPEND, rng.normal(100.0, 20.0, 3_000), rng.normal(mean, 20.0, 3_000))
    assert result.status == status
    assert result.limit == "not worse than control by 0.03 of it"
    assert result.low is not None
    assert result.high is not None
    assert (result.low > 0) == (status == "kept")


@pytest.mark.parametrize(("share", "status"), [(0.10, "kept"), (0.12, "unclear"), (0.15, "broken")])
def test_more_of_a_named_event_is_worse(share: float, status: str) -> None:
    assert check(COMPLAINTS, rate(0.10), rate(share)).status == status


@pytest.mark.parametrize(("share", "status"), [(0.0, "kept"), (0.0015, "unclear"), (0.01, "broken")])
def test_a_rate_is_kept_where_its_interval_lies_below_the_limit(share: float, status: str) -> None:
    result = check(UNSUBSCRIBED, rate(0.0), rate(share))
    assert (result.status, result.limit) == (status, "at most 0.002")
    assert result.value == pytest.approx(share)


def test_few_customers_say_nothing_of_a_rate() -> None:
    result = check(UNSUBSCRIBED, rate(0.0, 50), rate(0.0, 60))
    assert (result.status, result.value) == (None, None)
    assert result.refusal is not None
    assert result.refusal.detail == ("Found 60 matured customers in the arm ten-percent; expected 100. Missing: 40.")


def test_a_loss_of_exactly_the_margin_is_kept_in_at_most_2_5_percent() -> None:
    rng, kept_count = np.random.default_rng(1), 0
    for _ in range(1_000):
        kept_count += check(SPEND, rng.normal(100.0, 20.0, 200), rng.normal(97.0, 20.0, 200)).status == "kept"
    assert 0.015 <= kept_count / 1_000 <= 0.035
