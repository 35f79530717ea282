"""Release check: a release must answer three synthetic customers correctly before it may serve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from features.online.feature_rows import FeatureRows
from serving.releases.release_check import ReleaseCheckFailed, smoke_test, synthetic_rows
from tests.serving.fakes import METADATA, SCALARS, TODAY, VIEWS, FakeRelease, constant_rate_forecast
from training.inference.forecast import Forecast


def test_a_sound_release_passes() -> None:
    smoke_test(FakeRelease())


def test_a_release_without_amounts_passes() -> None:
    release = FakeRelease(answer=lambda rows, _: constant_rate_forecast(np.full(len(rows), 0.04), amounts=False))
    smoke_test(release)


def test_the_made_up_customers_are_a_stranger_a_silent_one_and_a_buyer() -> None:
    rows = synthetic_rows(VIEWS, TODAY)
    assert rows.known.tolist() == [False, True, True]
    assert rows.column("orders").tolist() == pytest.approx([np.nan, 0, 2], nan_ok=True)
    assert rows.columns == SCALARS
    assert {*rows.lists} == {"recent_days"}
    assert np.isnan(rows.column("last_order_at")[1])
    assert rows.column("last_order_at")[2] < TODAY


def faulty_release(alter: Callable[[Forecast], None]) -> FakeRelease:
    """A release with one fault in the answer for the buyer."""

    def answer(rows: FeatureRows, _: int) -> Forecast:
        forecast = constant_rate_forecast(np.full(len(rows), 0.04))
        alter(forecast)
        return forecast

    return FakeRelease(answer=answer)


def set_value(part: Callable[[Forecast], Floats], value: float) -> Callable[[Forecast], None]:
    def alter(forecast: Forecast) -> None:
        part(forecast)[2, 1] = value

    return alter


def spend_array(name: str) -> Callable[[Forecast], Floats]:
    def part(forecast: Forecast) -> Floats:
        values: Floats = getattr(forecast.spend, name)
        return values

    return part


@pytest.mark.parametrize(
    ("alter", "violation"),
    [
        (set_value(lambda forecast: forecast.order_by, np.nan), "not numbers from 0 to 1"),
        (set_value(lambda forecast: forecast.order_by, 1.5), "not numbers from 0 to 1"),
        (set_value(lambda forecast: forecast.order_by, 0.9), "fall with time"),
        (set_value(lambda forecast: forecast.expected_orders, 0.01), "fewer expected orders than their probability"),
        (set_value(lambda forecast: forecast.expected_orders, np.nan), "fewer expected orders than their probability"),
        (set_value(spend_array("mean"), np.inf), "amounts that are not finite"),
        (set_value(spend_array("median"), 1e9), "quantiles out of order"),
        (set_value(spend_array("p10"), np.nan), "quantiles out of order"),
    ],
)
def test_a_release_that_breaks_a_law_is_unfit(alter: Callable[[Forecast], None], violation: str) -> None:
    with pytest.raises(
        ReleaseCheckFailed,
        match=f"Release 7 failed its check on synthetic customers: found .*{violation}.* Train another",
    ):
        smoke_test(faulty_release(alter))


def test_what_is_said_of_a_stranger_does_not_matter() -> None:
    def answer(rows: FeatureRows, _: int) -> Forecast:
        return constant_rate_forecast(np.where(rows.known, 0.04, np.nan))

    smoke_test(FakeRelease(answer=answer))


def test_a_horizon_of_the_business_must_be_answered() -> None:
    with pytest.raises(ReleaseCheckFailed, match=r"no horizon of \[28, 60\] days"):
        smoke_test(FakeRelease(metadata=replace(METADATA, churn_days=28, ltv_days=(30, 60))))


def test_percentiles_are_percentiles() -> None:
    class Shares(FakeRelease):
        def churn_percentile(self, probability: Floats) -> Floats:
            return 1000 * probability + 100

    with pytest.raises(ReleaseCheckFailed, match="percentiles outside 0 to 100"):
        smoke_test(Shares())
