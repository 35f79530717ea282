"""Pagination: members are read a page at a time after a cursor, and each page is checked for consent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.arrays import Booleans
from serving.audiences.builder import MEMBER_COLUMN, ConsentCheck
from serving.audiences.export.cursors import decode_cursor, encode_cursor
from serving.audiences.export.member_store import read_members
from serving.audiences.query.scores_table import ID_COLUMN

EXPORT_BATCH_SIZE = 50_000  # members checked for each table of an export


@dataclass(frozen=True)
class Page:
    """A page of members, in order."""

    rows: pa.Table  # customer_id, ``holdout`` if there is one, and the requested columns
    excluded_by_consent: int  # members of this page who may no longer be approached
    next: str | None  # the cursor of the next page; None on the last one


@dataclass(frozen=True)
class AudienceReader:
    """Reads the members of stored audiences."""

    folder: Path
    secret: bytes  # the key of the cursors

    def page(self, audience_id: str, page_cursor: str | None, size: int, allowed: ConsentCheck) -> Page:
        """Return the members after a cursor.

        Args:
            audience_id: as ``store_audience`` returned it.
            page_cursor: the cursor of the previous page; None starts with the first.
            size: the maximum number of members to check; excluded ones count, so a page may hold fewer, or none.
            allowed: the consent check for these members.

        Raises:
            AudienceNotFound: no audience is stored under this id.
            InvalidCursor: the cursor was not issued for this audience.
        """
        members = read_members(self.folder, audience_id)
        begin = _first_row_after(members, decode_cursor(audience_id, page_cursor, self.secret))
        batch = members.slice(begin, size)
        rows, excluded = _consented_rows(batch, allowed)
        more = begin + len(batch) < len(members)
        next_cursor = encode_cursor(audience_id, batch.column(MEMBER_COLUMN)[-1].as_py(), self.secret) if more else None
        return Page(rows, excluded, next_cursor)

    def export(self, audience_id: str, allowed: ConsentCheck) -> Iterator[pa.Table]:
        """Yield all members who may be approached, in one or more tables, each checked when it is produced.

        Raises:
            AudienceNotFound: no audience is stored under this id.
        """
        members = read_members(self.folder, audience_id)
        for begin in range(0, max(len(members), 1), EXPORT_BATCH_SIZE):
            yield _consented_rows(members.slice(begin, EXPORT_BATCH_SIZE), allowed)[0]


def _first_row_after(members_table: pa.Table, last_member: int) -> int:
    """Return the first row with an order number above ``last_member``."""
    begin = 0
    for batch in members_table.column(MEMBER_COLUMN).chunks:
        offset = int(np.searchsorted(batch.to_numpy(), last_member, "right"))
        begin += offset
        if offset < len(batch):
            break
    return begin


def _consented_rows(table: pa.Table, allowed: ConsentCheck) -> tuple[pa.Table, int]:
    mask: Booleans = np.asarray(allowed(table.column(ID_COLUMN).combine_chunks()), np.bool_)
    return table.drop_columns([MEMBER_COLUMN]).filter(pa.array(mask)), len(mask) - int(mask.sum())
