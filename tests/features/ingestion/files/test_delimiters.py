"""Delimiters: the one under which the records are alike, whatever else stands in values."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features.ingestion.files.reading import ANN, BOB, CSV, HEADER, read_source


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("0,50;1,25\n3,10;4,00\n", ("0,50", "1,25")),
        ("ann;0,50\nbob;1,25\n", ("ann", "0,50")),
        ("Smith, Ann;2026-01-31;5\nLee, Bob;2026-02-01;6\n", ("Smith, Ann", "2026-01-31", "5")),
        ("ann\t1,5\t2,5\nbob\t1,5\t2,5\n", ("ann", "1,5", "2,5")),
        ("ann,a|b,5\nbob,c|d,6\n", ("ann", "a|b", "5")),
        ("ann|2026-01-31|5\nbob|2026-02-01|6\n", ("ann", "2026-01-31", "5")),
        ("ann,5\n", ("ann", "5")),
        ("ann;5\n", ("ann", "5")),
        ("ann\nbob\n", ("ann",)),
    ],
)
def test_without_a_header_the_delimiter_is_what_makes_records_alike(
    tmp_path: Path, log: str, expected: tuple[str, ...]
) -> None:
    (tmp_path / "orders.csv").write_text(log)
    source = read_source(tmp_path, "orders.csv", has_header=False, columns=(("column0",),))
    assert source.columns == tuple(f"column{position}" for position in range(len(expected)))
    assert source.rows[0] == expected


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("note", ["a, b, c, d, e", "a; b; c; d; e", "a | b | c | d"])
def test_a_value_full_of_other_delimiters_decides_nothing(tmp_path: Path, delimiter: str, note: str) -> None:
    quoted = f'"{note}"' if delimiter in note else note
    rows = [line.split(",") for line in CSV.splitlines()]
    log = "".join(delimiter.join([*row, quoted]) + "\n" for row in rows)
    (tmp_path / "orders.csv").write_text(log)
    source = read_source(tmp_path, "orders.csv")
    assert (source.columns, source.rows) == ((*HEADER, note), [(*ANN, note), (*BOB, note)])


def test_a_lone_column_with_blanks_in_its_values_is_one_column(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("customer\nAnn Smith\nBob\nCy van Dyk\n")
    assert read_source(tmp_path, "orders.csv").rows == [("Ann Smith",), ("Bob",), ("Cy van Dyk",)]
