"""Segment cards: the preset segments with their sizes, and how the sizes changed since the week before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from serving.audiences.preset_sizes import ABOUT_TO_LAPSE, PresetSizes
from serving.growth.segment_sizes import SegmentSizes, first_comparison, sizes_a_week_before

# The preset segments in the order of the cards; others that a table has follow.
CARD_ORDER = (
    "high_potential_newcomer",
    "active_regular",
    ABOUT_TO_LAPSE,
    "due_for_replenishment",
    "price_sensitive",
)


@dataclass(frozen=True)
class SegmentCard:
    """A preset segment: its size, and the difference from its size in the week before."""

    name: str
    count: int | None  # None for fewer than are told
    change: int | None  # None where one of the two sizes is not told


@dataclass(frozen=True)
class SegmentCards:
    """The preset segments in the order of their cards."""

    cards: tuple[SegmentCard, ...]
    compared_with: date | None  # the day of the sizes before; None where there are none
    first_change_on: date | None  # the first day with a change; None where nothing was recorded yet

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the segments."""
        return tuple(card.name for card in self.cards)


def segment_cards(sizes: PresetSizes, nights: Sequence[SegmentSizes], scored_on: date, smallest: int) -> SegmentCards:
    """The cards of a scores table.

    Args:
        sizes: the sizes at this moment.
        nights: the sizes of past nights.
        scored_on: the day of the scores.
        smallest: a size of fewer customers is not told, and neither is a difference from it.
    """
    before = sizes_a_week_before(nights, scored_on)
    ranks = {name: rank for rank, name in enumerate(CARD_ORDER)}
    ordered = sorted(sizes.sizes, key=lambda size: ranks.get(size.name, len(ranks)))
    return SegmentCards(
        cards=tuple(
            SegmentCard(size.name, size.count, _change(size.count, size.name, before, smallest)) for size in ordered
        ),
        compared_with=None if before is None else before.day,
        first_change_on=first_comparison(nights, scored_on),
    )


def _change(count: int | None, name: str, before: SegmentSizes | None, smallest: int) -> int | None:
    earlier = None if before is None else before.sizes.get(name)
    return None if count is None or earlier is None or earlier < smallest else count - earlier
