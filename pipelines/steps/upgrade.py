"""Upgrade step: brings the files of a home to the format of this version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from features.online.backends import LMDB, resolve_location
from features.online.earlier_rows import add_checksums
from features.storage.home_format import HOME_FORMAT, home_format, record_home_format
from features.storage.private_files import restrict
from pipelines.home import Home
from training.registry.database import upgrade_database
from training.registry.relocation import relocate
from training.registry.unavailable import translate_failures


@dataclass(frozen=True)
class UpgradeSummary:
    """The formats before and after, and what changed."""

    found: int | None  # None for a home in which nothing was written yet
    format: int
    changed: tuple[str, ...]  # the parts of the home


def run(home: Home, report: Callable[[str], None]) -> UpgradeSummary:
    """Upgrade a home; the caller has the write lock. It is idempotent, so that an interrupted upgrade is completed.

    Raises:
        UnreadableHome: a newer version of Flywheel wrote the home.
    """
    found, changed = home_format(home.folder), []
    for name, step in _STEPS.items():
        report(f"upgrading {name}")
        if step(home):
            changed.append(name)
    record_home_format(home.folder)
    return UpgradeSummary(found, HOME_FORMAT, tuple(changed))


def _upgrade_mlflow(home: Home) -> bool:
    return upgrade_database(home.folder / "mlflow.db")


def _correct_locations(home: Home) -> bool:
    database = home.folder / "mlflow.db"
    if not database.is_file():
        return False
    with translate_failures(str(database)):
        return relocate(home.folder)


def _add_checksums(home: Home) -> bool:
    return home.online == LMDB and add_checksums(Path(resolve_location(LMDB, home.folder)))


def _restrict_access(home: Home) -> bool:
    return restrict(home.folder) > 0


_STEPS: dict[str, Callable[[Home], bool]] = {
    "MLflow's database": _upgrade_mlflow,
    "MLflow's locations": _correct_locations,
    "the checksums of features": _add_checksums,
    "the access of other users": _restrict_access,
}
