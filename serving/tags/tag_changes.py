"""Tag changes: what a tool has to add and to remove for each recipient, and all tags that the recipient then has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from features.arrays import Booleans
from features.config.tags import TagsConfig
from serving.tags.contacts import CONTACT_COLUMNS, CUSTOMER_ID
from serving.tags.tag_sets import TagSet, TagSets
from serving.tags.tag_state import TagState

_LIST = pa.list_(pa.string())


@dataclass(frozen=True)
class TagChanges:
    """The changes of n recipients; no tag is both added and removed."""

    recipients: pa.Table  # (n,) CONTACT_COLUMNS
    additions: TagSets  # (n,)
    removals: TagSets  # (n,)
    tags: TagSets  # (n,) all tags after the change, for a tool that replaces the list

    @classmethod
    def of(cls, state: TagState, allowed: Booleans, all_tags: TagSet) -> TagChanges:
        """Return the changes of a state.

        Args:
            state: of n recipients.
            allowed: (n,) who may have tags; the others lose ``all_tags``, so that nothing tells which they had.
            all_tags: every tag of the destination.
        """
        tags = state.target.where(allowed)
        removals = (state.possible - tags).where(allowed) | TagSets.of_set(~allowed, all_tags)
        return cls(state.recipients, tags - state.certain, removals, tags)

    def __len__(self) -> int:
        return len(self.recipients)

    def table(self, config: TagsConfig) -> pa.Table:
        """Return one row per recipient; the ids of the tool are columns where the destination has contacts."""
        names = _id_columns(config)
        return pa.table({
            **{name: self.recipients[name] for name in names},
            "add": pa.array(self.additions.to_lists(), _LIST),
            "remove": pa.array(self.removals.to_lists(), _LIST),
            "tags": pa.array(self.tags.to_lists(), _LIST),
        })  # fmt: skip


def change_tables(changes: Iterable[TagChanges], config: TagsConfig) -> Iterator[pa.Table]:
    """Yield a table of each part; the first one is empty, so that a file without changes has its header."""
    ids = dict.fromkeys(_id_columns(config), pa.array([], pa.string()))
    yield pa.table({**ids, **dict.fromkeys(("add", "remove", "tags"), pa.array([], _LIST))})
    for part in changes:
        yield part.table(config)


def _id_columns(config: TagsConfig) -> Sequence[str]:
    return (CUSTOMER_ID,) if config.contacts is None else CONTACT_COLUMNS
