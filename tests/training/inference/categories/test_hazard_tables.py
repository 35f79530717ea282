"""Category hazard tables: the evidence of each line, and hazard and silence as inverse functions of each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.arrays import Floats
from tests.training.assortments import BANDS, hazard_tables, lines_of
from training.fitting.category_hazards import PERIOD_EDGES
from training.inference.categories.hazard_tables import EVIDENCE_LEVELS, CategoryTables, evidence_cell_count

TODAY = 100.0
CELLS = evidence_cell_count(BANDS)


def evidence_and_gap(*histories: tuple[float, float, float, float]) -> list[tuple[str, float]]:
    lines = lines_of(*histories)
    state = hazard_tables().line_state(lines, hazard_tables().category_index(lines), TODAY)
    return [(EVIDENCE_LEVELS[level], gap) for level, gap in zip(state.evidence, state.gap, strict=True)]


def test_three_days_of_a_category_are_a_rhythm_of_its_own() -> None:
    ((evidence, gap),) = evidence_and_gap((3, 40, 90, 2))
    assert evidence == "category"
    assert gap == pytest.approx((2 * 30 + 50) / 4)


def test_the_longer_the_own_rhythm_the_less_the_categorys_gap_counts() -> None:
    (_, few), (_, many) = evidence_and_gap((3, 70, 90, 2), (20, 0, 95, 2))
    assert abs(many - 95 / 19) < 3 < abs(few - 10)


def test_one_order_of_a_category_is_answered_at_the_customers_pace_in_general() -> None:
    usual, quick = lines_of((1, 90, 90, 9)), lines_of((1, 90, 90, 9))
    quick = replace(quick, mean_gap_days=np.array([2.0]))
    states = [hazard_tables().line_state(lines, np.array([0]), TODAY) for lines in (usual, quick)]
    assert [EVIDENCE_LEVELS[int(state.evidence[0])] for state in states] == ["customer", "customer"]
    assert states[0].gap[0] == pytest.approx(30)
    assert states[1].gap[0] == pytest.approx(30 * np.sqrt((3 * 10 + 8 * 2) / 11 / 10))


def test_without_a_pace_the_categorys_gap_answers_alone() -> None:
    (once, gap), (twice, _) = evidence_and_gap((1, 90, 90, 1), (2, 60, 90, 2))
    assert (once, twice) == ("population", "population")
    assert gap == pytest.approx(30)


def test_every_class_of_evidence_has_its_own_table() -> None:
    histories = [(1, 9, 9, 1), (1, 9, 9, 3), (2, 8, 9, 2), (2, 8, 9, 3), (3, 1, 9, 3), (5, 1, 9, 5), (10, 1, 9, 10)]
    lines = lines_of(*((float(a), float(b), float(c), float(d)) for a, b, c, d in histories))
    assert hazard_tables().line_state(lines, hazard_tables().category_index(lines), TODAY).cell.tolist() == list(
        range(CELLS)
    )


def test_a_category_that_was_not_learned_of_has_no_place() -> None:
    assert hazard_tables().category_index(lines_of((3, 40, 90, 3), code=7.0)).tolist() == [1]
    for stranger in (0.0, 6.0, 8.0):
        assert hazard_tables().category_index(lines_of((3, 40, 90, 3), code=stranger)).tolist() == [-1]
    nothing = replace(hazard_tables(), names=(), codes=(), gap_days=())
    assert nothing.category_index(lines_of((3, 40, 90, 3))).tolist() == [-1]


def test_tables_come_back_from_json_as_they_were() -> None:
    assert CategoryTables.from_json(hazard_tables(0.3).to_json()) == hazard_tables(0.3)


@st.composite
def any_tables(draw: st.DrawFn) -> CategoryTables:
    rates = draw(arrays(float, (CELLS, len(PERIOD_EDGES)), elements=st.floats(1e-4, 20)))
    return replace(hazard_tables(), hazards=tuple(tuple(row) for row in rates.tolist()))


@given(any_tables(), arrays(float, (CELLS, 4), elements=st.floats(0, 400)))
def test_hazard_never_falls_with_silence_and_leads_back_to_it(tables: CategoryTables, silence: Floats) -> None:
    cell = np.arange(CELLS)
    ascending = np.sort(silence, axis=1)
    cumulative = tables.cumulative_hazard(cell[:, None], ascending)
    assert (np.diff(cumulative, axis=1) >= -1e-9 * cumulative[:, 1:]).all()
    assert (cumulative[ascending == 0] == 0).all()
    np.testing.assert_allclose(tables.silence_at(cell, cumulative), ascending, rtol=1e-6, atol=1e-6)


def test_beyond_the_last_edge_the_hazard_falls_off_as_time_goes_on() -> None:
    cell, last = np.array([0]), PERIOD_EDGES[-1]
    once, twice, thrice = (hazard_tables().cumulative_hazard(cell, np.array([last * by]))[0] for by in (1.0, 2.0, 4.0))
    assert twice - once == pytest.approx(thrice - twice)
