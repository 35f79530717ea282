"""Key tally: the sum of the checksums of all keys; without it a flipped key would be an unknown customer."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

import lmdb

from features.checksums import seal, unseal

TALLY_KEY = b"\0tally"  # no view has an empty name


class KeyTally:
    """The number and the sum of the CRC-32 of all keys but its own, kept up by every write."""

    def __init__(self, keys: int, total: int) -> None:
        self.keys = keys
        self.total = total

    @classmethod
    def read(cls, transaction: lmdb.Transaction[bytes]) -> KeyTally:
        """The stored tally; for a store without one, that of its keys now.

        Raises:
            DamagedValue: the tally itself is damaged.
        """
        stored = transaction.get(TALLY_KEY)
        if stored is None:
            return cls.of_keys(transaction)
        keys, total = unseal(stored, TALLY_KEY).split()
        return cls(int(keys), int(total))

    @classmethod
    def of_keys(cls, transaction: lmdb.Transaction[bytes]) -> KeyTally:
        """The tally of the keys that a transaction finds."""
        with transaction.cursor() as cursor:
            tally = cls(transaction.stat()["entries"], sum(map(crc32, cursor.iternext(values=False))))
        if transaction.get(TALLY_KEY) is not None:
            tally.remove(TALLY_KEY)
        return tally

    def add(self, keys: Iterable[bytes]) -> None:
        """Count keys that were not there."""
        checksums = list(map(crc32, keys))
        self.keys, self.total = self.keys + len(checksums), self.total + sum(checksums)

    def remove(self, key: bytes) -> None:
        """Count off a key that was there."""
        self.keys, self.total = self.keys - 1, self.total - crc32(key)

    def write(self, transaction: lmdb.Transaction[bytes]) -> None:
        """Store the tally."""
        transaction.put(TALLY_KEY, seal(b"%d %d" % (self.keys, self.total), TALLY_KEY))


def verify_keys(environment: lmdb.Environment) -> None:
    """Compare the keys with their tally.

    Raises:
        ValueError: they differ, or the tally is damaged or missing.
    """
    with environment.begin() as transaction:
        found = KeyTally.of_keys(transaction)
        if transaction.get(TALLY_KEY) is None:
            if found.keys:
                raise ValueError(f"{found.keys:,} keys without a tally, as of an earlier version")
            return
        expected = KeyTally.read(transaction)
        if (found.keys, found.total) != (expected.keys, expected.total):
            raise ValueError(f"{found.keys:,} keys, which are not the {expected.keys:,} that were written")
