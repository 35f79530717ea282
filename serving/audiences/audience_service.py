"""Audience service: creates, reads and exports the audiences of one home; every call checks the current consents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from features.arrays import Booleans
from features.calendar import instant, local_day
from features.consents.consent import PROFILING, ReachRequest
from features.consents.ledger import Ledger
from features.storage.secret import keyed_digest, load_secret
from serving.audience_policy import AudiencePolicy
from serving.audiences.builder import ConsentCheck, TableConsents, build_audience
from serving.audiences.canonical_request import with_canonical_words
from serving.audiences.column_service import ColumnService
from serving.audiences.consent_filter import ConsentFilter
from serving.audiences.errors import AudienceTooSmall
from serving.audiences.export import member_store
from serving.audiences.export.audience_list import AudiencesResponse, list_page, mark_exported
from serving.audiences.export.metadata import AudienceMetadata, metadata_of
from serving.audiences.export.paging import AudienceReader, Page
from serving.audiences.export.storing import store_result
from serving.audiences.holdout import HoldoutChoice
from serving.audiences.query.absent_values import unknown_channel_note
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.audiences.schema import AudienceRequest, AudienceResponse
from serving.audiences.scoring_context import audience_context, scoring_release
from serving.observability.audit_log import EXPORT, AuditLog
from serving.observability.clock import Clock, SystemClock
from training.experiments.record.global_holdout import global_holdout_on

SAMPLE_FORMAT = "sample"  # the audited format of the members in a response
COUNT_ONLY = "counted"  # the audited id of an audience that was not stored
MACHINE_CLOCK = SystemClock()  # a pinned clock decides what is answered, never what has expired


@dataclass(frozen=True)
class ExportContext:
    """The actor and format of an export, as the audit log records them, and the instant of its consent checks."""

    actor: str
    now: int  # microseconds since 1970 UTC
    format: str
    is_admin: bool = False  # whether small audiences are told too
    reads_experiments: bool = False  # whether economics may use their effects
    holdout: HoldoutChoice = "exclude"


@dataclass(frozen=True)
class ExportedPage:
    """A page of members, and the state number of the ledger at its consent check."""

    page: Page
    consent_state: int


class AudienceService:
    """Creates and exports audiences for the HTTP service and the command line."""

    def __init__(
        self,
        home: Path,
        ledger: Ledger,
        audit_log: AuditLog,
        load_secret: Callable[[], bytes],
        policy: AudiencePolicy,
        machine_clock: Clock = MACHINE_CLOCK,
    ) -> None:
        self._home = home
        self.policy = policy
        self._machine_clock = machine_clock
        self.scores = ScoresFile(home / "scores.parquet")
        self.consent_filter = ConsentFilter(ledger, home)
        self._audit_log = audit_log
        self._load_secret = load_secret

    @classmethod
    def for_home(cls, home: Path, ledger: Ledger, audit_log: AuditLog, policy: AudiencePolicy) -> AudienceService:
        """Return the service of a home."""
        return cls(home, ledger, audit_log, lambda: load_secret(home), policy)

    @property
    def columns(self) -> ColumnService:
        """The columns of the scores table, with their values."""
        return ColumnService(self.scores, self.consent_filter, self.policy)

    @property
    def folder(self) -> Path:
        """The folder of the stored audiences."""
        return self._home / "audiences"

    def create(self, request: AudienceRequest, export: ExportContext) -> AudienceResponse:
        """Create an audience, and store its members if ``request.keep`` is true; the sample is audited as an export.

        Raises:
            InvalidAudienceRequest: the request does not fit the table.
            InvalidScores: there are no scores.
            AuditWriteFailed: the export cannot be audited.
        """
        request, now = with_canonical_words(request), export.now
        requested = ReachRequest(request.purpose, request.channel)
        state, columns = self.consent_filter.state(), self.scores.columns()
        context = audience_context(self._home, scoring_release(columns))
        context = replace(
            context,
            secret=self.derive_key("holdout"),
            id_case=self.consent_filter.id_case(),
            effects=context.effects if export.reads_experiments else replace(context.effects, experiments=None),
            global_holdout=global_holdout_on(self._home, local_day(self._machine_now(), context.zone)),
        )
        smallest = self.policy.smallest_told(is_admin=export.is_admin)
        result = build_audience(request, columns, self._table_consents(requested, now), context, str(state), smallest)

        def still_allowed(customers: pa.StringArray) -> Booleans:
            return self.consent_filter.still_allowed(customers.to_pylist(), requested, state, now)

        keep = request.keep and result.answer.count is not None
        stored_at, actor = self._machine_time(), export.actor
        audience_id = store_result(self.folder, result, still_allowed, stored_at, actor, self.policy) if keep else None
        metadata = metadata_of(audience_id or COUNT_ONLY, result, stored_at, actor)
        self._audit_export(metadata, export, len(result.answer.sample), 0, state)
        return result.answer.model_copy(
            update={"audience_id": audience_id, "notes": [*result.answer.notes, *self._channel_notes(request, columns)]}
        )

    def _table_consents(self, request: ReachRequest, now: int) -> TableConsents:
        profiling = ReachRequest(PROFILING, None)
        return TableConsents(
            reachable=lambda table: self.consent_filter.mask(table, request, now),
            profiled=lambda table: self.consent_filter.mask(table, profiling, now),
        )

    def _machine_time(self) -> datetime:
        return instant(self._machine_now())

    def _machine_now(self) -> int:
        return self._machine_clock.now(ZoneInfo("UTC"))

    def _channel_notes(self, request: AudienceRequest, columns: Columns) -> list[str]:
        if request.channel is None:
            return []
        note = unknown_channel_note(request.channel, self.consent_filter.channels(columns), columns)
        return [note] if note else []

    def metadata(self, audience_id: str, export: ExportContext) -> AudienceMetadata:
        """Return the metadata of a stored audience; of a small one without its counts, unless for an admin.

        Raises:
            AudienceNotFound: no audience is stored under this id.
        """
        metadata = member_store.read_metadata(self.folder, audience_id)
        return metadata if export.is_admin else metadata.suppressed_below(self.policy.smallest_audience)

    def stored_page(self, cursor: str | None, size: int, export: ExportContext) -> AudiencesResponse:
        """Return stored audiences, the newest first; small ones without counts, unless for an admin."""
        smallest = self.policy.smallest_told(is_admin=export.is_admin)
        return list_page(self.folder, self.policy.retention, self._machine_time(), cursor, size, smallest)

    def delete(self, audience_id: str) -> None:
        """Delete a stored audience.

        Raises:
            AudienceNotFound: no audience is stored under this id.
        """
        member_store.delete_stored(self.folder, audience_id)

    def page(self, audience_id: str, cursor: str | None, size: int, export: ExportContext) -> ExportedPage:
        """Return the next page of members after a cursor: those with consent now.

        Raises:
            AudienceNotFound: no audience is stored under this id.
            AudienceTooSmall: it has too few members for this actor.
            InvalidCursor: the cursor was not issued for this audience and choice.
            AuditWriteFailed: the export cannot be audited.
        """
        metadata, state = self._listable(audience_id, export), self.consent_filter.state()
        page = self._reader(export).page(audience_id, cursor, size, self._consent_check(metadata, export))
        self._audit_export(metadata, export, len(page.rows), page.excluded_by_consent, state)
        mark_exported(self.folder, audience_id, self._machine_now())
        return ExportedPage(page, state)

    def export_all(self, audience_id: str, export: ExportContext) -> tuple[int, Iterator[pa.Table]]:
        """Return the state of the ledger and an iterator of tables with all members; each table is checked for consent.

        Raises:
            AudienceNotFound: no audience is stored under this id.
        """
        metadata, state = self._listable(audience_id, export), self.consent_filter.state()
        return state, self._export_tables(metadata, export)

    def _export_tables(self, metadata: AudienceMetadata, export: ExportContext) -> Iterator[pa.Table]:
        checked_count = 0
        allowed = self._consent_check(metadata, export)

        def count_and_check(customers: pa.StringArray) -> Booleans:
            nonlocal checked_count
            checked_count = len(customers)
            return allowed(customers)

        for table in self._reader(export).export(metadata.audience_id, count_and_check):
            self._audit_export(metadata, export, len(table), checked_count - len(table), self.consent_filter.state())
            mark_exported(self.folder, metadata.audience_id, self._machine_now())
            yield table

    def _audit_export(
        self, metadata: AudienceMetadata, export: ExportContext, exported: int, excluded: int, state: int
    ) -> None:
        self._audit_log.append(
            EXPORT,
            export.actor,
            self._machine_now(),
            audience=metadata.audience_id,
            purpose=metadata.purpose,
            channel=metadata.channel,
            format=export.format,
            members=exported,
            excluded_by_consent=excluded,
            holdout=export.holdout,
            consent_state=str(state),
        )

    def _consent_check(self, metadata: AudienceMetadata, export: ExportContext) -> ConsentCheck:
        request = ReachRequest(metadata.purpose, metadata.channel)
        return lambda customers: self.consent_filter.can_reach(customers.to_pylist(), request, export.now)

    def _reader(self, export: ExportContext) -> AudienceReader:
        return AudienceReader(self.folder, self.derive_key("cursor"), export.holdout)

    def _listable(self, audience_id: str, export: ExportContext) -> AudienceMetadata:
        """Return the metadata of an audience whose members may be listed for the actor."""
        metadata = self.metadata(audience_id, export)
        if metadata.count is None:
            raise AudienceTooSmall(
                f"Found an audience of fewer than {self.policy.smallest_audience} members; expected more, or a key "
                "with the scope admin. Widen the filter."
            )
        return metadata

    def derive_key(self, purpose: str) -> bytes:
        """Return a key of the home for one purpose, 32 bytes."""
        return keyed_digest(self._load_secret(), purpose, "key")
