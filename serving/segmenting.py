"""To whom do these customers belong? From the scores that everybody got last, and the consents of this moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from features.errors import Unreachable
from serving.audiences.columns import Columns, ScoresFile
from serving.audiences.refusals import BadScores
from serving.permission import Permission
from serving.segments.book import Book
from serving.segments.telling import NAMES, NOT_SCORED, segment


class Segments:
    """The segments of customers, for answers."""

    def __init__(self, scores: ScoresFile, permission: Permission) -> None:
        self._scores = scores
        self._permission = permission
        self._book: Book | None = None

    async def of(self, customer_ids: Sequence[str], now: int) -> list[dict[str, Any]]:
        """What is said of each, in the order asked for; nothing but that of one who was not scored."""
        book = self._opened()
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

    def _opened(self) -> Book | None:
        """The scores that are there now; None where nobody has been scored."""
        try:
            columns: Columns = self._scores.columns()
        except BadScores:
            return None
        if self._book is None or self._book.columns is not columns:
            self._book = Book(columns, NAMES)
        return self._book
