"""LMDB inspection: reads an environment without its lock file, so that nothing in its folder changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from features.errors import InvalidStore
from features.storage.lmdb_file import DATA_FILE
from features.storage.lmdb_structure import DamagedStructure, meta_pages_problem, verify_structure

MAX_ATTEMPTS = 3


@contextmanager
def open_for_inspection(folder: Path, tables: int = 0) -> Iterator[lmdb.Environment | None]:
    """Yield the environment in a folder, opened for reading; None where the folder has none.

    Close it before a reader or writer of the same process opens it.

    Raises:
        InvalidStore: the environment cannot be opened or read, or is damaged.
    """
    path = folder / DATA_FILE
    if not path.is_file():
        yield None
        return
    try:
        if (found := meta_pages_problem(path)) is not None:
            raise DamagedStructure(found)
        with lmdb.open(str(folder), readonly=True, lock=False, create=False, max_dbs=tables) as environment:
            _verify(path, environment)
            yield environment
    except (OSError, ValueError, lmdb.Error) as error:
        raise InvalidStore(
            f"Found no way to read the store in {folder} ({error}); expected the files of an LMDB environment that "
            "this user may read, as they were written. Give this user access; if they are damaged, publish the "
            "features again, or restore the consents from a backup."
        ) from None


def _verify(path: Path, environment: lmdb.Environment) -> None:
    """Verify the structure; without the lock file a writer may reuse pages meanwhile, so a fault must show twice."""
    for attempt in range(MAX_ATTEMPTS):
        try:
            with environment.begin() as transaction:
                verify_structure(path, transaction)
                return
        except DamagedStructure:
            if attempt == MAX_ATTEMPTS - 1:
                raise
