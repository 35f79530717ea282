"""Quality gate: a tier answers if it is calibrated and not worse than simpler tiers; the last always answers."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from features.arrays import Floats
from tests.training.by_hand import outcomes_of, rows_of, steady_forecast
from tests.training.shops import day
from training.dataset.plan import HorizonPlan
from training.evaluation.backtest import Backtest
from training.evaluation.quality_gate import GateDecision, evaluate_gate, regressions
from training.inference.forecast import TIERS
from training.models import MODELS

PLAN = HorizonPlan(churn_days=60, horizons=(30, 60), learned=(30, 60), has_amounts=True)
CHURN, LTV = MODELS["churn"], MODELS["ltv"]


def backtest(seed: int, customers: int = 400, *, shift: float = 1.0, **blur: float) -> Backtest:
    """Rungs that know each customer's pace but for a blur; all of them off by the same factor."""
    rng = np.random.default_rng(seed)
    pace = rng.lognormal(-4.2, 1.0, customers)
    wait = rng.exponential(1 / pace)
    test = rows_of(outcomes_of(np.where(wait < 90, wait, math.inf), np.full(customers, 90.0)))

    def with_noise(by: float) -> Floats:
        known: Floats = pace * np.exp(by * rng.normal(size=customers) - 0.15 * by) * shift
        return known

    forecasts = {tier: steady_forecast(with_noise(by)) for tier, by in blur.items()}
    return Backtest(day(200), PLAN, test, forecasts, {})


def decide(tests: Sequence[Backtest], tiers: Sequence[str], champion: str | None = None) -> list[GateDecision]:
    return evaluate_gate(tests, CHURN, tiers, champion)


def test_a_new_recipe_that_is_surely_better_passes() -> None:
    (verdict,) = decide([backtest(0, ml=0.05, cohort=1.2)], ("ml", "cohort"))
    assert verdict.passed
    assert 0 < verdict.low < verdict.gain < verdict.high
    assert verdict.reason == "better than cohort, and calibrated (95 % interval)"


@pytest.mark.slow
def test_a_new_recipe_that_is_only_as_good_passes_once_in_forty_times() -> None:
    passed = [decide([backtest(seed, 200, ml=0.4, cohort=0.4)], ("ml", "cohort"))[0].passed for seed in range(300)]
    assert 0.005 <= np.mean(passed) <= 0.05


def test_a_new_recipe_that_is_not_surely_better_gives_way() -> None:
    first, second = decide([backtest(1, ml=0.4, cohort=0.4)], ("ml", "cohort"))
    assert (first.passed, first.reason) == (False, "not surely better than cohort, and calibrated (95 % interval)")
    assert (second.tier, second.passed) == ("cohort", True)


def test_the_same_recipe_on_newer_data_need_only_be_no_worse() -> None:
    passed = [decide([backtest(s, 300, ml=0.4, cohort=0.4)], ("ml", "cohort"), "ml")[0].passed for s in range(40)]
    assert np.mean(passed) >= 0.9


def test_the_same_recipe_that_has_become_worse_gives_way() -> None:
    one = backtest(0, 2_000, cohort=0.05)
    stayed = 1 - one.rows.outcomes.ordered_within(60).mean()
    everybody_alike = steady_forecast(np.full(2_000, -math.log(stayed) / 60))
    first, second = decide([replace(one, forecasts={"ml": everybody_alike, **one.forecasts})], ("ml", "cohort"), "ml")
    assert (first.passed, first.high < 0, second.tier) == (False, True, "cohort")
    assert first.reason == "calibrated, and worse than cohort (95 % interval)"


def test_the_tiers_below_the_trees_need_only_be_no_worse() -> None:
    (verdict,) = decide([backtest(1, btyd=0.4, cohort=0.4, population=0.4)], ("btyd", "cohort", "population"))
    assert verdict.passed
    assert verdict.reason.startswith("calibrated, and no worse than")


def test_a_tier_is_compared_with_every_simpler_one() -> None:
    first = decide([backtest(0, 2_000, ml=0.6, btyd=1.4, cohort=0.05)], ("ml", "btyd", "cohort"))[0]
    assert (first.passed, first.against) == (False, "cohort")


