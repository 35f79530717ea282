"""Effect of attending: released where the gate is open, else refused with one reason and no number beside."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.training.attendance.simulated_shop import class_panel, simulated_shop
from training.attendance.effect import (
    AttendanceEffect,
    AttendanceResult,
    attendance_effect,
    not_mature,
)
from training.attendance.estimators.panel_estimators import ESTIMATORS, FittedPanel
from training.attendance.estimators.pseudo_attendees import PseudoEffect, draw_pseudo_attendees, pseudo_effects
from training.attendance.panel.panel import AttendancePanel
from training.estimate import Estimate
from training.experiments.refusal import Refusal

RUNS = 10


def panel_of(reason: str, seed: int, effect: float = 0.0) -> AttendancePanel:
    rng = np.random.default_rng(seed)
    shop = simulated_shop(rng)
    return class_panel(shop, shop.attendees(reason, rng), effect)


@cache
def results(reason: str) -> list[AttendanceResult]:
    return [attendance_effect(panel_of(reason, seed)) for seed in range(RUNS)]


def passing_share(reason: str, estimator: str) -> float:
    rows = [row for result in results(reason) for row in result.diagnostics if row.estimator == estimator]
    assert len(rows) == RUNS
    return sum(row.passes for row in rows) / RUNS


@pytest.mark.parametrize("estimator", ["difference_in_differences", "difference_after"])
def test_comparisons_without_matching_fail_for_pseudo_attendees_where_the_loyal_and_active_attend(
    estimator: str,
) -> None:
    assert passing_share("loyal and active", estimator) <= 0.2


@pytest.mark.parametrize("reason", ["random", "loyal", "loyal and active"])
def test_the_matched_estimate_passes_for_most_shops(reason: str) -> None:
    assert passing_share(reason, "matched") >= 0.8
    assert passing_share(reason, "doubly_robust") >= 0.8


def test_an_effect_is_stated_with_both_estimates_and_how_strong_a_hidden_cause_would_have_to_be() -> None:
    panel = panel_of("loyal", 0, effect=0.5)
    answer = attendance_effect(panel).answer
    assert isinstance(answer, AttendanceEffect)
    assert [*answer.estimates] == ["matched", "doubly_robust"]
    assert answer.primary_estimate.low > 0
    sensitivity = answer.sensitivity
    assert 0 < sensitivity.robustness_value_interval < sensitivity.robustness_value < 1
    assert 0 < sensitivity.recorded_attending < 1
    assert 0 < sensitivity.recorded_outcome < 1


def test_the_same_question_has_the_same_answer() -> None:
    assert attendance_effect(panel_of("loyal", 0)) == attendance_effect(panel_of("loyal", 0))


def test_as_many_never_attenders_as_attendees_are_pseudo_attendees_and_resemble_them() -> None:
    panel = panel_of("loyal and active", 1)
    fitted = FittedPanel(panel)
    pseudo = draw_pseudo_attendees(fitted, np.random.default_rng(0))
    assert pseudo.attendees == min(panel.attendees, int(0.25 * (~panel.attended).sum()))
    assert not set(pseudo.customer) & set(panel.customer[panel.attended])
    others = pseudo.before[~pseudo.attended].mean()
    assert pseudo.before[pseudo.attended].mean() > 1.5 * others
    assert np.array_equal(np.sort(pseudo.customer), np.sort(panel.customer[~panel.attended]))


def test_a_pseudo_effect_beyond_one_standard_error_does_not_pass() -> None:
    assert PseudoEffect(-1.0, 0.1).is_zero_for(Estimate(9.0, 1.0))
    assert not PseudoEffect(-1.01, 0.1).is_zero_for(Estimate(9.0, 1.0))


def test_what_happens_to_everybody_like_the_attendees_is_refused() -> None:
    panel = panel_of("loyal and active", 2)
    # A promotion for those who buy often and lately: who attends resembles them, and matching within noise does not.
    drift = np.where(panel.before[:, -1] > 0, 60.0 * (np.arange(len(panel)) % 3 == 0), 0.0) + panel.before[:, -1] ** 2
    result = attendance_effect(replace(panel, after=panel.after + drift))
    assert isinstance(result.answer, Refusal)
    assert (result.answer.reason, result.answer.status) == ("pseudo_effect", "not_identified")
    assert "on pseudo-attendees, who did not attend; expected at most one standard error" in result.answer.detail
    assert [row.estimator for row in result.diagnostics] == [*ESTIMATORS]


def test_estimates_whose_intervals_do_not_overlap_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ESTIMATORS, "doubly_robust", lambda _: Estimate(500.0, 1.0))
    answer = attendance_effect(panel_of("random", 0)).answer
    assert answer == Refusal(
        "estimators_disagree",
        "Found intervals of the matched and the doubly robust estimate that do not overlap; expected them to share a "
        "value. The answer would depend on the method: invite at random instead.",
    )


def test_fewer_than_a_hundred_attendees_are_too_few() -> None:
    panel = panel_of("random", 0)
    rows = np.concatenate([np.flatnonzero(panel.attended)[:99], np.flatnonzero(~panel.attended)])
    answer = attendance_effect(panel.select(rows)).answer
    assert isinstance(answer, Refusal)
    assert (answer.reason, answer.status) == ("too_few", "not_yet")
    assert answer.detail.startswith("Found 99 attendees who had ordered before; ")


def test_attendees_who_never_order_are_too_few() -> None:
    panel = panel_of("random", 0)
    answer = attendance_effect(replace(panel, converted=np.zeros(len(panel), bool))).answer
    assert isinstance(answer, Refusal)
    assert "; 0 of them ordered in their window; expected at least 100 and 40" in answer.detail


def test_attendees_like_nobody_else_are_not_comparable() -> None:
    panel = panel_of("random", 0)
    apart = np.where(panel.attended[:, None], panel.covariates + 50, panel.covariates)
    answer = attendance_effect(replace(panel, covariates=apart)).answer
    assert answer == Refusal(
        "no_comparable_customers",
        "Found nobody like 100% of the attendees among those who never attended; expected at most 10%. Invite at "
        "random instead.",
    )


def test_a_shop_where_nearly_everybody_attends_has_nobody_to_compare_with() -> None:
    panel = panel_of("random", 0)
    rows = np.concatenate([np.flatnonzero(panel.attended), np.flatnonzero(~panel.attended)[:99]])
    answer = attendance_effect(panel.select(rows)).answer
    assert isinstance(answer, Refusal)
    assert answer.detail.startswith("Found 99 customers who ordered before and never attended; expected at least 100.")


def test_windows_that_are_not_over_say_when_enough_of_them_are() -> None:
    refusal = not_mature(list(range(20_000, 20_150)), 84, 12)
    assert (refusal.reason, refusal.status) == ("not_mature", "not_yet")
    assert refusal.detail == (
        "Found 12 attendees whose 84 days are over; expected at least 100. Ask again when the log reaches 2025-04-05."
    )


def test_before_and_after_fails_where_the_season_lifts_everybody() -> None:
    passes = []
    for seed in range(RUNS):
        panel = panel_of("loyal", seed)
        fitted = FittedPanel(replace(panel, after=panel.after * 1.3))
        estimate, pseudo = ESTIMATORS["before_and_after"](fitted), pseudo_effects(fitted)["before_and_after"]
        passes.append(pseudo.is_zero_for(estimate))
    assert np.mean(passes) <= 0.2


def test_pseudo_attendees_have_no_effect_where_attending_has_one() -> None:
    plain, planted = (pseudo_effects(FittedPanel(panel_of("random", 3, effect))) for effect in (0.0, 0.5))
    assert planted["matched"].value == pytest.approx(plain["matched"].value, abs=0.05)
