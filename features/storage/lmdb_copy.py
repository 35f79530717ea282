"""LMDB copy: a compacted copy of an environment at one moment, made while others read and write it.

A copy has no free pages, so nothing of what was deleted before. It is made in a process of its own, because a process
may open an LMDB file once only, and the caller may have it open.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lmdb

from features.errors import InvalidStore


def copy_environment(source: Path, target: Path) -> None:
    """Copy the environment in a folder to a new folder.

    Raises:
        InvalidStore: it cannot be read, or there is no space for the copy.
    """
    target.mkdir(parents=True)
    command = [sys.executable, "-m", __name__, str(source.resolve()), str(target.resolve())]
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - this module
    if result.returncode:
        reason = result.stderr.strip().rpartition("\n")[2]
        raise InvalidStore(
            f"Found no way to copy the store in {source} ({reason}); expected the files of an LMDB environment that "
            "this user may read, and space for a copy. `flywheel doctor` looks at the store."
        )


def _main(source: str, target: str) -> None:
    with lmdb.open(source, readonly=True, create=False) as environment:
        environment.copy(target, compact=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
