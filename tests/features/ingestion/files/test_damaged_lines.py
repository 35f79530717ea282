"""Damaged lines: they are named by file and line, or set aside one by one; the others are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InvalidLog
from features.ingestion.rejected_lines import RejectedLine
from tests.features.ingestion.files.reading import ANN, BOB, CSV, HEADER, read_source

UNENDED = "a quote in it does not end, or ends within a value"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("cy,2026-02-02", "found 2 values, expected 3"),
        ("cy,2026-02-02,1,2", "found 4 values, expected 3"),
        ("-- end of report --", "found 1 values, expected 3"),
        ('"cy,2026-02-02,1', UNENDED),
        ('cy,"2026"-02-02,1', UNENDED),
        ('cy,2026-02-02,"1', UNENDED),
    ],
)
@pytest.mark.parametrize("position", [1, 2, 3])
@pytest.mark.parametrize("preamble", ["", "Sales report\n\n"])
def test_a_damaged_line_is_named_or_set_aside(
    tmp_path: Path, line: str, reason: str, position: int, preamble: str
) -> None:
    lines = CSV.splitlines()
    lines.insert(position, line)
    (tmp_path / "orders.csv").write_text(preamble + "\n".join(lines) + "\n")
    number = position + 1 + preamble.count("\n")
    with pytest.raises(InvalidLog) as error:
        read_source(tmp_path, "orders.csv")
    assert str(error.value) == (
        f"orders.csv, line {number}: {reason}, in {line!r}. Expected 3 values in every line, as in the header: correct "
        "the file."
    )
    source = read_source(tmp_path, "orders.csv", sets_bad_lines_aside=True)
    assert (source.columns, source.rows) == (HEADER, [ANN, BOB])
    assert source.rejected == (RejectedLine("orders.csv", number, reason, line),)


@pytest.mark.parametrize(
    ("damaged", "remedy"), [(1, "at_most = 0.01"), (2, "at_most = 0.05"), (5, "at_most = 0.05"), (6, "file.")]
)
def test_a_damaged_file_is_refused_with_a_share_that_its_damaged_lines_fit(
    tmp_path: Path, damaged: int, remedy: str
) -> None:
    lines = "ann,2026-01-31,1\n" * (100 - damaged) + "cy,2026-02-02\n" * damaged
    (tmp_path / "orders.csv").write_text(f"customer,at,amount\n{lines}")
    with pytest.raises(InvalidLog, match=remedy):
        read_source(tmp_path, "orders.csv")


def test_a_quote_that_never_ends_takes_no_other_line_with_it(tmp_path: Path) -> None:
    rows = "".join(f'ann,2026-01-31,"{amount}"\n' for amount in range(3000))
    (tmp_path / "orders.csv").write_text(f'{CSV}{rows}"bob,2026-01-31,1\n{rows}')
    source = read_source(tmp_path, "orders.csv", sets_bad_lines_aside=True)
    assert len(source.rows) == 6002
    assert [(each.line, each.text) for each in source.rejected] == [(3004, '"bob,2026-01-31,1')]


def test_values_over_several_lines_are_no_damage(tmp_path: Path) -> None:
    rows = 'customer,at,amount\n"Ann\nSmith","2026-01-31",5\n"a ""quoted""\r\nname",2026-02-01,6\n'
    (tmp_path / "orders.csv").write_text(rows + "cy,2026-02-02\n")
    source = read_source(tmp_path, "orders.csv", sets_bad_lines_aside=True)
    assert source.rows == [("Ann\nSmith", "2026-01-31", "5"), ('a "quoted"\nname', "2026-02-01", "6")]
    assert [each.line for each in source.rejected] == [6]


@pytest.mark.parametrize("damage", ["", "cy,2026-02-02\n"])
def test_inches_and_backslashes_are_values(tmp_path: Path, damage: str) -> None:
    rows = 'customer,at,amount\n5" disk,2026-01-31,5\n"a \\"quoted\\" name",2026-02-01,6\nC:\\,2026-02-02,7\n'
    (tmp_path / "orders.csv").write_text(rows + damage)
    source = read_source(tmp_path, "orders.csv", sets_bad_lines_aside=True)
    assert [row[0] for row in source.rows] == ['5" disk', 'a "quoted" name', "C:\\"]


def test_bytes_that_are_no_text_set_their_line_aside(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(
        "Zoë,2026-01-31,1\nAnaïs,2026-01-31,1\n".encode() + b"M\xfcller,2026-02-01,1\n"
    )
    source = read_source(tmp_path, "orders.csv", has_header=False, columns=(), sets_bad_lines_aside=True)
    assert [row[0] for row in source.rows] == ["Zoë", "Anaïs"]
    assert source.rejected == (RejectedLine("orders.csv", 3, "its bytes are not utf-8", "M?ller,2026-02-01,1"),)


def test_the_damaged_file_of_several_is_named(tmp_path: Path) -> None:
    (tmp_path / "orders-1.csv").write_text(CSV)
    (tmp_path / "orders-2.csv").write_text(CSV + "cy,2026-02-02\n")
    with pytest.raises(InvalidLog, match=r"^orders-2.csv, line 4: found 2 values, expected 3, in 'cy,2026-02-02'. "):
        read_source(tmp_path, "orders-*.csv")


def test_the_number_of_damaged_lines_is_shown(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(CSV + "cy,2026-02-02\n" * 1200)
    with pytest.raises(
        InvalidLog, match=r"^orders.csv, line 4: found 2 values, .*, and 1,199 further lines. Expected 3"
    ):
        read_source(tmp_path, "orders.csv")


@pytest.mark.parametrize(
    ("first", "then"), [("\r\n", "\n"), ("\n", "\r\n"), ("\n", "\r"), ("\r\n", "\r"), ("\r", "\n"), ("\r", "\r\n")]
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_mixed_line_ends_are_read(tmp_path: Path, first: str, then: str, quote: str) -> None:
    header, *rows = (f"{quote}{line.replace(',', f'{quote},{quote}')}{quote}" for line in CSV.splitlines())
    log = first.join([header, *rows, *rows, ""]) + then.join([*rows, ""])
    (tmp_path / "orders.csv").write_bytes(log.encode())
    source = read_source(tmp_path, "orders.csv")
    assert (source.columns, source.rows, source.notes) == (HEADER, [ANN, BOB] * 3, ())


@pytest.mark.parametrize("end", ["\n\n\n", "\n \n\t\n", "\n\x1a", "\n\n  "])
def test_blank_lines_are_nothing(tmp_path: Path, end: str) -> None:
    (tmp_path / "orders.csv").write_text(CSV.replace("\nbob", "\n\n  \nbob") + end)
    assert read_source(tmp_path, "orders.csv").rows == [ANN, BOB]
