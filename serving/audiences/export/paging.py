"""Who of an audience may be approached now? A page at a time, each checked against consent when it is produced."""

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

EXPORT_BATCH_SIZE = 50_000  # members looked at for each table of an export


@dataclass(frozen=True)
class Page:
    """Some members, in order."""

    rows: pa.Table  # customer_id, ``holdout`` where there is one, and the columns asked for
    excluded_by_consent: int  # members of this page who may not be approached any more
    next: str | None  # the cursor of the next page; None on the last one


@dataclass(frozen=True)
class AudienceReader:
    """Reads stored audiences."""

    folder: Path
    secret: bytes  # of the cursors

    def page(self, audience_id: str, page_cursor: str | None, size: int, allowed: ConsentCheck) -> Page:
        """The members after a cursor.

        Args:
            audience_id: as ``members.store`` returned it.
            page_cursor: the cursor of the page before; None begins.
            size: the most members to look at; those left out count, so that a page may hold fewer, or none.
            allowed: asked about these members.

        Raises:
            AudienceNotFound: there is none of that id.
            InvalidCursor: the cursor is not of this audience.
        """
        everybody = read_members(self.folder, audience_id)
        begin = _first_row_after(everybody, decode_cursor(audience_id, page_cursor, self.secret))
        some = everybody.slice(begin, size)
        rows, left_out = _consented_rows(some, allowed)
        more = begin + len(some) < len(everybody)
        following = encode_cursor(audience_id, some.column(MEMBER_COLUMN)[-1].as_py(), self.secret) if more else None
        return Page(rows, left_out, following)

    def export(self, audience_id: str, allowed: ConsentCheck) -> Iterator[pa.Table]:
        """All members who may be approached, in tables of which each is checked when it is taken; at least one.

        Raises:
            AudienceNotFound: there is none of that id.
        """
        everybody = read_members(self.folder, audience_id)
        for begin in range(0, max(len(everybody), 1), EXPORT_BATCH_SIZE):
            yield _consented_rows(everybody.slice(begin, EXPORT_BATCH_SIZE), allowed)[0]


def _first_row_after(members_table: pa.Table, last_member: int) -> int:
    """The first row of a member after an order number."""
    begin = 0
    for batch in members_table.column(MEMBER_COLUMN).chunks:
        within = int(np.searchsorted(batch.to_numpy(), last_member, "right"))
        begin += within
        if within < len(batch):
            break
    return begin


def _consented_rows(table: pa.Table, allowed: ConsentCheck) -> tuple[pa.Table, int]:
    may: Booleans = np.asarray(allowed(table.column(ID_COLUMN).combine_chunks()), np.bool_)
    return table.drop_columns([MEMBER_COLUMN]).filter(pa.array(may)), len(may) - int(may.sum())
