"""Bad lines: a line that cannot be read is set aside with its reason, where the shop allows that."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import pytest

from features.errors import InvalidLog
from features.ingestion.ingest import ingest
from features.ingestion.rejected_file import delete_rejected_lines
from tests.logs import Keys, canonical_rows, ingest_keys, ingest_log, write_config

GOOD = "".join(f"c{line},2026-01-{line % 28 + 1:02},{line}\n" for line in range(198))
BAD = "dot,never,1\neve,2026-01-31,many\n"
LOG = f"customer,at,amount\n{GOOD}{BAD}"


def rejected_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "history" / "rejected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("at_most", [0.01, 0.5])
def test_lines_up_to_the_share_are_set_aside_with_their_reason(tmp_path: Path, at_most: float) -> None:
    manifest = ingest_log(tmp_path, LOG, bad_lines=at_most)
    summary = manifest.tables[0]
    assert (summary.lines, summary.rejected, summary.written, summary.without_customer) == (200, 2, 198, 0)
    assert rejected_rows(tmp_path) == [
        {"table": "orders", "file": "orders.csv", "line": "", "reason": reason, "text": text}
        for reason, text in [
            ("amount cannot be read: many", "eve,2026-01-31,many"),
            ("ordered_at cannot be read: never", "dot,never,1"),
        ]
    ]
    (note,) = [note for note in manifest.notes if note.code == "lines_rejected"]
    assert (note.severity, note.count) == ("warning", 2)


def test_more_bad_lines_than_the_share_refuse_the_table_and_name_the_key(tmp_path: Path) -> None:
    shares: tuple[Keys, ...] = ({"bad_lines": 0.009}, {})
    for keys in shares:
        with pytest.raises(InvalidLog) as error:
            ingest_keys(tmp_path, LOG, keys)
        date, amount, remedy = str(error.value).splitlines()[1:]
        assert date.startswith("  - [orders] ordered_at = 'at': 1 of 200 lines cannot be read, for example 'never'.")
        assert amount.startswith("  - [orders] amount = 'amount': 1 of 200 lines cannot be read, for example 'many'.")
        assert remedy == (
            "  - [orders] 2 of 200 lines are bad. To set such lines aside into rejected.csv instead, set bad_lines = "
            "{ at_most = 0.01 }."
        )
        assert not (tmp_path / "history" / "rejected.csv").exists()


def test_a_log_of_bad_lines_is_not_offered_to_set_them_aside(tmp_path: Path) -> None:
    with pytest.raises(InvalidLog) as error:
        ingest_log(tmp_path, f"customer,at,amount\n{BAD}")
    assert "bad_lines" not in str(error.value)


def test_a_log_without_bad_lines_leaves_no_file_of_them(tmp_path: Path) -> None:
    ingest_log(tmp_path, LOG, bad_lines=0.01)
    notes = ingest_log(tmp_path, LOG.replace(BAD, ""), bad_lines=0.01).notes
    assert "lines_rejected" not in {note.code for note in notes}
    assert not (tmp_path / "history" / "rejected.csv").exists()


@pytest.mark.parametrize("line", ["dot,2026-02-31,1", 'dot,2026-01-31,"1,5,0"', "dot,2026-01-31,", "dot,,1"])
def test_every_kind_of_bad_value_can_be_set_aside(tmp_path: Path, line: str) -> None:
    assert ingest_log(tmp_path, f"customer,at,amount\n{GOOD}{line}\n", bad_lines=0.01).tables[0].rejected == 1
    assert len(canonical_rows(tmp_path, "customer_id")) == 198
    assert [row["text"] for row in rejected_rows(tmp_path)] == [line]


def test_a_bad_line_among_dates_in_a_format_of_their_own_is_set_aside(tmp_path: Path) -> None:
    good = "".join(f"c{line},{line % 28 + 1}.01.2026,{line}\n" for line in range(198))
    formats: tuple[Keys, ...] = ({}, {"date_format": "%d.%m.%Y"})
    for keys in formats:
        log = f"customer,at,amount\n{good}dot,31.02.2026,1\n"
        manifest = ingest_keys(tmp_path, log, {"bad_lines": 0.01, **keys})
        assert (manifest.tables[0].rejected, manifest.tables[0].written) == (1, 198)


def test_the_line_of_an_erased_customer_is_not_written_out(tmp_path: Path) -> None:
    def select_dot(customer_ids: Iterable[str]) -> list[str]:
        return [customer_id for customer_id in customer_ids if customer_id == "dot"]

    (tmp_path / "orders.csv").write_text(LOG)
    manifest = ingest(write_config(tmp_path, bad_lines=0.01), tmp_path / "history", select_erased=select_dot)
    assert manifest.tables[0].rejected == 2
    assert [row["text"] for row in rejected_rows(tmp_path)] == ["eve,2026-01-31,many"]


def test_erasure_deletes_all_lines_that_were_set_aside(tmp_path: Path) -> None:
    ingest_log(tmp_path, LOG, bad_lines=0.01)
    delete_rejected_lines(tmp_path / "history")
    assert not (tmp_path / "history" / "rejected.csv").exists()
    delete_rejected_lines(tmp_path / "history")
