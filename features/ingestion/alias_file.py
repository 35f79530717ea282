"""Alias file: the old ids of a history's customers, ``aliases.parquet`` beside its tables; absent without aliases."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from features.ingestion.erased_texts import ErasedSelector
from features.storage.atomic_files import atomic_write
from features.views import CUSTOMER_ID

ALIAS_FILE = "aliases.parquet"
_OLD_ID = "old_id"


def write_aliases(folder: Path, targets: Mapping[str, str], select_erased: ErasedSelector | None) -> None:
    """Write the canonical id that replaces each old one, without customers who are erased under the new id.

    The new id is the column ``customer_id``, so that an erasure deletes the rows as it does in every other table.
    """
    erased = set() if select_erased is None else set(select_erased({*targets.values()}))
    rows = sorted((old_id, new_id) for old_id, new_id in targets.items() if new_id not in erased)
    table = pa.table(
        {
            _OLD_ID: pa.array([old_id for old_id, _ in rows], pa.string()),
            CUSTOMER_ID: pa.array([new_id for _, new_id in rows], pa.string()),
        }
    )
    with atomic_write(folder / ALIAS_FILE) as temporary:
        pq.write_table(table, temporary)


def read_aliases(folder: Path) -> dict[str, str]:
    """The canonical id that replaces each old one; empty where the history has no aliases."""
    try:
        table = pq.read_table(folder / ALIAS_FILE)
    except FileNotFoundError:
        return {}
    return dict(zip(table[_OLD_ID].to_pylist(), table[CUSTOMER_ID].to_pylist(), strict=True))


def ids_of_customers(targets: Mapping[str, str], customer_ids: Collection[str]) -> list[str]:
    """All ids of the customers who have one of these, old or new: ascending, with those that have no alias."""
    current = {targets.get(customer_id, customer_id) for customer_id in customer_ids} | {*customer_ids}
    return sorted(current | {old_id for old_id, new_id in targets.items() if new_id in current})
