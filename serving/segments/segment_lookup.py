"""To whom do these customers belong? From the scores that everybody got last, and the consents of this moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from features.errors import Unreachable
from serving.audiences.errors import BadScores
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.predictions.consent_gate import Permission
from serving.segments.row_lookup import Book
from serving.segments.serializer import NAMES, NOT_SCORED, segment

PATIENCE_SECONDS = 0.25  # for newer scores, while older ones could be told from


class Segments:
    """The segments of customers, for answers."""

    def __init__(self, scores: ScoresFile, permission: Permission) -> None:
        self._scores = scores
        self._permission = permission
        self._book: Book | None = None
        self._tried: Columns | None = None
        self._reading: asyncio.Task[None] | None = None

    async def of(self, customer_ids: Sequence[str], now: int) -> list[dict[str, Any]]:
        """What is said of each, in the order asked for; nothing but that of one who was not scored."""
        book = await self._opened()
        rows = [None] * len(customer_ids) if book is None else [book.told(one) for one in customer_ids]
        ranked = {place: row["channel_ranking"] for place, row in enumerate(rows) if row and row.get("channel_ranking")}
        channels = dict(zip(ranked, await self._granted(customer_ids, ranked, now), strict=True)) if ranked else {}
        return [
            dict(NOT_SCORED) if row is None else segment(row, channels.get(place, [])) for place, row in enumerate(rows)
        ]

    async def _granted(self, customer_ids: Sequence[str], ranked: dict[int, list[str]], now: int) -> list[list[str]]:
        """On which of their channels customers may be written to; on none while nobody can say."""
        ledger, asked = self._permission.ledger, [customer_ids[place] for place in ranked]
        try:
            return await self._permission.ask(lambda: ledger.channels(asked, [*ranked.values()], now))
        except Unreachable:
            return [[] for _ in ranked]

    async def _opened(self) -> Book | None:
        """The scores that are there now, or those before while these are read; None where nobody has been scored."""
        try:
            columns = self._scores.columns()
        except BadScores:
            return None
        if columns is not self._tried:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read(columns))
            await asyncio.wait([self._reading], timeout=None if self._book is None else PATIENCE_SECONDS)
        return self._book

    async def _read(self, columns: Columns) -> None:
        """In a thread: a million customers take seconds, in which everybody else is answered."""
        try:
            self._book = await asyncio.to_thread(Book, columns, NAMES)
            self._tried = columns
        except (BadScores, TypeError):  # damaged, or of columns that are not ours
            self._book, self._tried = None, columns
        finally:
            self._reading = None