@pytest.mark.parametrize("champion", [None, "ml"])
@pytest.mark.parametrize("shift", [0.25, 2.5])
def test_a_tier_that_does_not_mean_what_it_says_never_passes(champion: str | None, shift: float) -> None:
    one = backtest(0, 2_000, shift=shift, ml=0.05, cohort=1.2)
    first, last = decide([one], ("ml", "cohort"), champion)
    assert first.low > 0
    assert not first.passed
    assert first.reason == f"not calibrated: ece is {first.calibration:.3f}, at most 0.060 is allowed"
    assert last.passed


def test_what_cannot_be_measured_is_not_calibrated() -> None:
    without_orders = rows_of(outcomes_of([math.inf] * 100, [90.0] * 100))
    one = Backtest(
        day(200),
        PLAN,
        without_orders,
        {"ml": steady_forecast([1e-6] * 100), "cohort": steady_forecast([0.1] * 100)},
        {},
    )
    first = evaluate_gate([one], LTV, ("ml", "cohort"), None)[0]
    assert first.low > 0
    assert (first.passed, first.reason) == (False, "not calibrated: bias is nan, at most 0.350 is allowed")


def test_without_amounts_the_count_of_orders_must_be_right() -> None:
    one = backtest(0, 2_000, shift=3.0, ml=0.05, cohort=1.2)
    without = {tier: replace(forecast, spend=None) for tier, forecast in one.forecasts.items()}
    plan = replace(PLAN, has_amounts=False)
    first = evaluate_gate([replace(one, plan=plan, forecasts=without)], LTV, ("ml", "cohort"), None)[0]
    assert not first.passed
    assert first.reason.startswith("not calibrated: bias is")


def test_a_small_shop_is_allowed_the_noise_of_its_size() -> None:
    few, many = (
        decide([backtest(3, size, shift=1.35, ml=0.05, cohort=1.5)], ("ml", "cohort"))[0] for size in (40, 5_000)
    )
    assert few.calibration > 0.06
    assert not few.reason.startswith("not calibrated")
    assert many.reason.startswith("not calibrated")


def test_the_last_tier_always_answers_tested_or_not() -> None:
    for tests in ([], [backtest(0, shift=9.0, population=2.0)]):
        (verdict,) = decide(tests, ("population",))
        assert (verdict.passed, verdict.reason) == (True, "the last tier: there is always an answer")


def test_where_nothing_could_be_tested_the_last_tier_answers() -> None:
    decisions = decide([], ("ml", "btyd", "cohort", "population"))
    assert [verdict.passed for verdict in decisions] == [False, False, False, True]
    assert decisions[0].reason == "no window after an origin is over yet, so nothing could be tested"


def test_no_lower_tier_is_judged_once_one_has_passed() -> None:
    assert len(decide([backtest(0, ml=0.05, cohort=1.2, population=1.5)], ("ml", "cohort", "population"))) == 1


def test_the_same_customers_again_make_no_surer() -> None:
    one = backtest(0, ml=0.3, cohort=0.6)
    once, thrice = (decide(tests, ("ml", "cohort"))[0] for tests in ([one], [one, one, one]))
    assert (thrice.gain, thrice.low, thrice.high) == pytest.approx((once.gain, once.low, once.high))


def test_more_customers_make_surer() -> None:
    few, many = (decide([backtest(0, size, ml=0.3, cohort=0.8)], ("ml", "cohort"))[0] for size in (200, 5_000))
    assert many.high - many.low < 0.5 * (few.high - few.low)


def test_a_release_falls_where_it_answers_from_a_lower_tier_than_the_champion() -> None:
    champion = {"churn": "ml", "next_purchase": "btyd", "ltv": "cohort"}
    assert regressions({"churn": "btyd", "next_purchase": "btyd", "ltv": "ml"}, champion) == ["churn"]
    assert regressions(dict.fromkeys(champion, "population"), champion) == ["churn", "next_purchase", "ltv"]
    assert regressions(dict.fromkeys(champion, "population"), {}) == []


@pytest.mark.parametrize("model", MODELS)
def test_every_question_can_be_judged_on_every_tier(model: str) -> None:
    tests = [backtest(seed, ml=0.3, btyd=0.3, cohort=0.3, population=0.3) for seed in range(3)]
    assert evaluate_gate(tests, MODELS[model], TIERS, None)[-1].passed
