from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from pipelines.init.layouts import LAYOUTS, recognize_layout
from tests.pipelines.init.drafting import draft, draft_file, ingested_totals
from tests.pipelines.init.simulated_orders import Export

EXPORTS = sorted(file.stem for file in (Path(__file__).parent / "exports").glob("*.py"))


def write_export(name: str, folder: Path) -> Export:
    export: Export = import_module(f"tests.pipelines.init.exports.{name}").write(folder)
    return export


def test_every_layout_has_an_export_that_it_is_tested_with() -> None:
    assert set(EXPORTS) == set(LAYOUTS)


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_is_ingested_to_the_shops_own_totals_without_an_edit(name: str, tmp_path: Path) -> None:
    files, totals = write_export(name, tmp_path)
    assert ingested_totals(draft_file(files, tmp_path), tmp_path / "history") == totals


@pytest.mark.parametrize("name", EXPORTS)
def test_a_draft_names_the_layout_that_it_recognized(name: str, tmp_path: Path) -> None:
    files, _ = write_export(name, tmp_path)
    assert f"Recognized: {LAYOUTS[name].title}." in draft(files, tmp_path).text


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_signature_belongs_to_one_layout(name: str) -> None:
    columns = [alternatives[0] for alternatives in LAYOUTS[name].signature]
    assert recognize_layout(columns) is LAYOUTS[name]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_names_customer_time_and_amount(name: str) -> None:
    assert {"customer_id", "ordered_at", "amount"} <= set(LAYOUTS[name].columns)


def test_the_tutorial_names_every_shop_system() -> None:
    page = (Path(__file__).parents[3] / "docs" / "tutorials" / "your-own-log.md").read_text()
    systems = {name.partition("_")[0] for name in LAYOUTS}
    assert {system for system in systems if system not in page.casefold()} == set()
