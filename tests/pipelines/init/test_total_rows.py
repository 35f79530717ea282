"""Total rows of an export: init neither counts them nor asks about their blanks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines.init.drafting import draft
from tests.pipelines.init.plain_exports import write_plain

COLUMNS = {"order_id": "order", "customer_id": "customer", "ordered_at": "time", "amount": "amount"}


def write_export(path: Path) -> tuple[Path, int]:
    """An export, and the number of its lines."""
    return write_plain(path, COLUMNS), len(path.read_text().splitlines()) - 1


@pytest.mark.parametrize("row", ["Total,,,", 'Summe,,,"12,345.60"', "Grand total: 2000 lines,,,", "合计,,,9"])
def test_a_total_row_is_no_line_of_the_log(row: str, tmp_path: Path) -> None:
    file, lines = write_export(tmp_path / "orders.csv")
    plain = draft([file], tmp_path)
    with file.open("a", encoding="utf-8") as log:
        log.write(f"{row}\n")
    with_total = draft([file], tmp_path)
    assert f"{lines:,} lines" in with_total.text
    assert (with_total.text, with_total.questions) == (plain.text, plain.questions)


def test_a_header_inside_the_export_is_no_line_of_the_log(tmp_path: Path) -> None:
    file, lines = write_export(tmp_path / "orders.csv")
    with file.open("a") as log:
        log.write(",".join(COLUMNS) + "\n")
    assert f"{lines:,} lines" in draft([file], tmp_path).text


def test_one_order_without_an_amount_is_asked_about_in_the_singular(tmp_path: Path) -> None:
    file, _ = write_export(tmp_path / "orders.csv")
    with file.open("a") as log:
        log.write("A99999,Total Sport,2025-01-31 10:00:00,\n")
    (question,) = (each for each in draft([file], tmp_path).questions if "no amount" in each)
    assert question.startswith("1 line has no amount and is left out: is it an order of amount 0?")
