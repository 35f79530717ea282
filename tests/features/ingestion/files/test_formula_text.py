"""Formula text: ids that an export protects from spreadsheets are read as ids."""

from __future__ import annotations

from pathlib import Path

from tests.features.ingestion.files.reading import ANN, BOB, CSV, read_source


def test_a_value_written_as_a_formula_is_the_text_within(tmp_path: Path) -> None:
    log = 'customer,at,amount\n"=""0017""","=""2026-01-31""",9.50\n="bob",2026-02-01,="3"\n="",="",=1+1\n="x,=",="\n'
    (tmp_path / "orders.csv").write_text(log)
    source = read_source(tmp_path, "orders.csv")
    assert source.rows == [ANN, BOB, (None, None, "=1+1"), ('="x', '="', '="')]
    assert [(note.code, note.count) for note in source.notes] == [("formula_text", 4)]


def test_formulas_in_one_of_several_files_change_no_other(tmp_path: Path) -> None:
    (tmp_path / "orders-1.csv").write_text(CSV)
    (tmp_path / "orders-2.csv").write_text('customer,at,amount\n="0017",2026-01-31,9.50\nTotal,,9.50\n')
    rows = sorted(read_source(tmp_path, "orders-*.csv").rows)
    assert rows == [(*ANN, "orders-1.csv"), (*ANN, "orders-2.csv"), (*BOB, "orders-1.csv")]
