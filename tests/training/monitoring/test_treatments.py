"""Treatments: who was treated in which window, with which probability of being left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.monitoring.treatments import COLUMNS, Treatments, TreatmentState

DAY = 86_400_000_000


def treatments(*rows: tuple[str, str, int, bool, float]) -> Treatments:
    """Treatments from (source, customer, day, treated, probability of being untreated)."""
    return Treatments(
        pd.DataFrame([(s, c, day * DAY, t, p) for s, c, day, t, p in rows], columns=list(COLUMNS)).astype(
            {"treated": bool, "untreated_probability": float}
        )
    )


def state(given: Treatments, *customers: str, days: int = 30) -> TreatmentState:
    n = len(customers)
    return given.state(pd.Series(customers), np.zeros(n, np.int64), np.full(n, days * DAY))


def test_the_window_is_half_open() -> None:
    given = treatments(("mail", "ann", 0, True, 0.1), ("mail", "bob", 30, True, 0.1), ("mail", "cem", -1, True, 0.1))
    assert state(given, "ann", "bob", "cem", "dee").treated.tolist() == [True, False, False, False]


def test_the_weight_of_a_customer_held_out_twice_is_that_of_both_draws() -> None:
    given = treatments(("mail", "ann", 1, False, 0.1), ("push", "ann", 2, False, 0.5), ("mail", "bob", 1, True, 0.1))
    assert state(given, "ann", "bob", "cem").weights.tolist() == pytest.approx([20.0, 0.0, 1.0])


def test_later_draws_of_one_source_follow_the_first() -> None:
    given = treatments(("mail", "ann", 1, False, 0.1), ("mail", "ann", 2, False, 0.1))
    assert state(given, "ann").weights.tolist() == pytest.approx([10.0])


def test_who_was_treated_without_a_holdout_is_marked() -> None:
    given = treatments(("mail", "ann", 1, True, 0.0), ("push", "bob", 1, True, 0.5), ("push", "cem", 1, False, 0.5))
    found = state(given, "ann", "bob", "cem")
    assert found.without_holdout.tolist() == [True, False, False]
    assert found.is_judged.tolist() == [False, False, True]
    assert given.have_holdouts


def test_a_holdout_of_another_source_is_none() -> None:
    given = treatments(("mail", "ann", 1, True, 0.0), ("push", "bob", 1, False, 0.5))
    assert not given.have_holdouts


def test_without_treatments_everybody_counts_once() -> None:
    assert state(Treatments.none(), "ann", "bob").weights.tolist() == [1.0, 1.0]
