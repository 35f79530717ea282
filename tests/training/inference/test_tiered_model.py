"""Tiered model: over a whole population its answers never contradict each other, on every tier."""

import json

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.shops import FITTED_TIERS, corner_shop, corner_tiers, small_ensembles
from training.fitting.assemble import assemble
from training.fitting.fit import NO_EVIDENCE
from training.inference.average.average_tier import AverageTier
from training.inference.forecast import LAST_DAY, TIERS, Forecast
from training.inference.log_odds import sigmoid
from training.inference.serialization import deserialize_tiered_model, serialize_tiered_model
from training.inference.tiered_model import TieredModel
from training.models import LOADERS, MODELS

pytestmark = pytest.mark.slow


def tiered_model(name: str) -> TieredModel:
    return corner_tiers()[name].tiered_model


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


@pytest.mark.parametrize("name", FITTED_TIERS)
def test_no_answer_is_missing(name: str) -> None:
    answers = forecast(name)
    assert answers.spend is not None
    for table in (answers.order_by, answers.expected_orders, *vars(answers.spend).values()):
        assert np.isfinite(table).all()
        assert (table >= 0).all()


@pytest.mark.parametrize("name", FITTED_TIERS)
def test_p_order_is_a_probability_that_never_falls_with_time(name: str) -> None:
    answers = forecast(name)
    assert (answers.days[0], answers.days[-1]) == (0.0, LAST_DAY)
    assert (answers.order_by[:, 0] == 0).all()
    assert (np.diff(answers.order_by, axis=1) >= 0).all()
    assert (answers.order_by <= 1).all()


@pytest.mark.parametrize("name", FITTED_TIERS)
def test_orders_are_expected_at_least_as_often_as_one_is_likely(name: str) -> None:
    answers = forecast(name)
    within = answers.order_probabilities(answers.horizons)
    assert (answers.expected_orders >= within - 1e-12).all()
    assert (np.diff(answers.expected_orders, axis=1) >= 0).all()


@pytest.mark.parametrize("name", FITTED_TIERS)
def test_no_amount_falls_with_the_horizon_and_the_median_lies_in_the_interval(name: str) -> None:
    spend = forecast(name).spend
    assert spend is not None
    for amounts in vars(spend).values():
        assert (np.diff(amounts, axis=1) >= 0).all()
    assert (spend.p10 <= spend.median).all()
    assert (spend.median <= spend.p90).all()


@pytest.mark.parametrize("name", FITTED_TIERS)
def test_the_median_spend_is_0_where_an_order_is_unlikely(name: str) -> None:
    answers = forecast(name)
    assert answers.spend is not None
    within = answers.order_probabilities(answers.horizons)
    assert (answers.spend.median[within < 0.5] == 0).all()


@pytest.mark.parametrize("name", FITTED_TIERS)
def test_an_interval_beyond_what_was_learned_has_a_width(name: str) -> None:
    answers = forecast(name)
    assert answers.spend is not None
    wide = answers.spend.p90 - answers.spend.p10
    assert (wide[:, 2] > 0)[answers.order_probability(365) > 0.2].all()


def test_churn_is_that_of_the_averaged_question() -> None:
    model, (inputs, orders) = tiered_model("average"), all_customers()
    buyers = orders >= 1
    assert isinstance(model.tier, AverageTier)
    question = model.tier.questions(inputs[buyers])[model.tier.position(model.layout.churn_days)]
    churn = 1 - model.forecast(inputs, orders).order_probability(model.layout.churn_days)[buyers]
    assert churn == pytest.approx(1 - sigmoid(model.tier.churn.scores(question)), abs=1e-6)


def test_no_horizon_is_alike_for_all_and_all_rank_customers_alike() -> None:
    answers, (_, orders) = forecast("average"), all_customers()
    by_day = answers.order_probabilities((7, 30, 60, 365))[orders >= 1]
    assert (by_day.std(axis=0) > 0.01).all()
    ranks = by_day.round(9).argsort(axis=0).argsort(axis=0)
    assert np.corrcoef(ranks.T).min() > 0.5


