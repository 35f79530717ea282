"""What a reviewer finds of the rules in MLflow, whatever they are called."""

from __future__ import annotations

from datetime import date

import numpy as np
from matplotlib.figure import Figure

from tests.training.by_hand import outcomes_of, rows_of, steady_forecast
from training.dataset.plan import HorizonPlan
from training.evaluation.backtest import Backtest
from training.evaluation.churn_rules import Difference, RuleResult
from training.reporting.churn_rule_report import rule_figure, rule_rows, rule_table

ORIGIN = date(2026, 3, 1)


def rule_result(rule: str, origin: date | None = ORIGIN, precision: float = 0.25) -> RuleResult:
    return RuleResult(
        rule=rule, origin=origin, horizon_days=28, customers=100, churned=20, flagged=40, share=0.4,
        precision=precision, recall=0.5, f1=1 / 3, tier="btyd", model_precision=0.3, model_recall=0.6,
        precision_gain=Difference(0.05, -0.01, 0.11), recall_gain=Difference(0.1, -0.02, 0.22),
    )  # fmt: skip


def test_the_table_has_a_row_per_rule_and_origin_and_one_for_all_of_them() -> None:
    table = rule_table([rule_result("a"), rule_result("a", None)])
    assert table["origin"] == [ORIGIN, "all"]
    assert table["precision_gain_low"] == [-0.01, -0.01]
    assert table["tier"] == ["btyd", "btyd"]
    assert {len(column) for column in table.values()} == {2}
    assert rule_table([]) == {}


def test_a_row_says_everything_flat() -> None:
    (row,) = rule_rows([rule_result("a", None)])
    assert row["origin"] is None
    assert (row["recall_gain"], row["recall_gain_low"], row["recall_gain_high"]) == (0.1, -0.02, 0.22)


def test_the_rules_are_drawn_beside_the_model() -> None:
    rows = rows_of(outcomes_of([3.0, float("inf")] * 30, [90.0] * 60))
    plan = HorizonPlan(churn_days=60, horizons=(60,), learned=(60,), has_amounts=True)
    test = Backtest(ORIGIN, plan, rows, {"average": steady_forecast([0.1, 0.01] * 30)}, {})
    by_rule = {"half": np.array([1.0, 0.0] * 30), "nobody": np.zeros(60), "the right ones": np.array([0.0, 1.0] * 30)}
    figure = rule_figure(test, "average", by_rule)
    assert isinstance(figure, Figure)
    headline = figure.get_suptitle().replace("\n", " ")
    assert headline == 'The best rule, "the right ones", is right in 100%; the model with as many flagged in 100%'
