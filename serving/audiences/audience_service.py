"""The audiences of one home: made, looked at and taken out, each time by the consents of that very moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from features.arrays import Booleans
from features.calendar import instant
from features.consents.consent import PURPOSES, ReachRequest
from features.consents.ledger import Ledger
from features.storage.secret import keyed_digest, load_secret
from serving.audiences.builder import AudienceContext, ConsentCheck, build_audience
from serving.audiences.consent_filter import ConsentFilter
from serving.audiences.errors import InvalidAudienceRequest, InvalidScores
from serving.audiences.export import member_store
from serving.audiences.export.metadata import AudienceMetadata, metadata_of
from serving.audiences.export.paging import AudienceReader, Page
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.audiences.schema import AudienceRequest, AudienceResponse
from serving.observability.audit_log import EXPORT, AuditLog
from training.inference.release_manifest import ReleaseManifest

SAMPLE_FORMAT = "sample"  # the format of members in an answer
COUNT_ONLY = "counted"  # the audit's word for an audience that was not kept
RETENTION = timedelta(days=30)  # after that a stored audience speaks of scores that nobody should act on


@dataclass(frozen=True)
class ExportContext:
    """Who takes members out, when, and how it is written down."""

    actor: str
    now: int  # microseconds since 1970 UTC
    format: str


@dataclass(frozen=True)
class ExportedPage:
    """A page, and the state of the ledger by which it was checked."""

    page: Page
    consent_state: int


class AudienceService:
    """Where audiences are asked for, by the service and by the command line."""

    def __init__(self, home: Path, ledger: Ledger, audit_log: AuditLog, load_secret: Callable[[], bytes]) -> None:
        self._home = home
        self.scores = ScoresFile(home / "scores.parquet")
        self._consent_filter = ConsentFilter(ledger, home)
        self._audit_log = audit_log
        self._load_secret = load_secret

    @classmethod
    def for_home(cls, home: Path, ledger: Ledger, audit_log: AuditLog) -> AudienceService:
        """The desk of a home."""
        return cls(home, ledger, audit_log, lambda: load_secret(home))

    @property
    def folder(self) -> Path:
        """Where audiences are stored."""
        return self._home / "audiences"

    def create(self, request: AudienceRequest, export: ExportContext) -> AudienceResponse:
        """Find an audience and freeze its members, unless it was only to be counted; the sample is taken out at once.

        Raises:
            Refused: something in the request does not fit the table.
            InvalidScores: nobody has been scored.
        """
        asked, now = _reach_request(request), export.now
        state, columns = self._consent_filter.state(), self.scores.columns()
        setting = replace(_audience_context(self._home, _scoring_release(columns)), secret=self._derive_key("holdout"))
        found = build_audience(
            request, columns, lambda of: self._consent_filter.mask(of, asked, now), setting, str(state)
        )

        def still(customers: pa.StringArray) -> Booleans:
            return self._consent_filter.still_allowed(customers.to_pylist(), asked, state, now)

        self.folder.mkdir(parents=True, exist_ok=True)
        member_store.delete_expired(self.folder, RETENTION, instant(now))
        audience_id = member_store.store_audience(self.folder, found, still, instant(now)) if request.keep else None
        self._audit_export(
            metadata_of(audience_id or COUNT_ONLY, found, instant(now)), export, len(found.answer.sample), 0, state
        )
        return found.answer.model_copy(update={"audience_id": audience_id})

    def metadata(self, audience_id: str) -> AudienceMetadata:
        """What an audience was made for; raises AudienceNotFound."""
        return member_store.read_metadata(self.folder, audience_id)

    def page(self, audience_id: str, cursor: str | None, size: int, export: ExportContext) -> ExportedPage:
        """The members after a cursor who may be reached now; raises AudienceNotFound and InvalidCursor."""
        about, state = self.metadata(audience_id), self._consent_filter.state()
        page = self._reader.page(audience_id, cursor, size, self._consent_check(about, export))
        self._audit_export(about, export, len(page.rows), page.excluded_by_consent, state)
        return ExportedPage(page, state)

    def export_all(self, audience_id: str, export: ExportContext) -> tuple[int, Iterator[pa.Table]]:
        """All members, a table at a time, each checked when it is taken; and the ledger's state at the beginning."""
        about, state = self.metadata(audience_id), self._consent_filter.state()
        return state, self._export_tables(about, export)

    def _export_tables(self, metadata: AudienceMetadata, export: ExportContext) -> Iterator[pa.Table]:
        looked_at = 0
        allowed = self._consent_check(metadata, export)

        def counted(customers: pa.StringArray) -> Booleans:
            nonlocal looked_at
            looked_at = len(customers)
            return allowed(customers)

        for table in self._reader.export(metadata.audience_id, counted):
            self._audit_export(metadata, export, len(table), looked_at - len(table), self._consent_filter.state())
            yield table

    def _audit_export(
        self, metadata: AudienceMetadata, export: ExportContext, exported: int, left_out: int, state: int
    ) -> None:
        self._audit_log.append(
            EXPORT,
            export.actor,
            export.now,
            audience=metadata.audience_id,
            purpose=metadata.purpose,
            channel=metadata.channel,
            format=export.format,
            members=exported,
            excluded_by_consent=left_out,
            consent_state=str(state),
        )

    def _consent_check(self, metadata: AudienceMetadata, export: ExportContext) -> ConsentCheck:
        asked = ReachRequest(metadata.purpose, metadata.channel)
        return lambda customers: self._consent_filter.can_reach(customers.to_pylist(), asked, export.now)

    @property
    def _reader(self) -> AudienceReader:
        return AudienceReader(self.folder, self._derive_key("cursor"))

    def _derive_key(self, purpose: str) -> bytes:
        return keyed_digest(self._load_secret(), purpose, "key")


def _reach_request(request: AudienceRequest) -> ReachRequest:
    if request.purpose not in PURPOSES:
        raise InvalidAudienceRequest.for_field("purpose", f"Found {request.purpose}; expected {' or '.join(PURPOSES)}.")
    return ReachRequest(request.purpose, request.channel)


def _scoring_release(columns: Columns) -> str:
    """The release that scored.

    Raises:
        InvalidScores: the table is empty, or does not say.
    """
    if not len(columns) or "release" not in columns:
        raise InvalidScores(f"{columns.path} has nobody in it. Expected what `flywheel score` writes: run it again.")
    version: str = columns["release"].take([0])[0].as_py()  # type: ignore[arg-type]
    return version


@lru_cache(maxsize=8)
def _audience_context(home: Path, version: str) -> AudienceContext:
    """What the release that scored says of the shop and of its own errors."""
    try:
        manifest = ReleaseManifest.read(home / "releases" / version)
    except FileNotFoundError:
        raise InvalidScores(
            f"The scores are of release {version}, which is not in {home / 'releases'}. Expected the release that "
            "scored: score again with `flywheel score`."
        ) from None
    return AudienceContext(
        zone=ZoneInfo(manifest.metadata.timezone),
        bands=manifest.metadata.bands,
        currency=manifest.metadata.currency if manifest.metadata.has_amounts else None,
        cards=manifest.cards,
        secret=b"",
    )
