"""Scorer: turns a forecast into churn, dates in the shop's calendar, lifetime value and status."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from features.online.feature_rows import FeatureRows
from serving.predictions.scorer import AsOfBeforeFeatures, NonFiniteOutput, score
from serving.schemas.prediction_columns import STATUSES, PredictionColumns
from tests.serving.fakes import (
    DAY,
    METADATA,
    NO_ORDERS,
    TODAY,
    FakeRelease,
    KnownCustomer,
    constant_rate_forecast,
    feature_rows,
    timestamp_us,
)
from tests.serving.forecasts import ascending, populations
from training.inference.answers.answer import MISSING_CODE
from training.inference.answers.churn import BANDS
from training.inference.forecast import Forecast

ANN = feature_rows({"ann": KnownCustomer()})


def release(rate: float = 0.04, tier: int = 0) -> FakeRelease:
    """A release that predicts ``rate`` orders per day for each customer."""
    return FakeRelease(answer=lambda stored, _: constant_rate_forecast(np.full(len(stored), rate), tier))


def status(answers: PredictionColumns) -> list[str]:
    return [STATUSES[code] for code in answers.status]


def test_churn_is_no_order_within_the_horizon() -> None:
    answers = score(release(), ANN, TODAY)
    assert answers.by_model["churn"].probability[0] == 1 - answers.by_model["next_purchase"].probability_within[0, -1]
    assert answers.by_model["churn"].horizon_days == 90


def test_churn_has_a_horizon_of_its_own() -> None:
    monthly = release()
    monthly.metadata = replace(METADATA, churn_days=28)
    assert score(monthly, ANN, TODAY).by_model["churn"].probability[0] == pytest.approx(np.exp(-0.04 * 28))


@pytest.mark.parametrize(("probability", "band"), [(0.29, "low"), (0.31, "medium"), (0.69, "medium"), (0.71, "high")])
def test_a_band_is_a_range_of_probabilities(probability: float, band: str) -> None:
    answers = score(release(-np.log(probability) / 90), ANN, TODAY)
    assert BANDS[answers.by_model["churn"].band[0]] == band


@pytest.mark.parametrize(("border", "band"), [(0, "medium"), (1, "high")])
def test_a_band_begins_at_its_border(border: int, band: str) -> None:
    probability = float(score(release(), ANN, TODAY).by_model["churn"].probability[0])
    bordering = release()
    bordering.metadata = replace(METADATA, bands=((probability, 0.99), (0.0, probability))[border])
    assert BANDS[score(bordering, ANN, TODAY).by_model["churn"].band[0]] == band


def test_dates_count_from_the_shops_day() -> None:
    answers = score(release(np.log(2) / 16.5), ANN, TODAY)
    assert str(answers.by_model["next_purchase"].p50[0]) == "2026-12-07"


def test_in_the_evening_half_a_day_is_tomorrow() -> None:
    answers = score(release(np.log(2) / 0.5), ANN, timestamp_us("2026-11-21T18:00:00"))
    assert str(answers.by_model["next_purchase"].p50[0]) == "2026-11-22"


def test_in_the_evening_two_hours_are_still_today() -> None:
    answers = score(release(1000.0), ANN, timestamp_us("2026-11-21T21:00:00"))
    assert str(answers.by_model["next_purchase"].p90[0]) == "2026-11-21"


def test_a_date_beyond_the_last_day_is_none() -> None:
    answers = score(release(0.5 / 730), ANN, TODAY)
    assert not np.isnat(answers.by_model["next_purchase"].p10[0])
    assert np.isnat(answers.by_model["next_purchase"].p50[0])
    assert np.isnat(answers.by_model["next_purchase"].p90[0])
    assert np.isnat(answers.by_model["next_purchase"].remind_on[0])


def test_the_conditional_median_is_that_of_the_churn_horizon() -> None:
    rare = release(0.01)
    for days in (90, 30):
        rare.metadata = replace(METADATA, churn_days=days)
        purchase = score(rare, ANN, TODAY).by_model["next_purchase"]
        expected = -np.log((1 + np.exp(-0.01 * days)) / 2) / 0.01
        assert purchase.horizon_days == days
        assert purchase.p50_if_within[0] == np.datetime64("2026-11-21") + int(expected)


def test_a_reminder_comes_lead_days_before_the_conditional_median_of_those_who_rather_come_within_the_horizon() -> None:
    purchase = score(release(np.log(2) / 30), ANN, TODAY).by_model["next_purchase"]
    assert (str(purchase.p50[0]), str(purchase.p50_if_within[0])) == ("2026-12-21", "2026-12-15")
    assert str(purchase.remind_on[0]) == "2026-11-30"


def test_a_reminder_comes_lead_days_before_the_median_of_those_who_rather_do_not() -> None:
    purchase = score(release(np.log(2) / 91), ANN, TODAY).by_model["next_purchase"]
    assert str(purchase.p50[0]) == "2027-02-20"
    assert str(purchase.remind_on[0]) == "2027-02-05"


def test_a_reminder_that_is_overdue_is_for_today() -> None:
    answers = score(release(np.log(2) / 3.5), ANN, TODAY)
    assert str(answers.by_model["next_purchase"].remind_on[0]) == "2026-11-21"


def test_silence_is_measured_by_the_customers_own_rhythm() -> None:
    customers = {
        "ann": KnownCustomer(median_gap_days=30.0),
        "once": KnownCustomer(median_gap_days=np.nan),
        "never": NO_ORDERS,
    }
    answers = score(release(), feature_rows(customers), TODAY)
    assert answers.by_model["next_purchase"].overdue_ratio.tolist() == pytest.approx([0.7, np.nan, np.nan], nan_ok=True)


def test_a_customer_nobody_knows_gets_no_number() -> None:
    answers = score(release(), feature_rows({"zoe": None, "ann": KnownCustomer()}), TODAY)
    assert status(answers) == ["unknown_customer", "scored"]
    assert answers.tier.tolist() == [MISSING_CODE, 0]
    assert answers.by_model["churn"].band[0] == MISSING_CODE
    numbers = (
        answers.by_model["churn"].probability,
        answers.by_model["churn"].percentile,
        answers.by_model["next_purchase"].probability_within,
        answers.by_model["ltv"].expected_orders,
    )
    assert all(np.isnan(column[0]).all() and np.isfinite(column[1]).all() for column in numbers)
    assert np.isnat(answers.by_model["next_purchase"].p10[0])
    assert np.isnat(answers.by_model["next_purchase"].p50_if_within[0])


@pytest.mark.parametrize(
    ("tier", "expected"), [(0, "scored"), (1, "scored"), (2, "insufficient_history"), (3, "insufficient_history")]
)
def test_the_lower_tiers_say_that_history_is_short(tier: int, expected: str) -> None:
    assert status(score(release(tier=tier), ANN, TODAY)) == [expected]


def answer_status(answers: PredictionColumns, model: str) -> list[str]:
    return [STATUSES[code] for code in answers.status_by_model[model]]


def test_a_model_that_ranks_nobody_finds_no_signal_while_the_others_are_scored() -> None:
    unranked = replace(release(), unranked_models=frozenset({"ltv"}))
    answers = score(unranked, feature_rows({"ann": KnownCustomer(), "zoe": None}), TODAY)
    assert status(answers) == ["scored", "unknown_customer"]
    assert answer_status(answers, "ltv") == ["no_signal", "unknown_customer"]
    assert answer_status(answers, "churn") == answer_status(answers, "next_purchase") == status(answers)


def test_short_history_and_old_features_come_before_no_signal() -> None:
    unranked = frozenset({"churn", "next_purchase", "ltv"})
    short = score(replace(release(tier=3), unranked_models=unranked), ANN, TODAY)
    old = score(replace(release(), unranked_models=unranked), ANN, TODAY + 30 * DAY)
    assert {*answer_status(short, "churn")} == {"insufficient_history"}
    assert {*answer_status(old, "churn")} == {"stale_features"}


def test_features_are_stale_when_more_days_have_passed_than_allowed() -> None:
    assert status(score(release(), ANN, TODAY + 7 * DAY)) == ["scored"]
    assert status(score(release(), ANN, TODAY + 7 * DAY + 1)) == ["stale_features"]


def test_a_week_in_which_the_clocks_went_back_is_still_a_week() -> None:
    before = feature_rows(
        {"ann": KnownCustomer(features_at=timestamp_us("2026-10-20"), last_order_at=timestamp_us("2026-10-01"))}
    )
    assert timestamp_us("2026-10-27") - timestamp_us("2026-10-20") > 7 * DAY
    assert status(score(release(), before, timestamp_us("2026-10-27"))) == ["scored"]


def test_stale_comes_before_short_of_history() -> None:
    assert status(score(release(tier=3), ANN, TODAY + 30 * DAY)) == ["stale_features"]


def test_an_instant_before_the_features_is_refused() -> None:
    with pytest.raises(
        AsOfBeforeFeatures, match=r"^Found 2026-11-19T23:00:00Z, while the features are of 2026-11-20T23:00:00Z"
    ):
        score(release(), ANN, TODAY - DAY)


def test_a_stranger_has_no_features_to_be_too_early_for() -> None:
    assert status(score(release(), feature_rows({"zoe": None}), 0)) == ["unknown_customer"]


def test_a_forecast_with_a_gap_is_an_error_not_a_null() -> None:
    def forecast_with_gap(stored: FeatureRows, _: int) -> Forecast:
        forecast = constant_rate_forecast(np.full(len(stored), 0.04))
        forecast.order_by[0, 3] = np.nan
        return forecast

    with pytest.raises(NonFiniteOutput, match="Found 1 of 1 known customers without a number"):
        score(FakeRelease(answer=forecast_with_gap), ANN, TODAY)
    score(FakeRelease(answer=forecast_with_gap), feature_rows({"zoe": None}), TODAY)


def test_without_amounts_there_is_no_spend() -> None:
    release_without_amounts = FakeRelease(
        metadata=replace(METADATA, has_amounts=False),
        answer=lambda stored, _: constant_rate_forecast(np.full(len(stored), 0.04), amounts=False),
    )
    answers = score(release_without_amounts, ANN, TODAY)
    assert answers.by_model["ltv"].spend is None
    assert np.isnan(answers.by_model["ltv"].historic).all()
    assert np.isfinite(answers.by_model["ltv"].expected_orders).all()


@given(populations())
def test_the_answers_of_any_population_agree(population: tuple[FeatureRows, FakeRelease]) -> None:
    stored, any_release = population
    answers = score(any_release, stored, TODAY)
    known, today = stored.known, np.datetime64("2026-11-21")
    purchase = answers.by_model["next_purchase"]
    dates = np.column_stack([purchase.p10, purchase.p50, purchase.p90])[known]
    assert ((answers.by_model["churn"].probability + purchase.probability_within[:, -1])[known] == 1).all()
    assert ascending(purchase.probability_within[known])
    assert (np.isnat(dates) | (dates >= today)).all()
    assert (np.isnat(dates[:, 1:]) | (dates[:, 1:] >= dates[:, :-1])).all()
    assert (np.isnat(purchase.remind_on) == np.isnat(purchase.p50)).all()
    assert (np.isnat(purchase.p50_if_within)[known] == (purchase.probability_within[known, -1] == 0)).all()
    within = purchase.p50_if_within[~np.isnat(purchase.p50_if_within)]
    assert ((within >= today) & (within <= today + np.timedelta64(90, "D"))).all()
    assert not (purchase.p50_if_within > purchase.p50).any()
    assert (np.isnat(dates[:, 1]) | (purchase.remind_on[known] >= today)).all()
    assert (answers.by_model["ltv"].expected_orders[known, 1] >= purchase.probability_within[known, -1] - 1e-12).all()
    assert (np.isin(answers.status, [STATUSES.index("unknown_customer")]) == ~known).all()
