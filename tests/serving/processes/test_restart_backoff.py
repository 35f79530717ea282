"""Restart backoff: single ends cost no time, and workers that end again and again do not fill the machine."""

from __future__ import annotations

from serving.processes.restart_backoff import RestartBackoff


def test_a_worker_that_ends_now_and_then_is_replaced_at_once() -> None:
    backoff = RestartBackoff()
    assert [backoff.pause_after(seconds) for seconds in (1, 1, 1, 1, 40, 1, 1, 1, 1, 40)] == [0] * 10


def test_from_the_fifth_short_life_in_a_row_on_the_pauses_double_up_to_half_a_minute() -> None:
    backoff = RestartBackoff()
    assert [backoff.pause_after(1) for _ in range(11)] == [0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30]
    assert (backoff.pause_after(31), backoff.pause_after(1)) == (0, 0)


def test_a_worker_that_refused_to_start_is_not_replaced_at_once() -> None:
    assert RestartBackoff().pause_after_refusal(1) == 10
