"""Serializers: the JSON has every scored customer in order, coherent to the last digit, in the documented form."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any, get_args

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.online.feature_rows import FeatureRows
from serving.predictions.scorer import score
from serving.predictions.serializers import serialize_predictions
from serving.schemas.predictions import DEFAULT_PARTS, Part, PredictionsResponse
from tests.serving.fakes import (
    DAY,
    METADATA,
    NO_ORDERS,
    PUBLICATION,
    TODAY,
    FakeFeatureReader,
    FakeRelease,
    KnownCustomer,
    constant_rate_forecast,
    feature_rows,
    silence_reason,
)
from tests.serving.forecasts import IDS, knowns, populations
from training.models import EXPERIMENT_MODELS, MODEL_ORDER

EVERY_PART = frozenset(get_args(Part))


def serialized_rows(
    stored: FeatureRows, release: FakeRelease, include: frozenset[Part] = DEFAULT_PARTS
) -> list[dict[str, Any]]:
    """The predictions as JSON that a caller receives."""
    columns = score(release, stored, TODAY, PUBLICATION.log_until)
    body = orjson.dumps({"predictions": serialize_predictions(columns, include)})
    PredictionsResponse.model_validate_json(body)
    rows: list[dict[str, Any]] = orjson.loads(body)["predictions"]
    return rows


def test_one_customer_looks_as_the_contract_says() -> None:
    half = FakeRelease(answer=lambda stored, _: constant_rate_forecast(np.full(len(stored), np.log(2) / 30)))
    row = serialized_rows(feature_rows({"17850": KnownCustomer()}), half)[0]
    within = row["next_purchase"].pop("probability_within")
    assert {days: round(share, 3) for days, share in within.items()} == {
        "7": 0.149, "14": 0.276, "30": 0.5, "60": 0.75, "90": 0.875,
    }  # fmt: skip
    assert len(row.pop("prediction_id")) == 32
    assert row.pop("churn") == {
        "status": "scored",
        "tier": "average",
        "horizon_days": 90,
        "probability": pytest.approx(0.125),
        "percentile": pytest.approx(12.5),
        "band": "low",
    }
    assert row.pop("ltv")["predicted"]["90"] == {
        "expected_orders": pytest.approx(2.0794, abs=1e-4),
        "mean": pytest.approx(103.97, abs=1e-2),
        "median": pytest.approx(83.18, abs=1e-2),
        "p10": pytest.approx(10.40, abs=1e-2),
        "p90": pytest.approx(207.94, abs=1e-2),
    }
    assert row == {
        "customer_id": "17850",
        "status": "scored",
        "model_tier": "average",
        "as_of": "2026-11-20T23:00:00Z",
        "release": "7",
        "model_versions": {"churn": "3", "next_purchase": "3", "ltv": "2"},
        "features_at": "2026-11-20T23:00:00Z",
        "log_until": "2026-11-19T16:40:00Z",
        "next_purchase": {
            "status": "scored",
            "tier": "average",
            "p10": "2026-11-25",
            "p50": "2026-12-21",
            "p90": "2027-02-28",
            "p50_if_within": {"90": "2026-12-15"},
            "remind_on": "2026-11-30",
            "overdue_ratio": pytest.approx(0.7),
            "by_category": None,
        },
        "segment": {"status": "not_scored"},
    }


def test_a_model_that_ranks_nobody_says_so_in_its_own_answer_alone() -> None:
    stored = feature_rows({"ann": KnownCustomer(), "old": KnownCustomer(features_at=TODAY - 9 * DAY), "zoe": None})
    ann, old, stranger = serialized_rows(stored, FakeRelease(unranked_models=frozenset({"churn"})))
    assert (ann["status"], old["status"]) == ("scored", "stale_features")
    assert [ann[name]["status"] for name in MODEL_ORDER] == ["no_signal", "scored", "scored"]
    assert {old[name]["status"] for name in MODEL_ORDER} == {"stale_features"}
    assert {ann[name]["tier"] for name in MODEL_ORDER} == {ann["model_tier"]}
    assert not {*stranger} & {*MODEL_ORDER}


def test_a_stranger_gets_an_envelope_and_no_answer() -> None:
    row = serialized_rows(feature_rows({"zoe": None}), FakeRelease(), EVERY_PART)[0]
    assert row.pop("prediction_id")
    assert row == {
        "customer_id": "zoe",
        "status": "unknown_customer",
        "as_of": "2026-11-20T23:00:00Z",
        "log_until": "2026-11-19T16:40:00Z",
        "release": "7",
        "model_versions": {"churn": "3", "next_purchase": "3", "ltv": "2"},
    }


def test_reasons_nobody_asked_for_are_null_and_an_answer_without_any_has_none() -> None:
    answers = score(FakeRelease(), feature_rows({"ann": KnownCustomer()}), TODAY)
    assert serialize_predictions(answers, {"reasons"})[0]["reasons"] is None
    assert serialize_predictions(replace(answers, reasons=[[]]), {"reasons"})[0]["reasons"] == []


def test_a_feature_of_which_nothing_is_known_is_null() -> None:
    answers = score(FakeRelease(), feature_rows({"bob": NO_ORDERS}), TODAY)
    reasoned = replace(answers, reasons=[[silence_reason("ltv", None)]])
    body = orjson.dumps({"predictions": serialize_predictions(reasoned, {"reasons"})})
    assert orjson.loads(body)["predictions"][0]["reasons"][0]["value"] is None
    PredictionsResponse.model_validate_json(body)


def test_only_the_horizons_of_the_business_are_told() -> None:
    monthly = FakeRelease(answer=lambda stored, _: constant_rate_forecast(np.full(len(stored), 0.1)))
    monthly.metadata = replace(METADATA, ltv_days=(30, 365))
    assert list(serialized_rows(feature_rows({"ann": KnownCustomer()}), monthly)[0]["ltv"]["predicted"]) == [
        "30",
        "365",
    ]


def test_amounts_a_shop_does_not_record_are_null() -> None:
    orders_only = FakeRelease(answer=lambda stored, _: constant_rate_forecast(np.full(len(stored), 0.1), amounts=False))
    orders_only.metadata = replace(METADATA, has_amounts=False)
    ltv = serialized_rows(feature_rows({"ann": KnownCustomer()}), orders_only)[0]["ltv"]
    assert ltv["historic"] is None
    assert ltv["predicted"]["30"] == {"expected_orders": 3.0, "mean": None, "median": None, "p10": None, "p90": None}


@given(populations(), st.frozensets(st.sampled_from(sorted(EVERY_PART))))
def test_what_is_not_included_is_absent(population: tuple[FeatureRows, FakeRelease], include: frozenset[Part]) -> None:
    for row, known in zip(serialized_rows(*population, include), population[0].known, strict=True):
        assert {*row} & EVERY_PART == ({*include} - {*EXPERIMENT_MODELS} if known else set())


@given(populations())
def test_coherence_survives_the_wire(population: tuple[FeatureRows, FakeRelease]) -> None:
    stored, release = population
    rows = serialized_rows(stored, release)
    assert [row["customer_id"] for row in rows] == list(stored.customer_ids)
    for row in rows:
        if row["status"] != "unknown_customer":
            assert_coherent(row)


@given(st.dictionaries(IDS, st.one_of(st.none(), knowns()), min_size=1, max_size=5), st.randoms())
def test_a_customers_answer_is_the_same_in_any_batch(
    customers: dict[str, KnownCustomer | None], chance: Random
) -> None:
    customer_ids = [chance.choice(list(customers)) for _ in range(8)]
    alone = {
        customer_id: serialized_rows(feature_rows({customer_id: customers[customer_id]}), FakeRelease())[0]
        for customer_id in customers
    }
    features = FakeFeatureReader(**{customer_id: customer for customer_id, customer in customers.items() if customer})
    assert serialized_rows(features.read(customer_ids), FakeRelease()) == [
        alone[customer_id] for customer_id in customer_ids
    ]


def test_a_customer_without_orders_has_no_rhythm_and_no_lie_about_it() -> None:
    row = serialized_rows(feature_rows({"bob": NO_ORDERS}), FakeRelease())[0]
    assert row["next_purchase"]["overdue_ratio"] is None
    assert row["ltv"]["historic"] == 0.0


def assert_coherent(row: dict[str, Any]) -> None:
    """Check that the three answers of one customer agree."""
    within, predicted = row["next_purchase"]["probability_within"], row["ltv"]["predicted"]
    assert row["churn"]["probability"] + within["90"] == 1.0
    assert list(within.values()) == sorted(within.values())
    dates = [row["next_purchase"][quantile] for quantile in ("p10", "p50", "p90")]
    finite_dates = [date for date in dates if date]
    assert finite_dates == sorted(finite_dates)
    assert dates == finite_dates + [None] * (3 - len(finite_dates))
    assert all(date >= "2026-11-21" for date in finite_dates)
    assert list(row["next_purchase"]["p50_if_within"]) == ["90"]
    conditional = row["next_purchase"]["p50_if_within"]["90"]
    assert (conditional is None) == (within["90"] == 0)
    assert conditional is None or "2026-11-21" <= conditional <= min(dates[1] or "9999", "2027-02-19")
    for days, spending in predicted.items():
        assert spending["p10"] <= spending["median"] <= spending["p90"]
        if days in within:
            assert spending["expected_orders"] >= within[days] - 1e-12
            assert spending["median"] == 0 or within[days] >= 0.5
    means = [spending["mean"] for spending in predicted.values()]
    assert means == sorted(means)
