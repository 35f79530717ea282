"""Tag checks: damaged states, tools that are no longer configured, and exports that nobody confirms."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from features.calendar import micros
from features.config.tags import TagsConfig
from pipelines.diagnostics.tag_checks import tags
from serving.tags.destinations import record_destinations
from serving.tags.tag_state import TagState
from serving.tags.tag_state_file import state_path, write_state
from tests.pipelines.diagnostics.surroundings import NOW, level_and_found, result_of
from tests.serving.tags.test_tag_state import begin

HOME = ".flywheel"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / HOME).mkdir()
    record_destinations(tmp_path / HOME, {"crm": TagsConfig(channel="email")})
    return tmp_path / HOME


def write_export(home: Path, *, days_ago: int, confirmed: bool) -> None:
    state = begin(TagState.empty(), {"ann": frozenset({"fw:churn:low"})}, at=micros(NOW - timedelta(days=days_ago)))
    write_state(state_path(home, "crm"), state.confirm(np.zeros(1, np.bool_)) if confirmed else state)


def test_a_tool_whose_export_is_confirmed_is_fine(home: Path) -> None:
    assert level_and_found(tags, home.parent) == ("ok", "no tool has tags")
    write_export(home, days_ago=9, confirmed=True)
    assert level_and_found(tags, home.parent) == ("ok", "crm has tags of 1 recipient")


def test_an_export_that_nobody_confirms_for_days_is_named(home: Path) -> None:
    write_export(home, days_ago=1, confirmed=False)
    assert level_and_found(tags, home.parent)[0] == "ok"
    write_export(home, days_ago=3, confirmed=False)
    found = "crm has tags of 1 recipient; not confirmed for days: crm"
    assert level_and_found(tags, home.parent) == ("warning", found)


def test_tags_of_a_tool_that_is_no_longer_configured_are_named(home: Path) -> None:
    write_export(home, days_ago=9, confirmed=True)
    record_destinations(home, {})
    assert level_and_found(tags, home.parent) == (
        "warning",
        "crm has tags of 1 recipient; no section of [tags] has crm",
    )


def test_a_damaged_state_is_a_problem(home: Path) -> None:
    (home / "tags" / "crm.parquet").write_bytes(b"PAR1")
    result = result_of(tags, home.parent)
    assert result.level == "problem"
    assert "delete these groups of tags in the tool, remove the file, and export all tags again" in result.found
