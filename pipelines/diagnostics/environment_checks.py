"""Environment checks: Python, the installed packages, the OpenMP library and the environment variables."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from pipelines.diagnostics.check import Finding, check, ok, problem, warning
from pipelines.diagnostics.surroundings import Surroundings
from pipelines.environment import PREFIX, unknown_variables

_SHOWN_PACKAGES = ("duckdb", "feast", "mlflow", "lightgbm", "bentoml")


@check("environment", "Python", expected="Python 3.11 or newer", remedy="Install a newer Python, then `make setup`")
def python(_surroundings: Surroundings) -> Finding:
    """The version of Python."""
    found = f"Python {platform.python_version()} on {platform.system()}"
    return ok(found) if sys.version_info >= (3, 11) else problem(found)


@check(
    "environment",
    "packages",
    expected="the versions that requirements.in allows",
    remedy="Install them with `make setup`, or `pip install -r requirements.txt`",
)
def packages(_surroundings: Surroundings) -> Finding:
    """The versions of all packages that the project requires."""
    try:
        required = [Requirement(text) for text in requires("flywheel") or ()]
    except PackageNotFoundError:
        return warning("Flywheel runs from its files, without an installation")
    faults = [fault for requirement in required if (fault := _version_fault(requirement))]
    if faults:
        return problem("; ".join(faults))
    shown = ", ".join(f"{name} {version(name)}" for name in _SHOWN_PACKAGES)
    return ok(f"Flywheel {version('flywheel')} with {len(required)} packages, among them {shown}")


def _version_fault(requirement: Requirement) -> str | None:
    try:
        installed = version(requirement.name)
    except PackageNotFoundError:
        return f"{requirement.name} is missing"
    is_allowed = requirement.specifier.contains(installed, prereleases=True)
    return None if is_allowed else f"{requirement.name} {installed} instead of {requirement.specifier}"


@check(
    "environment",
    "OpenMP library",
    expected="libgomp.so.1, which LightGBM links",
    remedy="Install it: `apt-get install libgomp1`",
)
def openmp_library(_surroundings: Surroundings) -> Finding:
    """The library without which LightGBM cannot be imported."""
    if platform.system() != "Linux":
        return ok(f"not needed on {platform.system()}")
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError as error:
        return problem(f"it cannot be loaded ({error})")
    return ok("libgomp.so.1")


@check(
    "environment",
    "variables",
    expected=f"only variables that Flywheel knows begin with {PREFIX}",
    remedy="Correct or remove the variable; the environment reference lists all",
)
def variables(_surroundings: Surroundings) -> Finding:
    """Misspelt environment variables, which would be ignored without a word."""
    if unknown := unknown_variables():
        return warning("; ".join(unknown))
    given = sorted(name for name in os.environ if name.startswith(PREFIX))
    return ok(", ".join(given) or "none is set, so defaults apply")


ENVIRONMENT_CHECKS = (python, packages, openmp_library, variables)
