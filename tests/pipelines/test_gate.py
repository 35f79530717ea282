"""Gate: what the newest test origin refutes is reported and not promoted, and nobody is left without an answer."""

from __future__ import annotations

import numpy as np
import pytest

from tests.pipelines import shops, situations
from tests.pipelines.command import CommandResult, Flywheel
from tests.pipelines.conftest import ShopOf, ShopSnapshot
from tests.pipelines.service import request_predictions, service_of

pytestmark = pytest.mark.slow

TODAY = shops.day(situations.TODAY)
HORIZONS = {"churn_days": "60", "ltv_days": "[60]"}
QUESTIONS = ("churn", "ltv", "next_purchase")
REFUTED = "Refuted by the newest test origin: churn: at 2024-09-04 it predicted "
STAND_IN = "Until a release stands the test, the best ranking on the level of the last window answers."
GATE_REJECTED = 3


@pytest.fixture(scope="module")
def refuted_run(shop_of: ShopOf) -> tuple[Flywheel, CommandResult]:
    """A shop whose customers began to reorder only after the newest test origin, and its first run."""
    flywheel = shop_of(situations.repeat_begins_late(), **HORIZONS)
    return flywheel, flywheel("run", "--as-of", TODAY, "--json")


def test_a_run_that_its_newest_origin_refutes_ends_with_a_status_of_its_own_and_the_reason(
    refuted_run: tuple[Flywheel, CommandResult],
) -> None:
    flywheel, result = refuted_run
    assert result.status == GATE_REJECTED, result.err
    assert any(sentence.startswith("churn: at 2024-09-04") for sentence in result.summary["gate"]["refutations"])
    assert result.summary["gate"] == flywheel.release["gate"]
    assert result.summary["warnings"][0].startswith(REFUTED)
    assert STAND_IN in result.summary["warnings"]
    shown = flywheel("run", "--as-of", TODAY)
    assert shown.status == GATE_REJECTED
    for sentence in result.summary["warnings"]:
        assert sentence in shown.out


def test_where_nothing_else_can_answer_the_level_of_the_last_window_does(
    refuted_run: tuple[Flywheel, CommandResult],
) -> None:
    flywheel, result = refuted_run
    scores = flywheel.scores
    assert (result.summary["release"], result.summary["refused"]) == ("1", "")
    assert set(scores["model_tier"].to_pylist()) == {"last_window"}
    assert set(scores["status"].to_pylist()) == {"scored"}
    probability = scores["purchase_probability_60d"].to_numpy()
    came = situations.buyers_between(situations.repeat_begins_late(), situations.TODAY, situations.END)
    actual = len(came & set(scores["customer_id"].to_pylist()))
    assert (probability > 0).all()
    assert actual / 2 <= probability.sum() <= actual * 2
    assert (scores["expected_orders_60d"].to_numpy() >= probability).all()


def test_a_refuted_release_does_not_take_the_place_of_an_average(grown_shop_snapshot: ShopSnapshot) -> None:
    flywheel = grown_shop_snapshot.restore()
    assert set(flywheel.release["tiered_model"]["tier_by_model"].values()) == {"average"}
    shops.write_shop(flywheel.folder, situations.deserted_from(shops.simulate_log(120, 200), 118))
    result = flywheel("run", "--as-of", shops.day(180), "--json")
    assert result.status == GATE_REJECTED, result.err
    assert (result.summary["trained"], result.summary["release"], flywheel.home.champion()) == ("2", "1", "1")
    assert "The gate rejects release 2: churn: at " in result.summary["refused"]
    assert STAND_IN not in result.summary["warnings"]
    assert set(flywheel.scores["release"].to_pylist()) == {"1"}
    assert [promotion["version"] for promotion in flywheel.promotions] == ["1"]


def test_a_shop_that_all_but_one_have_left_is_refuted_and_answered_on_the_level_of_the_last_window(
    shop_of: ShopOf,
) -> None:
    flywheel = shop_of(situations.deserted_from(shops.simulate_log(120, 200), 118))
    result = flywheel("run", "--as-of", shops.day(180), "--json")
    assert result.status == GATE_REJECTED, result.err
    assert set(flywheel.release["tiered_model"]["tier_by_model"].values()) == {"last_window"}
    assert np.isfinite(flywheel.scores["churn_probability"].to_numpy()).all()


def test_a_first_release_with_wrong_totals_serves_only_by_force(shop_of: ShopOf) -> None:
    flywheel = shop_of(situations.deserted_from(shops.simulate_log(40, 200), 118))
    result = flywheel("run", "--as-of", shops.day(180), "--json")
    assert result.status == GATE_REJECTED, result.err
    assert (flywheel.home.champion(), result.summary["release"], result.summary["scores"]) == (None, "", None)
    assert result.summary["refused"].startswith("The gate rejects release 1: churn: at 2024-")
    assert "No release is serving." in result.summary["refused"]
    assert flywheel("promote", "--force", "--why", "the shop closed").status == 0
    assert set(flywheel.release["tiered_model"]["tier_by_model"].values()) == {"population"}


@pytest.fixture(scope="module")
def shop_without_signal(shop_of: ShopOf) -> tuple[Flywheel, CommandResult]:
    flywheel = shop_of(situations.without_signal(), **HORIZONS)
    return flywheel, flywheel("run", "--as-of", TODAY, "--json")


def test_a_log_that_tells_nobody_apart_is_scored_and_says_so(
    shop_without_signal: tuple[Flywheel, CommandResult],
) -> None:
    flywheel, result = shop_without_signal
    assert result.status == 0, result.err
    assert (result.summary["gate"]["refutations"], sorted(result.summary["gate"]["no_signal"])) == ([], [*QUESTIONS])
    assert [sentence.partition(" ranks nobody: ")[0] for sentence in result.summary["warnings"]] == [*QUESTIONS]
    assert set(flywheel.scores["status"].to_pylist()) == {"scored"}
    for name in QUESTIONS:
        assert set(flywheel.scores[f"{name}_status"].to_pylist()) == {"no_signal"}, name
        assert set(flywheel.scores[f"{name}_tier"].to_pylist()) == {"average"}, name


def test_the_service_says_no_signal_in_each_answer(shop_without_signal: tuple[Flywheel, CommandResult]) -> None:
    flywheel, _ = shop_without_signal
    with service_of(flywheel.home, TODAY) as client:
        answers = request_predictions(client, flywheel.scores["customer_id"].to_pylist()[:5])
    for answer in answers:
        assert answer["status"] == "scored"
        assert {answer[name]["status"] for name in QUESTIONS} == {"no_signal"}
