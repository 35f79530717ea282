"""LMDB inspection: reads an environment without its lock file, so that nothing in its folder changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from features.errors import InvalidStore


@contextmanager
def open_for_inspection(folder: Path, tables: int = 0) -> Iterator[lmdb.Environment | None]:
    """Yield the environment in a folder, opened for reading; None where the folder has none.

    Close it before a reader or writer of the same process opens it.

    Raises:
        InvalidStore: the environment cannot be opened or read.
    """
    if not (folder / "data.mdb").is_file():
        yield None
        return
    try:
        with lmdb.open(str(folder), readonly=True, lock=False, create=False, max_dbs=tables) as environment:
            yield environment
    except (OSError, lmdb.Error) as error:
        raise InvalidStore(
            f"Found no way to read the store in {folder} ({error}); expected the files of an LMDB environment that "
            "this user may read. Give this user access, or restore them from a backup."
        ) from None
