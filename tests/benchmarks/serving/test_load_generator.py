"""Load generator: a load with errors, or without an answer, is no measurement."""

from __future__ import annotations

import pytest

from benchmarks.serving.load_generator import LoadResult


@pytest.mark.parametrize(("rate", "errors"), [(900.0, 1), (0.0, 0)])
def test_a_load_with_errors_or_without_an_answer_is_refused(rate: float, errors: int) -> None:
    with pytest.raises(RuntimeError, match=rf"Found {errors} errors and {rate} answers a second; expected no error\."):
        LoadResult(connections=2, p50=1.0, p99=2.0, rate=rate, errors=errors).require_answers()


def test_a_load_that_was_answered_is_its_result() -> None:
    load = LoadResult(connections=2, p50=1.0, p99=2.0, rate=900.0, errors=0)
    assert load.require_answers() is load
