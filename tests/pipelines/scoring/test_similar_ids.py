"""Similar ids: what a person may have meant, by kind of slip."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pipelines.scoring.similar_ids import similar_ids

KNOWN = pa.chunked_array([["00123", "00124", "98765", "ann@example.com", "AB-77 x", "C1.0", "Zoë"]])


@pytest.mark.parametrize(
    ("given", "first"),
    [
        pytest.param("123", "00123", id="leading zeros"),
        pytest.param(" 00123 ", "00123", id="blanks"),
        pytest.param("00123.0", "00123", id="a trailing .0"),
        pytest.param("c1", "C1.0", id="a trailing .0 in the log"),
        pytest.param("ANN@Example.com", "ann@example.com", id="case"),
        pytest.param("ab77x", "AB-77 x", id="marks"),
        pytest.param("ann@exampel.com", "ann@example.com", id="letters changed"),
        pytest.param("9876", "98765", id="a digit short"),
        pytest.param("zoë", "Zoë", id="case of an accented letter"),
    ],
)
def test_a_slip_finds_the_customer(given: str, first: str) -> None:
    assert similar_ids(given, KNOWN, 3)[0] == first


@pytest.mark.parametrize("given", ["", "x", "qqqqq", "555"])
def test_another_id_finds_nobody(given: str) -> None:
    assert similar_ids(given, KNOWN, 3) == []


def test_no_more_than_the_limit_and_each_once() -> None:
    known = pa.chunked_array([[f"{number:05d}" for number in range(200)]])
    assert len(similar_ids("0012x", known, 3)) == 3
    assert similar_ids("12", known, 1) == ["00012"]
    assert len(set(similar_ids("00012", known, 20))) == 20
