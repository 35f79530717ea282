"""Who of an audience may be approached now? A page at a time, each checked against consent when it is produced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.arrays import Booleans
from serving.audiences.builder import MEMBER, Allowed
from serving.audiences.export.cursors import cursor, last_seen
from serving.audiences.export.member_store import members
from serving.audiences.query.scores_table import ID

EXPORTED = 50_000  # members looked at for each table of an export


@dataclass(frozen=True)
class Page:
    """Some members, in order."""

    rows: pa.Table  # customer_id, ``holdout`` where there is one, and the columns asked for
    left_out: int  # members of this page who may not be approached any more
    next: str | None  # the cursor of the next page; None on the last one


@dataclass(frozen=True)
class Reader:
    """Reads stored audiences."""

    folder: Path
    secret: bytes  # of the cursors

    def page(self, audience_id: str, given: str | None, size: int, allowed: Allowed) -> Page:
        """The members after a cursor.

        Args:
            audience_id: as ``members.store`` returned it.
            given: the cursor of the page before; None begins.
            size: the most members to look at; those left out count, so that a page may hold fewer, or none.
            allowed: asked about these members.

        Raises:
            NoSuchAudience: there is none of that id.
            BadCursor: the cursor is not of this audience.
        """
        everybody = members(self.folder, audience_id)
        begin = _after(everybody, last_seen(audience_id, given, self.secret))
        some = everybody.slice(begin, size)
        rows, left_out = _checked(some, allowed)
        more = begin + len(some) < len(everybody)
        following = cursor(audience_id, some.column(MEMBER)[-1].as_py(), self.secret) if more else None
        return Page(rows, left_out, following)

    def export(self, audience_id: str, allowed: Allowed) -> Iterator[pa.Table]:
        """All members who may be approached, in tables of which each is checked when it is taken; at least one.

        Raises:
            NoSuchAudience: there is none of that id.
        """
        everybody = members(self.folder, audience_id)
        for begin in range(0, max(len(everybody), 1), EXPORTED):
            yield _checked(everybody.slice(begin, EXPORTED), allowed)[0]


def _after(everybody: pa.Table, seen: int) -> int:
    """The first row of a member after an order number."""
    begin = 0
    for batch in everybody.column(MEMBER).chunks:
        within = int(np.searchsorted(batch.to_numpy(), seen, "right"))
        begin += within
        if within < len(batch):
            break
    return begin


def _checked(some: pa.Table, allowed: Allowed) -> tuple[pa.Table, int]:
    may: Booleans = np.asarray(allowed(some.column(ID).combine_chunks()), np.bool_)
    return some.drop_columns([MEMBER]).filter(pa.array(may)), len(may) - int(may.sum())
