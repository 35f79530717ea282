from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.init.layouts import LAYOUTS, recognize_layout
from tests.pipelines.init.drafting import draft, draft_file, ingested_totals
from tests.pipelines.init.layout_exports import WRITERS


def test_every_layout_has_an_export_that_it_is_tested_with() -> None:
    assert set(WRITERS) == set(LAYOUTS)


@pytest.mark.parametrize("name", WRITERS)
def test_an_export_is_ingested_to_the_shops_own_totals_without_an_edit(name: str, tmp_path: Path) -> None:
    files, totals = WRITERS[name](tmp_path)
    assert ingested_totals(draft_file(files, tmp_path), tmp_path / "history") == totals


@pytest.mark.parametrize("name", WRITERS)
def test_a_draft_names_the_layout_that_it_recognized(name: str, tmp_path: Path) -> None:
    files, _ = WRITERS[name](tmp_path)
    assert f"Recognized: {LAYOUTS[name].title}." in draft(files, tmp_path).text


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_signature_belongs_to_one_layout(name: str) -> None:
    columns = [alternatives[0] for alternatives in LAYOUTS[name].signature]
    assert recognize_layout(columns) is LAYOUTS[name]


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_names_customer_time_and_amount(name: str) -> None:
    assert {"customer_id", "ordered_at", "amount"} <= set(LAYOUTS[name].columns)
