"""Documented columns: the columns that examples of audiences name exist on a home with the default horizons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.scoring.column_catalogue import column_groups
from pipelines.steps.columns import DEFAULT_HORIZONS
from tests.docs.documented_commands import PAGES, ROOT
from training.inference.answers.answer import Horizons

DEMO_HORIZONS = Horizons(churn_days=28, ltv_days=(28, 91, 365))
DEMO_PAGES = {"docs/tutorials/a-campaign.md", "docs/quickstart.md", "README.md", "README.zh-CN.md"}
_COLUMN = re.compile(r'"column": "(\w+)"|--order-by -?(\w+)')
_COLUMN_LIST = re.compile(r'"columns": \[([^\]]*)\]')


def column_names(horizons: Horizons) -> set[str]:
    """The columns of the scores table of a shop without segments of its own."""
    return {column.name for columns in column_groups(horizons, (), has_feedback=True).values() for column in columns}


def columns_of(text: str) -> set[str]:
    """The columns that a page names in requests and options."""
    named = {name for names in _COLUMN.findall(text) for name in names if name}
    requests = "\n".join(line for line in text.splitlines() if '"tables"' not in line)  # the report of a run has others
    return named | {name for names in _COLUMN_LIST.findall(requests) for name in re.findall(r'"(\w+)"', names)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_columns_of_a_page_exist(page: Path) -> None:
    is_demo = page.relative_to(ROOT).as_posix() in DEMO_PAGES
    columns = columns_of(page.read_text(encoding="utf-8")) - {"customer_id", "preset_segment_abut_to_lapse"}
    produced_by_totals = {name for name in columns if name.startswith("purchase_probability_")}
    assert columns - produced_by_totals <= column_names(DEMO_HORIZONS if is_demo else DEFAULT_HORIZONS)


def test_columns_are_found_in_requests_and_options() -> None:
    text = '{"column": "churn_band", "columns": ["orders", "remind_on"]} --order-by -ltv_90d_mean --order-by status'
    assert columns_of(text) == {"churn_band", "orders", "remind_on", "ltv_90d_mean", "status"}


def test_the_example_of_an_option_that_runs_everywhere_names_no_horizon() -> None:
    page = (ROOT / "docs/tutorials/a-campaign.md").read_text(encoding="utf-8")
    options = [name for _, name in _COLUMN.findall(page) if name]
    assert options
    assert set(options) <= column_names(DEMO_HORIZONS) & column_names(DEFAULT_HORIZONS)
