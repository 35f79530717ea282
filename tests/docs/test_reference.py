"""Generated reference: every page has tables, working links, and a meaning in each row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs._ext import configuration, environment
from docs._ext.reference import GENERATORS

ROOT = Path(__file__).parents[2]
EMPTY_MEANING = re.compile(r"^\|.*\|\s*\|$", re.MULTILINE)


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generated_page_has_tables(name: str) -> None:
    assert "| --- |" in GENERATORS[name]()


@pytest.mark.parametrize("name", GENERATORS)
def test_every_link_leads_to_a_section_of_the_same_page(name: str) -> None:
    page = GENERATORS[name]()
    targets = re.findall(r"^\(([^)]+)\)=$", page, re.MULTILINE)
    assert len(targets) == len(set(targets))
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(targets)


@pytest.mark.parametrize("name", ["cli", "configuration", "environment", "features", "plausibility", "scores-table"])
def test_every_row_has_a_meaning(name: str) -> None:
    assert not EMPTY_MEANING.findall(GENERATORS[name]())


def test_every_variable_in_the_code_is_documented() -> None:
    sources = [
        path for package in ("features", "training", "serving", "pipelines") for path in (ROOT / package).rglob("*.py")
    ]
    used_in_code = {
        name for path in sources for name in re.findall(r"FLYWHEEL_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8"))
    }
    assert used_in_code - set(re.findall(r"`(FLYWHEEL_\w+)`", environment.environment())) == set()


def test_the_sections_of_the_configuration_are_all_there() -> None:
    page = configuration.configuration()
    for section in ("[orders]", "[events]", "[business]", "[business.bands]", "[[business.lifecycle]]"):
        assert f"## `{section}`" in page
