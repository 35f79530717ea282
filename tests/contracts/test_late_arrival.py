"""Fault: a late line counts as known on its order day. It counts from the instant of its recording."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.aggregates.inactivity import inactivity
from tests.contracts.generated import LATER, SIX_EXAMPLES, TODAY, Line, Log, known_features, lines, outcomes_after_today
from tests.logs import cutoff

LATE_BUT_BY_LATER = st.none() | st.sampled_from(
    ["2026-01-20 12:00:00", "2026-02-28 23:59:59.999999", "2026-03-01 00:00:00", "2026-04-14 08:00:00"]
)


def known_at(line: Line) -> str:
    """The wall clock time at which a line became known."""
    return max(line[1], line[4] or line[1])


@pytest.mark.slow
@SIX_EXAMPLES
@given(lines(0, 58, LATE_BUT_BY_LATER))
def test_a_line_counts_at_every_cutoff_after_it_was_recorded_and_at_none_before(log_lines: list[Line]) -> None:
    log = Log(tuple(log_lines))
    in_time = [line for line in log_lines if known_at(line) < TODAY]
    punctual: list[Line] = [(*line[:4], None, line[5]) for line in log_lines]
    assert known_features(log.history) == known_features(log.with_lines(in_time).history)
    assert known_features(log.history, LATER) == known_features(log.with_lines(punctual).history, LATER)


LATE = Log(
    (
        ("ann", "2026-02-01 09:30:00", "5.00", None, "2026-02-01 12:00:00", "p"),
        ("ann", "2026-02-10 09:30:00", "7.00", None, "2026-03-01 00:00:00", "p"),
        ("ann", "2026-02-20 09:30:00", "9.00", None, None, "p"),
        ("ann", "2026-02-21 09:30:00", "11.00", None, "2026-01-01 00:00:00", "p"),
    )
)


@pytest.mark.slow
def test_a_line_recorded_at_the_cutoff_is_known_the_day_after() -> None:
    assert (known_features(LATE.history)["ann"]["spend"], known_features(LATE.history)["ann"]["orders"]) == (25.0, 3.0)
    assert (known_features(LATE.history, "2026-03-02")["ann"]["spend"]) == 32.0


def test_a_line_is_not_known_before_it_was_placed_whenever_it_was_recorded() -> None:
    early = replace(
        LATE, lines=(*LATE.lines, ("ann", "2026-03-05 09:30:00", "99.00", None, "2026-01-01 00:00:00", "p"))
    )
    assert known_features(early.history) == known_features(LATE.history)


def test_a_customer_without_a_recorded_line_is_not_known_yet() -> None:
    log = Log((*LATE.lines, ("bob", "2026-02-10 09:30:00", "5.00", None, "2026-03-04 10:00:00", "p")))
    assert set(known_features(log.history)) == {"ann"}
    assert set(known_features(log.history, "2026-03-05")) == {"ann", "bob"}


def test_an_outcome_counts_once_it_is_recorded_and_in_the_window_it_was_placed_in() -> None:
    log = Log((("ann", "2026-03-02 09:30:00", "10.00", None, "2026-04-01 00:00:00", "p"),))
    assert outcomes_after_today(log.history, "ann", limit="2026-04-01").spend[0].tolist() == [0.0, 0.0]
    assert outcomes_after_today(log.history, "ann", limit="2026-04-02").spend[0].tolist() == [10.0, 10.0]


def test_a_late_recorded_order_is_not_an_outcome() -> None:
    log = Log((("ann", "2026-02-10 09:30:00", "5.00", None, "2026-03-04 10:00:00", "p"),))
    assert outcomes_after_today(log.history, "ann").ordered_within(30)[0] == 0.0


def test_a_churn_rule_uses_a_late_line_no_sooner() -> None:
    rows = inactivity(LATE.with_lines(LATE.lines[:2]).history, cutoff(TODAY), ()).to_pyarrow().to_pylist()
    assert {row["customer_id"]: row["no_order_days"] for row in rows}["ann"] == 27.0
