"""Tiered model: over a whole population its answers never contradict each other, on every tier."""

import json
from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.shops import corner_shop, corner_tiers
from training.fitting.assemble import assemble
from training.inference.forecast import LAST_DAY, TIERS, Forecast
from training.inference.serialization import deserialize_tiered_model, serialize_tiered_model
from training.inference.tiered_model import TieredModel
from training.inference.tiers.trees import TreesTier

MIXED = {"churn": "ml", "next_purchase": "btyd", "ltv": "cohort"}
TIERED_MODELS = (*TIERS, "mixed")


def tiered_model(name: str) -> TieredModel:
    tiers = corner_tiers()
    if name != "mixed":
        return tiers[name].tiered_model
    parts = {model: tiers[tier].tiered_model for model, tier in MIXED.items()}
    return replace(
        parts["ltv"],
        tier_by_model=MIXED,
        tier_by_name={tier: tiers[tier].tiered_model.tier_by_name[tier] for tier in MIXED.values()},
        calibration=parts["churn"].calibration,
    )


def all_customers() -> tuple[Floats, Floats]:
    """Return all known customers, also those without an order, and three without any input."""
    today = corner_shop().population()
    inputs = np.concatenate([today.inputs, np.full((3, today.inputs.shape[1]), np.nan)])
    return inputs, np.nan_to_num(inputs[:, today.names.index("orders")])


def forecast(name: str) -> Forecast:
    return tiered_model(name).forecast(*all_customers())


def test_the_population_has_all_kinds_of_customers() -> None:
    _, orders = all_customers()
    assert {kind: bool((orders == kind).any()) for kind in (0, 1, 2)} == {0: True, 1: True, 2: True}


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_no_answer_is_missing(name: str) -> None:
    answers = forecast(name)
    assert answers.spend is not None
    for table in (answers.order_by, answers.expected_orders, *vars(answers.spend).values()):
        assert np.isfinite(table).all()
        assert (table >= 0).all()


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_p_order_is_a_probability_that_never_falls_with_time(name: str) -> None:
    answers = forecast(name)
    assert (answers.days[0], answers.days[-1]) == (0.0, LAST_DAY)
    assert (answers.order_by[:, 0] == 0).all()
    assert (np.diff(answers.order_by, axis=1) >= 0).all()
    assert (answers.order_by <= 1).all()


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_orders_are_expected_at_least_as_often_as_one_is_likely(name: str) -> None:
    answers = forecast(name)
    within = answers.order_probabilities(answers.horizons)
    assert (answers.expected_orders >= within - 1e-12).all()
    assert (np.diff(answers.expected_orders, axis=1) >= 0).all()


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_no_amount_falls_with_the_horizon_and_the_median_lies_in_the_interval(name: str) -> None:
    spend = forecast(name).spend
    assert spend is not None
    for amounts in vars(spend).values():
        assert (np.diff(amounts, axis=1) >= 0).all()
    assert (spend.p10 <= spend.median).all()
    assert (spend.median <= spend.p90).all()


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_the_median_spend_is_0_where_an_order_is_unlikely(name: str) -> None:
    answers = forecast(name)
    assert answers.spend is not None
    within = answers.order_probabilities(answers.horizons)
    assert (answers.spend.median[within < 0.5] == 0).all()


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_an_interval_beyond_what_was_learned_has_a_width(name: str) -> None:
    answers = forecast(name)
    assert answers.spend is not None
    wide = answers.spend.p90 - answers.spend.p10
    assert (wide[:, 2] > 0)[answers.order_probability(365) > 0.2].all()


@pytest.mark.parametrize("name", ["ml", "mixed"])
def test_churn_is_the_calibrated_probability_to_the_last_bit(name: str) -> None:
    model, (inputs, orders) = tiered_model(name), all_customers()
    trees, buyers = model.tier_by_name["ml"], orders >= 1
    assert isinstance(trees, TreesTier)
    calibrated = model.calibration(trees.churn_probability(inputs))
    churn = 1 - model.forecast(inputs, orders).order_probability(model.layout.churn_days)
    assert churn[buyers] == pytest.approx(calibrated[buyers], abs=1e-12)


def test_customers_without_an_order_are_answered_as_prospects() -> None:
    inputs, orders = all_customers()
    for name in TIERED_MODELS:
        model = tiered_model(name)
        answers = model.forecast(inputs, orders)
        new = orders < 1
        assert answers.order_by[new] == pytest.approx(model.prospects.order_by(inputs[new], answers.days))
        assert set(answers.tier[new].tolist()) == {TIERS.index("population")}


def test_the_named_tier_is_the_lowest_that_any_answer_uses() -> None:
    _, orders = all_customers()
    for name in (*TIERS, "mixed"):
        named = {TIERS[tier] for tier in forecast(name).tier[orders >= 1]}
        assert named == {"cohort" if name == "mixed" else name}


def test_a_customers_answer_does_not_depend_on_who_else_is_asked_about() -> None:
    inputs, orders = all_customers()
    for name in TIERED_MODELS:
        together, alone = forecast(name), tiered_model(name).forecast(inputs[40:41], orders[40:41])
        assert alone.order_by[0].tolist() == together.order_by[40].tolist()
        assert alone.expected_orders[0].tolist() == together.expected_orders[40].tolist()


def test_nobody_asked_about_is_nobody_answered() -> None:
    inputs, orders = all_customers()
    for name in TIERED_MODELS:
        assert len(tiered_model(name).forecast(inputs[:0], orders[:0])) == 0


@pytest.mark.parametrize("name", TIERED_MODELS)
def test_a_tiered_model_comes_back_from_json_to_the_last_bit(name: str) -> None:
    model, tiers = tiered_model(name), corner_tiers()
    files = [files for name, files in tiers["ml"].artifacts.items() if model.tier_by_model[name] == "ml"]
    payload = json.loads(json.dumps(serialize_tiered_model(model, corner_shop().data.names)))
    back = deserialize_tiered_model(payload, {name: text for artefact in files for name, text in artefact.items()})
    before, after = model.forecast(*all_customers()), back.forecast(*all_customers())
    assert np.array_equal(before.order_by, after.order_by)
    assert np.array_equal(before.expected_orders, after.expected_orders)
    assert before.spend is not None
    assert after.spend is not None
    for amount, restored in zip(vars(before.spend).values(), vars(after.spend).values(), strict=True):
        assert np.array_equal(amount, restored)


def test_a_release_is_assembled_from_the_tier_of_each_model() -> None:
    shop = corner_shop()
    assembled = assemble(
        shop.rows(shop.now), shop.plan, {"churn": "cohort", "next_purchase": "btyd", "ltv": "population"}
    )
    assert set(assembled.tiered_model.tier_by_name) == {"cohort", "btyd", "population"}
    assert {name: sorted(files) for name, files in assembled.files.items()} == {
        "churn": ["cohort.json"],
        "next_purchase": ["btyd.json"],
        "ltv": ["population.json"],
    }
    assert assembled.names == shop.data.names
    assert json.loads(json.dumps(assembled.tiered_model_json()))["tier_by_model"]["ltv"] == "population"
