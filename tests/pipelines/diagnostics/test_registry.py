"""Check registry: laws of all checks, and what happens on an empty folder and when a check breaks."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from features.errors import InvalidStore
from pipelines import diagnostics
from pipelines.diagnostics.check import Check, CheckResult, Finding, check, run_check, worst_level
from pipelines.diagnostics.registry import CHECKS, run_checks
from pipelines.diagnostics.surroundings import Surroundings
from tests.pipelines.diagnostics.surroundings import surroundings_of


@pytest.mark.parametrize("each", CHECKS, ids=lambda each: f"{each.area}-{each.name}")
def test_every_check_says_what_is_expected_and_the_remedy(each: Check) -> None:
    for text in (each.area, each.name, each.expected, each.remedy, each.inspect.__doc__ or ""):
        assert len(text) > 2
    assert not each.expected.endswith(".")
    assert not each.remedy.endswith(".")
    assert each.remedy[0].isupper() or each.remedy[0] == "`"


def test_every_check_that_is_written_is_run() -> None:
    modules = [import_module(f"{diagnostics.__name__}.{module.name}") for module in iter_modules(diagnostics.__path__)]
    written = {value for module in modules for value in vars(module).values() if isinstance(value, Check)}
    assert set(CHECKS) == written
    assert len({(each.area, each.name) for each in CHECKS}) == len(CHECKS)


def test_an_empty_folder_has_no_problem_and_stays_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = run_checks(
        Surroundings(surroundings_of(Path()).home, Path("flywheel.toml"), surroundings_of(tmp_path).now)
    )
    assert {f"{result.area} {result.name}" for result in results if result.level != "ok"} == {
        "home configuration",
        "home folder",
        "stores champion",
    }
    assert worst_level(results) == "warning"
    assert list(tmp_path.iterdir()) == []


def broken_check(error: Exception) -> Check:
    def inspect(_surroundings: Surroundings) -> Finding:
        raise error

    return check("stores", "shelf", expected="a store", remedy="Repair it")(inspect)


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (InvalidStore("Found no store. Expected one."), "Found no store. Expected one."),
        (KeyError("as_of"), "it could not be checked (KeyError: 'as_of')"),
    ],
)
def test_a_check_that_fails_is_a_problem_and_the_others_go_on(tmp_path: Path, error: Exception, found: str) -> None:
    assert run_check(broken_check(error), surroundings_of(tmp_path)) == CheckResult(
        "stores", "shelf", "problem", found, "a store", "Repair it"
    )
