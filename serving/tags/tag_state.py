"""Tag state: which tags a tool has for certain, which it may have, and which the newest export gives each recipient.

A consumer of changes may fail after any of them, and the state cannot see which it applied. So it keeps two sets per
recipient, as a recovery log has the intent before the action (write-ahead logging: Mohan et al., ARIES, ACM TODS 17(1),
1992): an export that is handed out adds its tags to those that the tool may have, and takes those that it removes from
the certain ones. To add a tag that is there, or to remove one that is not, changes nothing in the tool, so that all
changes can be sent again until the consumer confirms the export. Then both sets are those of the export.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.arrays import Booleans, Integers, RowIndices
from serving.tags.contacts import CONTACT_COLUMNS, CUSTOMER_ID, Recipients, recipient_keys
from serving.tags.tag_sets import TagSet, TagSets


@dataclass(frozen=True)
class TagExport:
    """The newest export of a destination."""

    export_id: str
    audience_id: str | None  # None for all customers
    begun_at: int  # microseconds since 1970 UTC, by the clock of the machine
    consent_state: int  # of the ledger when it was begun
    confirmed: bool = False
    tags: Sequence[str] = ()  # every tag that the destination can have, and those of the exports before

    @property
    def destination(self) -> str:
        """The section of ``[tags]``, which the id begins with."""
        return self.export_id.rpartition("-")[0]


@dataclass(frozen=True)
class TagState:
    """The tags of n recipients in one tool."""

    export: TagExport | None
    numbers: Integers  # (n,) ascending: the place in the newest export, which stays when others are erased
    recipients: pa.Table  # (n,) CONTACT_COLUMNS
    certain: TagSets  # (n,) what the tool has whatever the consumer did
    possible: TagSets  # (n,) what it may have
    target: TagSets  # (n,) what the newest export gives

    @classmethod
    def empty(cls) -> TagState:
        """Return the state of a tool without any tag."""
        recipients = pa.table({name: pa.array([], pa.string()) for name in CONTACT_COLUMNS})
        return cls(None, np.zeros(0, np.int64), recipients, *(TagSets.empty(0) for _ in range(3)))

    def __len__(self) -> int:
        return len(self.recipients)

    @cached_property
    def additions(self) -> TagSets:
        """The tags to add, (n,)."""
        return self.target - self.certain

    @cached_property
    def removals(self) -> TagSets:
        """The tags to remove, (n,)."""
        return self.possible - self.target

    def all_tags(self) -> TagSet:
        """Return every tag that the destination can have or may have of any export; the list tells of no recipient."""
        listed: Sequence[str] = () if self.export is None else self.export.tags
        return frozenset(listed) or self.possible.keys()

    def customer_ids(self) -> Sequence[str]:
        """Return the customer of each recipient, (n,)."""
        ids: list[str] = self.recipients[CUSTOMER_ID].to_pylist()
        return ids

    @cached_property
    def is_changed(self) -> Booleans:
        """Whose tags the newest export changes, (n,); nobody's once it is confirmed."""
        if self.export is None or self.export.confirmed:
            return np.zeros(len(self), np.bool_)
        return self.additions.is_filled() | self.removals.is_filled()

    def begin(self, export: TagExport, recipients: Recipients, tags: TagSets, uncertain: Booleans) -> TagState:
        """Return the state after an export that gives these recipients these tags, and all others none.

        It is this state itself where nothing would change: the export before it is still right.

        Args:
            export: the new export.
            recipients: m recipients.
            tags: what each of them gets, (m,).
            uncertain: who may have lost all tags while the export before was out, (n,).
        """
        aligned = self._extend(recipients.table)
        certain = aligned.certain.where(~np.append(uncertain, np.zeros(len(aligned) - len(self), np.bool_)))
        target = _gather(tags, _positions(aligned.recipients, recipients.table))
        begun = replace(
            aligned,
            export=replace(export, tags=sorted(self.all_tags() | tags.keys() | frozenset(export.tags))),
            certain=certain & target,
            possible=aligned.possible | target,
            target=target,
        )
        if aligned.is_same(begun):
            return self
        nonempty = begun.take(np.flatnonzero(begun.possible.is_filled()))
        return replace(nonempty, numbers=np.arange(1, len(nonempty) + 1))

    def confirm(self, uncertain: Booleans) -> TagState:
        """Return the state after the consumer applied the newest export.

        Args:
            uncertain: recipients who may have got removals alone, because a consent changed meanwhile, (n,).
        """
        if self.export is None or self.export.confirmed:
            return self
        applied = self.target.where(~uncertain)
        confirmed = replace(
            self,
            export=replace(self.export, confirmed=True),
            certain=applied,
            possible=applied | self.possible.where(uncertain),
            target=applied,
        )
        return confirmed.take(np.flatnonzero(confirmed.possible.is_filled()))

    def take(self, rows: RowIndices) -> TagState:
        """Return the state of some recipients."""
        return replace(
            self,
            numbers=self.numbers[rows],
            recipients=self.recipients.take(pa.array(rows)),
            certain=self.certain.take(rows),
            possible=self.possible.take(rows),
            target=self.target.take(rows),
        )

    def without_customers(self, customer_ids: Sequence[str]) -> TagState:
        """Return the state without some customers."""
        return self.take(np.flatnonzero(~self.customer_mask(customer_ids))) if customer_ids else self

    def customer_mask(self, customer_ids: Sequence[str]) -> Booleans:
        """Return which recipients are of these customers, (n,)."""
        matches = pc.is_in(self.recipients[CUSTOMER_ID], value_set=pa.array(customer_ids, pa.string()))
        return np.asarray(matches.to_numpy(), np.bool_)

    @property
    def required_export(self) -> TagExport:
        """The newest export, which every state that was begun has.

        Raises:
            ValueError: none was begun.
        """
        if self.export is None:
            raise ValueError("Found a state without an export; expected one that was begun.")
        return self.export

    def is_same(self, begun: TagState) -> bool:
        """Whether the newest export would be begun again as it is, or is confirmed and leaves nothing to change."""
        export, new = self.export, begun.export
        return (
            export is not None
            and new is not None
            and export.audience_id == new.audience_id
            and self.target.equals(begun.target)
            and self.certain.equals(begun.certain)
            and not (export.confirmed and self.removals.is_filled().any())
        )

    def _extend(self, recipients: pa.Table) -> TagState:
        """Return the state with further recipients, who have no tags yet."""
        is_new = pc.is_null(pc.index_in(recipient_keys(recipients), value_set=recipient_keys(self.recipients)))
        new = recipients.filter(is_new)
        none = TagSets.empty(len(new))
        return TagState(
            self.export,
            np.append(self.numbers, np.zeros(len(new), np.int64)),
            pa.concat_tables([self.recipients, new]),
            self.certain.concat(none),
            self.possible.concat(none),
            self.target.concat(none),
        )


def _positions(wanted: pa.Table, recipients: pa.Table) -> pa.Array:
    """Return the row in ``recipients`` of each wanted recipient, null for those who are not there."""
    return pc.index_in(recipient_keys(wanted), value_set=recipient_keys(recipients))


def _gather(tags: TagSets, positions: pa.Array) -> TagSets:
    codes = np.append(tags.codes, 0)[pc.fill_null(positions, len(tags)).to_numpy()]
    return TagSets(codes, tags.sets)
