"""View of feedback: topics of the last weeks as shaded tables, and how sure the counts are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from serving.schemas.feedback import FeedbackEvidence, NegativeShare, TopicCell, TopicsResponse

SHOWN_WEEKS, SHADES = 8, 4
TABLES: tuple[Literal["negative", "positive"], ...] = ("negative", "positive")


@dataclass(frozen=True)
class ShadedCount:
    """Texts of one week; None for too few customers. The shade is 0 to 4, by the largest count of the table."""

    texts: int | None
    shade: int


@dataclass(frozen=True)
class HeatMap:
    """The counts of one sentiment, by topic and week."""

    sentiment: str
    rows: tuple[tuple[str, tuple[ShadedCount, ...]], ...]  # a topic and its weeks


@dataclass(frozen=True)
class FeedbackView:
    """What the page shows of what customers wrote."""

    weeks: tuple[date, ...]
    heat_maps: tuple[HeatMap, ...]
    shares: tuple[NegativeShare, ...]  # those that can be told
    evidence: tuple[FeedbackEvidence, ...]
    smallest: int


def feedback_view(answer: TopicsResponse) -> FeedbackView:
    """The newest weeks of an answer, with one table for each sentiment."""
    weeks = tuple(sorted({cell.week for cell in answer.cells})[-SHOWN_WEEKS:])
    return FeedbackView(
        weeks=weeks,
        heat_maps=tuple(_heat_map([cell for cell in answer.cells if cell.week in weeks], name) for name in TABLES),
        shares=tuple(share for share in answer.negative_shares if share.observed is not None),
        evidence=tuple(answer.evidence),
        smallest=answer.smallest,
    )


def _heat_map(cells: list[TopicCell], sentiment: str) -> HeatMap:
    counts = {(cell.topic, cell.week): cell.texts for cell in cells if cell.sentiment == sentiment}
    # All texts are more than those of any topic, and would leave the topics pale.
    most = max([count or 0 for (topic, _), count in counts.items() if topic != "all"], default=0)
    topics = dict.fromkeys(topic for topic, _ in counts)
    rows = (
        (topic, tuple(_shade(count, most) for (each, _), count in sorted(counts.items()) if each == topic))
        for topic in topics
    )
    return HeatMap(sentiment, tuple(rows))


def _shade(count: int | None, most: int) -> ShadedCount:
    return ShadedCount(count, 0 if not count else min(SHADES, -(-SHADES * count // max(most, 1))))
