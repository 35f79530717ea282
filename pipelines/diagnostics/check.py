"""Check: one small inspection of a home or its machine, with what is expected and the remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from features.errors import FlywheelError
from pipelines.diagnostics.surroundings import Surroundings

Level = Literal["ok", "warning", "problem"]
LEVELS: tuple[Level, ...] = ("ok", "warning", "problem")


class Finding(NamedTuple):
    """What a check found, and how bad it is."""

    level: Level
    found: str


@dataclass(frozen=True)
class Check:
    """A check: where it belongs, what is expected, what to do otherwise, and the function that looks."""

    area: str
    name: str
    expected: str
    remedy: str
    inspect: Callable[[Surroundings], Finding]


@dataclass(frozen=True)
class CheckResult:
    """The result of a check, with the remedy that helps if it is not ok."""

    area: str
    name: str
    level: Level
    found: str
    expected: str
    remedy: str


def check(area: str, name: str, *, expected: str, remedy: str) -> Callable[[Callable[[Surroundings], Finding]], Check]:
    """Make a check of a function."""
    return lambda inspect: Check(area, name, expected, remedy, inspect)


def run_check(checked: Check, surroundings: Surroundings) -> CheckResult:
    """Run one check; an error is a problem, so that one broken part never hides the others."""
    try:
        finding = checked.inspect(surroundings)
    except FlywheelError as error:
        finding = problem(str(error))
    except Exception as error:  # noqa: BLE001 -- damaged files can raise anything, and the other checks must go on
        finding = problem(f"it could not be checked ({type(error).__name__}: {error})")
    return CheckResult(checked.area, checked.name, finding.level, finding.found, checked.expected, checked.remedy)


def ok(found: str) -> Finding:
    """Everything is as expected."""
    return Finding("ok", found)


def warning(found: str) -> Finding:
    """Answers or commands may suffer."""
    return Finding("warning", found)


def problem(found: str) -> Finding:
    """Something does not work, or is not safe."""
    return Finding("problem", found)


def worst_level(results: Iterable[CheckResult]) -> Level:
    """The worst level among the results; ok without any."""
    return max((result.level for result in results), key=LEVELS.index, default="ok")
