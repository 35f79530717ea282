"""Ledger verification: every key of the ledger in LMDB must be the one that its value was written under.

A flipped key is not found by a search, so a recorded no would become the default. A record whose key is right but whose
value is damaged does not stop the ledger: its customer counts as one who said no to everything.
"""

from __future__ import annotations

from zlib import crc32

import lmdb

from features.checksums import unseal
from features.consents.consent import LedgerRecord
from features.consents.lmdb_keys import (
    CHANGES,
    META,
    RECORDS,
    STATE_BYTES,
    TABLES,
    TOMBSTONES,
    key_digest,
    record_key,
    state_key,
)
from features.errors import InvalidStore
from features.storage.lmdb_structure import DamagedStructure


def verify_tables(environment: lmdb.Environment) -> None:
    """Verify all keys of the ledger, its tombstones and its metadata.

    Raises:
        DamagedStructure: a key is not the one of its value, or the change index does not fit the records.
        DamagedValue: a tombstone or a metadata value is damaged.
        InvalidStore: another version of Flywheel wrote other tables.
    """
    with environment.begin() as transaction:
        names = [name.decode(errors="replace") for name in transaction.cursor().iternext(values=False)]
        _refuse_other_tables(environment, names)
        tables = {name: environment.open_db(name.encode(), transaction, create=False) for name in names}
        if RECORDS in tables and CHANGES in tables:
            _compare_records(transaction, tables[RECORDS], tables[CHANGES])
        for name in {TOMBSTONES, META} & tables.keys():
            _verify_sealed(transaction, tables[name])


def count_damaged_records(transaction: lmdb.Transaction[bytes], table: lmdb._Database) -> int:
    """The number of records whose value is damaged."""
    with transaction.cursor(db=table) as cursor:
        return sum(LedgerRecord.from_bytes_if_intact(value) is None for value in cursor.iternext(keys=False))


def _refuse_other_tables(environment: lmdb.Environment, names: list[str]) -> None:
    """Fail closed on tables of another format: with new tables beside them, erased customers would come back."""
    unknown = sorted({*names} - {*TABLES})
    if unknown and {*names} & {*TABLES}:
        raise DamagedStructure("a table with another name than its own")
    if unknown:
        raise InvalidStore(
            f"Found the tables {', '.join(unknown)} among the consents in {environment.path()}; expected "
            f"{', '.join(TABLES)}. Another version of Flywheel wrote them: use that version, or start a new home and "
            "import the consents and erasures again."
        )


def _compare_records(transaction: lmdb.Transaction[bytes], records: lmdb._Database, changes: lmdb._Database) -> None:
    """Compare the keys of the records with their values, and with the change index by the sum of its checksums."""
    expected, damaged = 0, 0
    with transaction.cursor(db=records) as cursor:
        for key, value in cursor:
            record = LedgerRecord.from_bytes_if_intact(value)
            damaged += record is None
            if record is not None:
                if record_key(record.customer_id) != key or transaction.get(key, db=records) is None:
                    raise DamagedStructure("a record under another key than its own")
                expected += crc32(state_key(record.state) + key_digest(key))
    found = 0
    with transaction.cursor(db=changes) as cursor:
        for key, of_record in cursor:
            found += crc32(key)
            if key[STATE_BYTES:] != key_digest(of_record):
                raise DamagedStructure("an entry of the change index under another key than its own")
            if transaction.get(of_record, db=records) is None:  # its value may be damaged together with its key
                raise DamagedStructure("an entry of the change index without its record")
    entries = [transaction.stat(table)["entries"] for table in (records, changes)]
    if entries[0] != entries[1] or (not damaged and found != expected):
        raise DamagedStructure(f"{entries[0]:,} records and {entries[1]:,} entries of the change index that do not fit")


def _verify_sealed(transaction: lmdb.Transaction[bytes], table: lmdb._Database) -> None:
    with transaction.cursor(db=table) as cursor:
        for key, value in cursor:
            unseal(value, key)
            if transaction.get(key, db=table) is None:
                raise DamagedStructure("a key that a search does not find")
