"""Tag export service: begins, hands out and confirms the changes of tags, for the HTTP service and the command line."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from features.arrays import Booleans, RowIndices
from features.config.tags import TagsConfig
from features.consents.consent import MARKETING
from features.consents.ledger import Ledger
from features.decisions.decision_log import DecisionLog
from serving.audiences.audience_service import AudienceService, ExportContext
from serving.observability.audit_log import EXPORT, AuditLog
from serving.tags.current_tags import CurrentTags, marketing_on
from serving.tags.destinations import read_destination
from serving.tags.errors import TagExportNotFound
from serving.tags.held_out import require_listable
from serving.tags.tag_changes import TagChanges
from serving.tags.tag_state import TagExport, TagState
from serving.tags.tag_state_file import locked_states, read_state, state_path, write_state

ROWS_PER_TABLE = 50_000  # recipients whose consents are checked at a time


@dataclass(frozen=True)
class TagExportService:
    """The exports of tags of one home; instants ``at`` are by the clock of the machine, microseconds since 1970 UTC."""

    home: Path
    ledger: Ledger
    audit_log: AuditLog
    audiences: AudienceService
    decisions: DecisionLog

    @property
    def current(self) -> CurrentTags:
        """The tags that customers should have now."""
        return CurrentTags(self.home, self.ledger, self.audiences, self.decisions)

    def begin(self, destination: str, audience_id: str | None, context: ExportContext, at: int) -> TagState:
        """Begin an export for all customers, or for the members of an audience, and return the state of the tool.

        It is the export before it, as it was, where that still gives everybody the right tags.

        Raises:
            UnknownDestination: the configuration has no such section.
            AudienceNotFound: no audience is stored under this id.
            AudienceTooSmall: it has too few members for this actor.
            TagFileInvalid: the contacts cannot be read.
            TagLimitExceeded: the tags exceed a limit of the tool; nothing was written.
            InvalidScores: there are no scores.
            StoreDamaged: the state is damaged.
        """
        config, path = read_destination(self.home, destination), state_path(self.home, destination)
        with locked_states(self.home):
            keys = sorted(self.current.keys(config, context.now))
            export_id = f"{destination}-{secrets.token_hex(8)}"
            export = TagExport(export_id, audience_id, at, self.ledger.state(), tags=keys)
            state = read_state(path)
            uncertain = state.is_changed & self._changed_since(state)
            begun = state.begin(export, *self.current.assign(config, audience_id, context, at), uncertain)
            if begun is not state:
                write_state(path, begun)
        return begun

    def newest(self, destination: str, audience_id: str, context: ExportContext) -> TagState:
        """Return the state of a destination whose newest export is of this audience.

        Raises:
            AudienceNotFound: no audience is stored under this id.
            AudienceTooSmall: it has too few members for this actor.
            UnknownDestination: the configuration has no such section.
            TagExportNotFound: the newest export is of another audience, or there is none.
            StoreDamaged: the state is damaged.
        """
        require_listable(self.audiences, audience_id, context)
        read_destination(self.home, destination)
        state = read_state(state_path(self.home, destination))
        if state.export is None or state.export.audience_id != audience_id:
            raise TagExportNotFound(
                f"Found no export of tags to {destination} that is the newest one and of this audience; expected one. "
                "Begin it: POST to the same path."
            )
        return state

    def changes(self, state: TagState, rows: RowIndices, context: ExportContext, at: int) -> TagChanges:
        """Return the changes of some rows of a state, each checked against the current consents, and audit them.

        Who may not be reached any more loses every tag of the destination, so that nothing tells which ones they had;
        who is erased is left out.

        Raises:
            AuditWriteFailed: the export cannot be audited.
        """
        export = state.required_export
        config = read_destination(self.home, export.destination)
        selected = state.take(rows)
        selected = selected.without_customers(self.ledger.erased_among(selected.customer_ids()))
        can_reach = self._can_reach(selected.customer_ids(), config, context.now)
        changes = TagChanges.of(selected, can_reach, state.all_tags())
        self.audit_log.append(
            EXPORT,
            context.actor,
            at,
            audience=export.audience_id,
            purpose=MARKETING,
            channel=config.channel,
            format=context.format,
            members=len(changes),
            tags=export.export_id,
            consent_state=str(self.ledger.state()),
        )
        return changes

    def all_changes(self, state: TagState, context: ExportContext, at: int) -> Iterator[TagChanges]:
        """Yield all changes of a state, some thousands at a time; raises as ``changes`` does."""
        changed = np.flatnonzero(state.is_changed)
        for begin in range(0, len(changed), ROWS_PER_TABLE):
            yield self.changes(state, changed[begin : begin + ROWS_PER_TABLE], context, at)

    def confirm(self, export_id: str, audience_id: str | None, now: int) -> TagState:
        """Record that the consumer applied all changes of the newest export; a second time changes nothing.

        Args:
            export_id: of the newest export of its destination.
            audience_id: its audience; None for all customers.
            now: the instant of the consent checks, microseconds since 1970 UTC.

        Raises:
            UnknownDestination: the configuration has no such section.
            TagExportNotFound: it is not the newest export of its destination, or is of another audience.
            StoreDamaged: the state is damaged.
        """
        destination = export_id.rpartition("-")[0]
        config, path = read_destination(self.home, destination), state_path(self.home, destination)
        with locked_states(self.home):
            state = read_state(path)
            if state.export is None or (state.export.export_id, state.export.audience_id) != (export_id, audience_id):
                raise TagExportNotFound(
                    f"Found no export {export_id[:60]!r} to confirm; expected the newest one of its destination. Begin "
                    "an export, apply its changes, then confirm it."
                )
            confirmed = state.confirm(self._uncertain(state, config, now))
            if confirmed is not state:
                write_state(path, confirmed)
        return confirmed

    def _uncertain(self, state: TagState, config: TagsConfig, now: int) -> Booleans:
        """Return whose changes may have been handed out as removals alone, (n,)."""
        uncertain = state.is_changed & self._changed_since(state)
        rows = np.flatnonzero(state.is_changed)
        uncertain[rows] |= ~self._can_reach(state.take(rows).customer_ids(), config, now)
        return uncertain

    def _changed_since(self, state: TagState) -> Booleans:
        """Return whose consents changed since the newest export was begun, (n,)."""
        since = 0 if state.export is None else state.export.consent_state
        changed = [record.customer_id for record in self.ledger.changed_since(since)] if len(state) else []
        return state.customer_mask(changed)

    def _can_reach(self, customer_ids: Sequence[str], config: TagsConfig, now: int) -> Booleans:
        return np.array(self.ledger.can_reach(customer_ids, marketing_on(config), now), np.bool_)
