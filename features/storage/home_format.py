"""Home format: the number of the layout of a home's files, so that a version that cannot read them says so."""

from __future__ import annotations

import json
from pathlib import Path

from features.errors import FlywheelError
from features.storage.atomic_files import replace_private

HOME_FORMAT = 1  # raised with every change that needs a step in pipelines/steps/upgrade.py
UNNUMBERED = 0  # of homes that were made before there were numbers
_FORMAT_FILE = "format"
_WRITTEN_UNDER_LOCK = ("history", "features", "releases", "scores.parquet")


class UnreadableHome(FlywheelError):
    """The home has a format that this version does not know."""


def home_format(home: Path) -> int | None:
    """Read the format of a home; None before the first writer.

    Raises:
        UnreadableHome: the file with the number is damaged.
    """
    path = home / _FORMAT_FILE
    try:
        return int(json.loads(path.read_bytes())["format"])
    except (FileNotFoundError, NotADirectoryError):  # the write lock says that a file is no home
        return UNNUMBERED if any((home / name).exists() for name in _WRITTEN_UNDER_LOCK) else None
    except (OSError, ValueError, KeyError, TypeError):
        raise UnreadableHome(
            f'Found no number in {path}; expected {{"format": {HOME_FORMAT}}}. Restore the file from a backup, or '
            "remove it and run `flywheel home upgrade`."
        ) from None


def check_home_format(home: Path) -> None:
    """Check that this version can read a home.

    Raises:
        UnreadableHome: a newer version of Flywheel wrote it, or the file with the number is damaged.
    """
    found = home_format(home)
    if found is not None and found > HOME_FORMAT:
        raise UnreadableHome(
            f"Found format {found} in {home}; expected {HOME_FORMAT} or less. A newer version of Flywheel wrote this "
            "home: install that version or a newer one, or restore a backup that this version made."
        )


def record_home_format(home: Path) -> None:
    """Write the format of this version, after every file of the home has it."""
    replace_private(home / _FORMAT_FILE, json.dumps({"format": HOME_FORMAT}).encode())
