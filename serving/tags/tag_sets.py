"""Tag sets: the tags of n recipients, each as a code into the list of distinct sets.

A shop of a million customers has a few thousand distinct sets, so that set operations run once for each distinct pair.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from features.arrays import Booleans, Integers, RowIndices

TagSet = frozenset[str]
EMPTY: TagSet = frozenset()
_SEPARATOR = "\n"  # no key has a line break: names in the configuration are printable


@dataclass(frozen=True)
class TagSets:
    """The tags of n recipients."""

    codes: Integers  # (n,) index into ``sets``
    sets: tuple[TagSet, ...]  # distinct; the first one is empty

    @classmethod
    def empty(cls, count: int) -> TagSets:
        """Return the tags of ``count`` recipients who have none."""
        return cls(np.zeros(count, np.int64), (EMPTY,))

    @classmethod
    def of_values(cls, codes: Integers, keys: Sequence[str]) -> TagSets:
        """Return at most one tag each: (n,) indices into ``keys``, -1 for none."""
        return cls(codes.astype(np.int64) + 1, (EMPTY, *(frozenset([key]) for key in keys)))

    @classmethod
    def of_set(cls, mask: Booleans, tags: TagSet) -> TagSets:
        """Return the same tags for those in the mask, (n,), and none for the others."""
        return cls._of(mask.astype(np.int64), [EMPTY, tags])

    @classmethod
    def from_arrow(cls, texts: pa.ChunkedArray) -> TagSets:
        """Return the sets from the column of a table, as ``to_arrow`` wrote it."""
        encoded = texts.combine_chunks().cast(pa.string()).dictionary_encode()
        return cls._of(encoded.indices.to_numpy(), [_parse(text) for text in encoded.dictionary.to_pylist()])

    def to_arrow(self) -> pa.DictionaryArray:
        """Return the sets as dictionary-encoded text, (n,)."""
        texts = pa.array([_SEPARATOR.join(sorted(tags)) for tags in self.sets], pa.string())
        return pa.DictionaryArray.from_arrays(pa.array(self.codes, pa.int32()), texts)

    def __len__(self) -> int:
        return len(self.codes)

    def __or__(self, other: TagSets) -> TagSets:
        return self._combine(other, operator.or_)

    def __and__(self, other: TagSets) -> TagSets:
        return self._combine(other, operator.and_)

    def __sub__(self, other: TagSets) -> TagSets:
        return self._combine(other, operator.sub)

    def is_filled(self) -> Booleans:
        """Return who has at least one tag, (n,)."""
        return np.asarray(self.codes != 0)

    def equals(self, other: TagSets) -> bool:
        """Whether all n recipients have the same tags in both."""
        return not (self._combine(other, operator.xor)).is_filled().any()

    def take(self, rows: RowIndices) -> TagSets:
        """Return the tags of some recipients."""
        return TagSets(self.codes[rows], self.sets)

    def where(self, mask: Booleans) -> TagSets:
        """Return the tags of those in the mask, (n,), and none for the others."""
        return TagSets(np.where(mask, self.codes, 0), self.sets)

    def concat(self, other: TagSets) -> TagSets:
        """Return the tags of these recipients, then those of the others."""
        codes = np.concatenate([self.codes, other.codes + len(self.sets)])
        return self._of(codes, [*self.sets, *other.sets])

    def keys(self) -> TagSet:
        """Return every tag that a recipient has."""
        return frozenset(tag for code in np.unique(self.codes) for tag in self.sets[code])

    def count(self) -> int:
        """Return the number of tags of all recipients together."""
        sizes = np.array([len(tags) for tags in self.sets])
        return int(sizes[self.codes].sum())

    def to_lists(self) -> list[list[str]]:
        """Return the tags of each recipient, sorted."""
        ordered = [sorted(tags) for tags in self.sets]
        return [ordered[code] for code in self.codes.tolist()]

    def _combine(self, other: TagSets, operation: Callable[[TagSet, TagSet], TagSet]) -> TagSets:
        width = len(other.sets)
        pairs, codes = np.unique(self.codes * width + other.codes, return_inverse=True)
        return self._of(codes, [operation(self.sets[pair // width], other.sets[pair % width]) for pair in pairs])

    @classmethod
    def _of(cls, codes: Integers, sets: Sequence[TagSet]) -> TagSets:
        """Return tag sets of which each occurs once, the empty one first."""
        places = {tags: place for place, tags in enumerate(dict.fromkeys([EMPTY, *sets]))}
        new_codes = np.array([places[tags] for tags in sets], np.int64)
        return cls(new_codes[codes] if len(sets) else np.zeros(len(codes), np.int64), tuple(places))


@lru_cache(maxsize=2**17)  # three columns of a state have nearly the same texts
def _parse(text: str) -> TagSet:
    return frozenset(text.split(_SEPARATOR)) if text else EMPTY
