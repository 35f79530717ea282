"""Erased texts: an example of a note or a line that was set aside names no erased customer."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from features.config.shop import read_shop_config
from features.ingestion.erased_texts import ids_in_line, redact_examples
from features.ingestion.ingest import ingest
from features.ingestion.manifest import HistoryManifest, delete_examples, read_manifest
from features.plausibility_note import PlausibilityNote
from tests.logs import write_config

TWINS = "customer,at,amount,order\nann,2026-01-01,0,1\n ann,2026-01-02,5,2\n" + "".join(
    f"c{line},2026-01-{line % 28 + 1:02},{line + 1},c{line}\n" for line in range(50)
)


def select(*erased: str) -> Callable[[Iterable[str]], list[str]]:
    return lambda customer_ids: [customer_id for customer_id in customer_ids if customer_id in erased]


def ingest_twins(folder: Path, *erased: str) -> HistoryManifest:
    (folder / "orders.csv").write_text(TWINS)
    return ingest(write_config(folder, order_id="order"), folder / "history", select_erased=select(*erased))


@pytest.mark.parametrize(
    "example",
    [
        "'ann' and 'ann '",
        "order 7 of ann, 2026-01-01 to 2026-02-01",
        "ann, 7",
        "'an\\u200bn'",
        "bob, 'ANN' (3)",
        "key ann",
    ],
)
def test_an_example_that_names_an_erased_customer_is_left_out(example: str) -> None:
    note = PlausibilityNote("ids_trimmed", "info", "found", "expected", "remedy", 1, example)
    assert [each.example for each in redact_examples([note], select("ann"))] == [""]
    assert redact_examples([note], select("anna", "zoe")) == [note]


def test_an_id_with_blanks_and_commas_is_found_in_an_example() -> None:
    note = PlausibilityNote("zero_amount_orders", "info", "found", "expected", "remedy", 1, "Doe, Jane Ann, 7")
    assert redact_examples([note], select("Doe, Jane Ann"))[0].example == ""


@pytest.mark.parametrize("line", ['"Doe, Jane",7', "7;Doe, Jane", '7\t"Doe, Jane\u200b"'])
def test_an_id_with_a_comma_is_found_in_a_line(line: str) -> None:
    assert "Doe, Jane" in ids_in_line(line)


def test_a_log_read_again_gives_no_example_of_an_erased_customer(tmp_path: Path) -> None:
    codes = {note.code: note.example for note in ingest_twins(tmp_path).notes}
    assert codes["ids_trimmed"] == "' ann' and 'ann'"
    assert "ann" not in "".join(note.example for note in ingest_twins(tmp_path, "ann").notes)
    assert "ann" not in (tmp_path / "history" / "manifest.json").read_text()


def test_erasure_deletes_the_examples_of_the_manifest(tmp_path: Path) -> None:
    written, path = ingest_twins(tmp_path), tmp_path / "history" / "manifest.json"
    os.utime(path, (5, 5))
    delete_examples(tmp_path / "history")
    assert path.stat().st_mtime == 5  # when the log was read
    manifest = read_manifest(tmp_path / "history")
    assert manifest is not None
    assert (manifest.tables, manifest.source) == (written.tables, written.source)
    assert [note.code for note in manifest.notes] == [note.code for note in written.notes]
    assert {note.example for note in manifest.notes} == {""}
    delete_examples(tmp_path / "elsewhere")


def test_a_customer_erased_under_the_new_id_is_not_written_out_under_an_old_one(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(TWINS + "old-ann,never,5,9\nold-ann,2026-01-03,5,9\n")
    (tmp_path / "aliases.csv").write_text("old,new\nold-ann,ann\n")
    write_config(tmp_path, order_id="order", bad_lines=0.05)
    toml = (tmp_path / "flywheel.toml").read_text() + '\n[aliases]\npath = "aliases.csv"\nfrom = "old"\nto = "new"\n'
    (tmp_path / "flywheel.toml").write_text(toml)
    config = read_shop_config(tmp_path / "flywheel.toml")
    manifest = ingest(config, tmp_path / "history", select_erased=select("ann"))
    assert (manifest.tables[0].rejected, manifest.tables[0].customers) == (1, 50)
    with (tmp_path / "history" / "rejected.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == []
