"""Earlier rows: a store of a version without checksums gets them, so that it answers before a publication."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import lmdb

from features.online.codec import with_checksum
from features.online.key_tally import TALLY_KEY, KeyTally
from features.online.lmdb import ONLINE
from features.storage.lmdb_file import DATA_FILE, LmdbFile

_UNVERIFIED = replace(ONLINE, verify=None)


def add_checksums(folder: Path) -> bool:
    """Add checksums to the LMDB store in a folder; returns whether it had none. All of it or nothing is written.

    The caller has the write lock of the home, and no reader of this process has the store open.

    Raises:
        StoreDamaged: the pages of the file are not as LMDB wrote them.
        NoSpaceLeft: there is no space for the larger rows.
    """
    if not (folder / DATA_FILE).is_file():
        return False
    with LmdbFile(folder, _UNVERIFIED).transaction(write=True) as transaction:
        if transaction.get(TALLY_KEY) is not None:
            return False
        for key, row in [*_earlier_rows(transaction)]:
            transaction.put(key, with_checksum(row))
        KeyTally.of_keys(transaction).write(transaction)
    return True


def _earlier_rows(transaction: lmdb.Transaction[bytes]) -> Iterator[tuple[bytes, bytes]]:
    with transaction.cursor() as cursor:
        yield from ((key, row) for key, row in cursor if with_checksum(row) != row)
