"""Judging of a simulated log: hand-made scores get the figures that they deserve."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.random import Generator

from benchmarks.simulation.bars import SIMULATED_BARS, evaluate_bars, general_bars
from benchmarks.simulation.judging import Judgement, judge_log
from benchmarks.simulation.log_result import LogResult
from benchmarks.simulation.report import render_block
from benchmarks.simulation.section import TITLE, render_section
from benchmarks.simulation.situation import Situation
from benchmarks.simulation.situations import SITUATIONS

pytestmark = pytest.mark.slow
CUSTOMERS, CUT, HORIZON = 60, 200, 30


def draw(rng: Generator) -> pd.DataFrame:
    """A third of the customers order every four weeks, each for 10, the others at most three times long ago."""
    regular = np.arange(CUSTOMERS) % 3 == 0
    orders = [
        (number, day, 10.0)
        for number in range(CUSTOMERS)
        for day in (
            np.arange(number % 28, CUT + HORIZON, 28) if regular[number] else rng.uniform(0, 90, 1 + number % 3)
        )
    ]
    return pd.DataFrame(orders, columns=["customer", "day", "amount"])


SITUATION = Situation(name="clocks", cut_day=CUT, horizon=HORIZON, meaning="Hand-made.", draw=draw)
LINES = SITUATION.lines()
IS_REGULAR = np.arange(CUSTOMERS) % 3 == 0


def scores(regular: float, others: float) -> pd.DataFrame:
    """A scores table that is coherent, with one order of 10 for everybody who comes."""
    probability = np.where(IS_REGULAR, regular, others)
    table = pd.DataFrame({"customer_id": [f"c{number:05}" for number in range(CUSTOMERS)]})
    growing = {f"purchase_probability_{days}d": probability * min(1, days / 30) for days in (7, 14, 30, 60, 90)}
    spend = {f"ltv_{HORIZON}d_{name}": 10 * probability for name in ("mean", "p90")}
    zero = {f"ltv_{HORIZON}d_{name}": 0 * probability for name in ("median", "p10")}
    table = table.assign(**growing, **spend, **zero, churn_probability=1 - probability, churn_horizon_days=HORIZON)
    return table.assign(**{f"expected_orders_{HORIZON}d": probability})


@cache
def judge(regular: float, others: float) -> Judgement:
    """The judgement of one probability for the regular customers and one for the others."""
    return judge_log(SITUATION, LINES, scores(regular, others))


def test_a_right_answer_ranks_all_and_has_the_right_totals() -> None:
    figures = judge(0.98, 0.01).figures
    assert figures["AUC"] == 1
    assert figures["Brier"] == pytest.approx(0.02**2 / 3 + 0.01**2 * 2 / 3)
    assert figures["buyers"] == pytest.approx(0.98 + 2 * 0.01)
    assert figures["rank agreement"] == pytest.approx(1)
    assert [figures[name] for name in ("AUC surely below", "contradictions", "customers without an answer")] == [0] * 3
    assert figures["revenue"] == pytest.approx(figures["predicted orders"] * 10 / figures["actual revenue"])


def test_an_inverted_answer_surely_loses_to_every_simple_ranking() -> None:
    judgement = judge(0.01, 0.98)
    losses = {comparison.baseline for comparison in judgement.comparisons if comparison.verdict == "loss"}
    assert {"recency", "frequency"} <= losses
    assert judgement.figures["AUC surely below"] == pytest.approx(1)


def test_a_customer_without_an_answer_is_counted_and_the_others_are_judged() -> None:
    judgement = judge_log(SITUATION, LINES, scores(0.98, 0.01).iloc[1:])
    assert judgement.customers == CUSTOMERS - 1
    assert judgement.figures["customers without an answer"] == 1


def test_one_question_alike_for_all_is_found_and_all_alike_are_not() -> None:
    table = scores(0.98, 0.01).assign(churn_probability=0.6)
    assert judge_log(SITUATION, LINES, table).figures["questions alike for all"] == 1
    assert judge(0.3, 0.3).figures["questions alike for all"] == 0


def test_a_contradiction_is_counted() -> None:
    table = scores(0.98, 0.01).assign(purchase_probability_14d=1.0)
    judgement = judge_log(SITUATION, LINES, table)
    assert judgement.figures["contradictions"] == len(judgement.contradictions) == 1


def test_every_bar_of_a_single_log_reads_a_figure_of_a_simulated_log() -> None:
    assert {bar.log for bar in SIMULATED_BARS} <= set(SITUATIONS)
    assert {bar.measure for bar in SIMULATED_BARS} <= set(judge(0.98, 0.01).figures)


def test_totals_may_be_further_off_where_no_window_a_year_ago_is_over() -> None:
    widest = {log: {bar.measure: bar.maximum for bar in general_bars(log)}["orders"] for log in ("clocks", "growing")}
    assert widest == {"clocks": 1.5, "growing": 1.25}


def test_where_an_event_is_ahead_two_horizons_may_rank_customers_differently() -> None:
    asked = [log for log in ("burst", "clocks") if "rank agreement" in {bar.measure for bar in general_bars(log)}]
    assert asked == ["clocks"]


def test_the_section_lists_missed_bars_losses_and_failures() -> None:
    judgement = judge(0.01, 0.98)
    result = LogResult(
        log="clocks", seconds=12.0, customers=CUSTOMERS, figures=judgement.figures, comparisons=judgement.comparisons,
        bars=evaluate_bars("clocks", judgement.figures), tiers={"churn": "btyd"}, remarks=["P(order) falls with time"],
    )  # fmt: skip
    failed = LogResult(log="tiny", seconds=1.0, failure="Traceback\nValueError: no orders")
    page = render_section([result, failed])
    assert page.startswith(f"## {TITLE}\n")
    assert "- tiny: ValueError: no orders" in page
    assert "| clocks |  | AUC | >= 0.92 | 0.0000 | **no** | 0.9200 |" in page
    assert "| clocks | AUC | recency | 0.0000 | 1.00 |" in page
    assert "- clocks: P(order) falls with time" in page
    assert any(line.startswith("  MISSED AUC >= 0.92: 0, by 0.92") for line in render_block(result))
    assert next(render_block(failed)).startswith("tiny: FAILED after 1 s")
