"""What is learned of categories means what it says, and knows nothing of what comes after its limit."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import pytest

from features.history import Cutoff, History
from features.transformations.category_days import category_codes
from tests.training.assortments import (
    GAPS,
    SPAN,
    drugstore_shop,
    lines_of,
    simulate_category_orders,
    with_shuffled_future,
)
from tests.training.shops import TrainingShop, build_shop, cutoff, shared
from training import metrics
from training.dataset import category_rows
from training.dataset.category_rows import Assortment, CategoryLog, CategoryRows
from training.fitting.category_hazards import PERIOD_EDGES, fit_category_tables, fit_category_tables_from_log
from training.inference.categories.hazard_tables import CategoryTables


def learn_tables(one: TrainingShop, limit: Cutoff) -> CategoryTables:
    log = CategoryLog.from_dataset(one.data, limit)
    assert log is not None
    return fit_category_tables_from_log(log, [cut for cut in one.cutoffs if cut.day < limit.day])


def newest_origin(one: TrainingShop) -> Cutoff:
    return next(cut for cut in one.cutoffs if cut.day == one.schedule.origins[0])


@shared
def origin_tables() -> CategoryTables:
    return learn_tables(drugstore_shop(), newest_origin(drugstore_shop()))


def test_each_category_has_the_gap_of_those_who_need_it() -> None:
    gaps = dict(zip(origin_tables().names, origin_tables().gap_days, strict=True))
    assert sorted(gaps, key=lambda name: gaps[name]) == ["bread", "tea", "cream"]
    assert gaps["bread"] == pytest.approx(GAPS["bread"] * 1.6, rel=0.4)  # who left counts with their silence


@pytest.mark.parametrize("days", [7, 14, 30])
def test_what_is_said_of_the_days_after_an_origin_comes_true(days: int) -> None:
    one, origin = drugstore_shop(), newest_origin(drugstore_shop())
    log = CategoryLog.from_dataset(one.data, one.now)
    assert log is not None
    rows, said = log.rows([origin]), origin_tables()
    standing = said.line_state(rows.lines, said.category_index(rows.lines), rows.cutoff)
    passed = said.cumulative_hazard(standing.cell, standing.silence)
    within = -np.expm1(passed - said.cumulative_hazard(standing.cell, standing.silence + days / standing.gap))
    came = (rows.wait_days < days).astype(float)
    assert metrics.ece(within, came) < 0.07
    assert abs(within.sum() / came.sum() - 1) < 0.12
    assert metrics.auc(within, came) > 0.8


def test_nothing_after_the_limit_changes_a_fitted_byte() -> None:
    one, origin = drugstore_shop(), newest_origin(drugstore_shop())
    lines = simulate_category_orders(400)
    since_opening = origin.day_number - cutoff(0).day_number
    other = build_shop(with_shuffled_future(lines, since_opening), SPAN, (30, 60), 60)
    same = next(cut for cut in other.cutoffs if cut.day == origin.day)
    assert learn_tables(other, same).to_json() == origin_tables().to_json()
    assert learn_tables(other, other.now).to_json() != learn_tables(one, one.now).to_json()


def test_an_order_on_the_cutoffs_own_day_is_waited_for_no_day() -> None:
    one, origin = drugstore_shop(), newest_origin(drugstore_shop())
    log = CategoryLog.from_dataset(one.data, one.now)
    assert log is not None
    rows = log.rows([origin])
    came = rows.wait_days[np.isfinite(rows.wait_days)]
    assert came.min() == 0
    assert (rows.lines.last_day < rows.cutoff).all()
    assert (came < rows.follow_days.max()).all()


def test_a_constant_hazard_is_found_again_with_silences_that_go_on() -> None:
    rng, n = np.random.default_rng(0), 40_000
    gap, follow = 30.0, rng.integers(1, 60, n).astype(float)
    wait = np.floor(rng.exponential(gap, n))
    last = rng.integers(0, 99, n)
    lines = lines_of(*zip(np.ones(n), last, last, np.ones(n), strict=True))
    rows = CategoryRows(
        lines=lines, cutoff=np.full(n, 100.0), wait_days=np.where(wait < follow, wait, np.inf), follow_days=follow
    )
    hazards = np.array(fit_category_tables(Assortment(("tea",), (1,), (gap,)), rows).hazards)[0]
    seen = (np.array(PERIOD_EDGES) > 0.2) & (np.array(PERIOD_EDGES) < 3)
    assert hazards[seen] == pytest.approx(1.0, abs=0.12)


def test_little_history_gives_a_table_that_answers() -> None:
    one = build_shop(simulate_category_orders(4, days=40), 40, (7,), 7)
    said = learn_tables(one, one.now)
    assert np.isfinite(said.hazards).all()
    assert np.min(said.hazards) > 0
    assert np.isfinite(said.gap_days).all()


def test_two_categories_of_one_code_are_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    coded = category_codes

    def alike(history: History) -> ir.Table:
        found = coded(history)
        cream, tea = (found.filter(found.category == one).code.to_pyarrow()[0].as_py() for one in ("cream", "tea"))
        return found.mutate(code=found.code.substitute({cream: tea}))

    monkeypatch.setattr(category_rows, "category_codes", alike)
    assert learn_tables(drugstore_shop(), newest_origin(drugstore_shop())).names == ("bread",)


def test_a_shop_without_categories_has_nothing_to_learn() -> None:
    one = build_shop(simulate_category_orders(30).drop(columns="category"), SPAN, (30,), 30)
    assert one.data.lines is None
    assert CategoryLog.from_dataset(one.data, one.now) is None
