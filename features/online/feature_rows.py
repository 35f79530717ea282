"""Feature rows: the stored features of some customers as one NumPy matrix and a few ragged lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from features.arrays import Booleans, Floats, Integers


@dataclass(frozen=True, kw_only=True)
class RaggedList:
    """A short list per customer; the values of customer i are ``values[offsets[i]:offsets[i + 1]]``."""

    offsets: Integers  # (n + 1,)
    values: Floats  # (offsets[-1],)

    def rows(self, first: int, last: int) -> RaggedList:
        """The lists of customers ``first`` to ``last - 1``."""
        offsets = self.offsets[first : last + 1]
        return RaggedList(offsets=offsets - offsets[0], values=self.values[offsets[0] : offsets[-1]])


@dataclass(frozen=True, kw_only=True)
class FeatureRows:
    """The stored features of n customers, in the requested order, each with its own time."""

    customer_ids: Sequence[str]
    known: Booleans  # (n,) False: nothing is stored
    features_at: Integers  # (n,) microseconds since 1970 UTC, 0 where unknown
    columns: tuple[str, ...]  # names of the matrix' columns
    matrix: Floats  # (n, len(columns)) NaN where null or unknown
    lists: dict[str, RaggedList]
    damaged: Booleans | None = None  # (n,) True: stored, but not as it was written, so not known; None for none at all

    def __len__(self) -> int:
        return len(self.customer_ids)

    def column(self, name: str) -> Floats:
        """One stored feature, (n,). Raises ValueError for an unknown column."""
        return self.matrix[:, self.columns.index(name)]

    def rows(self, first: int, last: int) -> FeatureRows:
        """The rows of customers ``first`` to ``last - 1``."""
        return FeatureRows(
            customer_ids=self.customer_ids[first:last],
            known=self.known[first:last],
            features_at=self.features_at[first:last],
            columns=self.columns,
            matrix=self.matrix[first:last],
            lists={name: ragged.rows(first, last) for name, ragged in self.lists.items()},
            damaged=None if self.damaged is None else self.damaged[first:last],
        )
