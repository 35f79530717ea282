"""Category hazards: calibrated hazard tables that use nothing after their limit."""

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
from tests.training.shops import TrainingShop, build_shop, cached_for_session, cutoff
from training import metrics
from training.dataset import category_rows
from training.dataset.category_rows import Assortment, CategoryLog, CategoryRows
from training.fitting.category_hazards import PERIOD_EDGES, fit_category_tables, fit_category_tables_from_log
from training.inference.categories.hazard_tables import CategoryTables

pytestmark = pytest.mark.slow


def learn_tables(shop: TrainingShop, limit: Cutoff) -> CategoryTables:
    log = CategoryLog.from_dataset(shop.data, limit)
    assert log is not None
    return fit_category_tables_from_log(log, [cut for cut in shop.cutoffs if cut.day < limit.day])


def newest_origin(shop: TrainingShop) -> Cutoff:
    return next(cut for cut in shop.cutoffs if cut.day == shop.schedule.origins[0])


@cached_for_session
def origin_tables() -> CategoryTables:
    return learn_tables(drugstore_shop(), newest_origin(drugstore_shop()))


def test_each_category_has_the_gap_of_its_buyers() -> None:
    gaps = dict(zip(origin_tables().names, origin_tables().gap_days, strict=True))
    assert sorted(gaps, key=lambda name: gaps[name]) == ["bread", "tea", "cream"]
    assert gaps["bread"] == pytest.approx(GAPS["bread"] * 1.6, rel=0.4)  # customers who left count with their silence


@pytest.mark.parametrize("days", [7, 14, 30])
def test_forecasts_after_an_origin_are_calibrated(days: int) -> None:
    shop, origin = drugstore_shop(), newest_origin(drugstore_shop())
    log = CategoryLog.from_dataset(shop.data, shop.now)
    assert log is not None
    rows, tables = log.rows([origin]), origin_tables()
    state = tables.line_state(rows.lines, tables.category_index(rows.lines), rows.cutoff)
    cumulative = tables.cumulative_hazard(state.cell, state.silence)
    within = -np.expm1(cumulative - tables.cumulative_hazard(state.cell, state.silence + days / state.gap))
    came = (rows.wait_days < days).astype(float)
    assert metrics.ece(within, came) < 0.07
    assert abs(within.sum() / came.sum() - 1) < 0.12
    assert metrics.auc(within, came) > 0.8


@pytest.mark.slow
def test_nothing_after_the_limit_changes_a_fitted_byte() -> None:
    shop, origin = drugstore_shop(), newest_origin(drugstore_shop())
    lines = simulate_category_orders(400)
    since_opening = origin.day_number - cutoff(0).day_number
    changed_shop = build_shop(with_shuffled_future(lines, since_opening), SPAN, (30, 60), 60)
    changed_origin = next(cut for cut in changed_shop.cutoffs if cut.day == origin.day)
    assert learn_tables(changed_shop, changed_origin).to_json() == origin_tables().to_json()
    assert learn_tables(changed_shop, changed_shop.now).to_json() != learn_tables(shop, shop.now).to_json()


def test_an_order_on_the_cutoff_day_has_a_wait_of_zero_days() -> None:
    shop, origin = drugstore_shop(), newest_origin(drugstore_shop())
    log = CategoryLog.from_dataset(shop.data, shop.now)
    assert log is not None
    rows = log.rows([origin])
    came = rows.wait_days[np.isfinite(rows.wait_days)]
    assert came.min() == 0
    assert (rows.lines.last_day < rows.cutoff).all()
    assert (came < rows.follow_days.max()).all()


def test_a_constant_hazard_is_recovered_from_censored_waits() -> None:
    rng, n = np.random.default_rng(0), 40_000
    gap, follow = 30.0, rng.integers(1, 60, n).astype(float)
    wait = np.floor(rng.exponential(gap, n))
    last = rng.integers(0, 99, n)
    lines = lines_of(*zip(np.ones(n), last, last, np.ones(n), strict=True))
    rows = CategoryRows(
        lines=lines, cutoff=np.full(n, 100.0), wait_days=np.where(wait < follow, wait, np.inf), follow_days=follow
    )
    hazards = np.array(fit_category_tables(Assortment(("tea",), (1,), (gap,)), rows).hazards)[0]
    inner = (np.array(PERIOD_EDGES) > 0.2) & (np.array(PERIOD_EDGES) < 3)
    assert hazards[inner] == pytest.approx(1.0, abs=0.12)


def test_little_history_gives_finite_tables() -> None:
    shop = build_shop(simulate_category_orders(4, days=40), 40, (7,), 7)
    tables = learn_tables(shop, shop.now)
    assert np.isfinite(tables.hazards).all()
    assert np.min(tables.hazards) > 0
    assert np.isfinite(tables.gap_days).all()


def test_two_categories_of_one_code_are_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    original = category_codes

    def with_shared_code(history: History) -> ir.Table:
        codes = original(history)
        cream, tea = (codes.filter(codes.category == name).code.to_pyarrow()[0].as_py() for name in ("cream", "tea"))
        return codes.mutate(code=codes.code.substitute({cream: tea}))

    monkeypatch.setattr(category_rows, "category_codes", with_shared_code)
    assert learn_tables(drugstore_shop(), newest_origin(drugstore_shop())).names == ("bread",)


def test_a_shop_without_categories_has_nothing_to_learn() -> None:
    shop = build_shop(simulate_category_orders(30).drop(columns="category"), SPAN, (30,), 30)
    assert shop.data.lines is None
    assert CategoryLog.from_dataset(shop.data, shop.now) is None