def test_customers_without_an_order_are_answered_as_prospects() -> None:
    inputs, orders = all_customers()
    for name in FITTED_TIERS:
        model = tiered_model(name)
        answers = model.forecast(inputs, orders)
        new = orders < 1
        assert answers.order_by[new] == pytest.approx(model.prospects.answer(inputs[new], answers.days).order_by)
        assert set(answers.tier[new].tolist()) == {TIERS.index("population")}


def test_the_named_tier_is_the_one_that_answers() -> None:
    _, orders = all_customers()
    for name in FITTED_TIERS:
        assert {TIERS[tier] for tier in forecast(name).tier[orders >= 1]} == {name}
        assert tiered_model(name).tier_by_model == dict.fromkeys(("churn", "next_purchase", "ltv"), name)


def test_a_customers_answer_does_not_depend_on_who_else_is_asked_about() -> None:
    inputs, orders = all_customers()
    for name in FITTED_TIERS:
        together, alone = forecast(name), tiered_model(name).forecast(inputs[40:41], orders[40:41])
        assert alone.order_by[0].tolist() == together.order_by[40].tolist()
        assert alone.expected_orders[0].tolist() == together.expected_orders[40].tolist()


def test_nobody_asked_about_is_nobody_answered() -> None:
    inputs, orders = all_customers()
    for name in FITTED_TIERS:
        assert len(tiered_model(name).forecast(inputs[:0], orders[:0])) == 0


@pytest.mark.parametrize("name", FITTED_TIERS)
def test_a_tiered_model_comes_back_from_json_to_the_last_bit(name: str) -> None:
    model, files = tiered_model(name), corner_tiers()[name].files
    payload = json.loads(json.dumps(serialize_tiered_model(model, corner_shop().data.names)))
    texts = {file: text for artifact in files.values() for file, text in artifact.items()}
    back = deserialize_tiered_model(payload, texts, LOADERS)
    before, after = model.forecast(*all_customers()), back.forecast(*all_customers())
    assert np.array_equal(before.order_by, after.order_by)
    assert np.array_equal(before.expected_orders, after.expected_orders)
    assert before.spend is not None
    assert after.spend is not None
    for amount, restored in zip(vars(before.spend).values(), vars(after.spend).values(), strict=True):
        assert np.array_equal(amount, restored)


def test_a_member_without_a_page_is_named() -> None:
    payload = serialize_tiered_model(tiered_model("average"), corner_shop().data.names)
    texts = {file: text for files in corner_tiers()["average"].files.values() for file, text in files.items()}
    loaders = {name: load for name, load in LOADERS.items() if name != "btyd"}
    with pytest.raises(ValueError, match=r"^it averages btyd, of which training/members/ has no page$"):
        deserialize_tiered_model(payload, texts, loaders)


@pytest.mark.parametrize("tier", ["last_window", "btyd"])
def test_a_release_is_assembled_from_the_tier_that_answers(tier: str) -> None:
    shop = corner_shop()
    with small_ensembles(5):
        assembled = assemble(shop.rows(shop.now), shop.plan, shop.now.day_number, tier, NO_EVIDENCE)
    assert assembled.tiered_model.tier_name == tier
    assert set(assembled.tiered_model.tier_by_model.values()) == {tier}
    assert {name: f"{tier}.json" in assembled.model_files(name) for name in MODELS} == dict.fromkeys(MODELS, True)
    assert assembled.names == shop.data.names
    assert json.loads(json.dumps(assembled.tiered_model_json()))["tier_by_model"]["ltv"] == tier
    answers = assembled.tiered_model.forecast(*all_customers())
    assert np.isfinite(answers.order_by).all()
    assert answers.spend is not None
    assert np.isfinite(answers.spend.p90).all()
