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
from features.consents.consent import PURPOSES, Asked
from features.consents.ledger import Ledger
from features.storage.secret import digest, secret
from serving.audiences.builder import Allowed, Setting, count
from serving.audiences.consent_filter import Reach
from serving.audiences.errors import BadScores, Refused
from serving.audiences.export import member_store
from serving.audiences.export.metadata import About, about_of
from serving.audiences.export.paging import Page, Reader
from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.audiences.schema import AudienceAnswer, AudienceRequest
from serving.observability.audit_log import EXPORT, Audit
from training.inference.release_manifest import ReleaseManifest

SAMPLE = "sample"  # the format of members in an answer
COUNTED = "counted"  # the audit's word for an audience that was not kept
KEPT = timedelta(days=30)  # after that a stored audience speaks of scores that nobody should act on


@dataclass(frozen=True)
class Export:
    """Who takes members out, when, and how it is written down."""

    actor: str
    now: int  # microseconds since 1970 UTC
    format: str


@dataclass(frozen=True)
class Taken:
    """A page, and the state of the ledger by which it was checked."""

    page: Page
    consent_state: int


class AudienceDesk:
    """Where audiences are asked for, by the service and by the command line."""

    def __init__(self, home: Path, ledger: Ledger, audit: Audit, secret_of_home: Callable[[], bytes]) -> None:
        self._home = home
        self.scores = ScoresFile(home / "scores.parquet")
        self._reach = Reach(ledger, home)
        self._audit = audit
        self._secret_of_home = secret_of_home

    @classmethod
    def of(cls, home: Path, ledger: Ledger, audit: Audit) -> AudienceDesk:
        """The desk of a home."""
        return cls(home, ledger, audit, lambda: secret(home))

    @property
    def folder(self) -> Path:
        """Where audiences are stored."""
        return self._home / "audiences"

    def make(self, request: AudienceRequest, export: Export) -> AudienceAnswer:
        """Find an audience and freeze its members, unless it was only to be counted; the sample is taken out at once.

        Raises:
            Refused: something in the request does not fit the table.
            BadScores: nobody has been scored.
        """
        asked, now = _asked(request), export.now
        state, columns = self._reach.state(), self.scores.columns()
        setting = replace(_setting(self._home, _release(columns)), secret=self._key("holdout"))
        found = count(request, columns, lambda of: self._reach.mask(of, asked, now), setting, str(state))

        def still(customers: pa.StringArray) -> Booleans:
            return self._reach.still(customers.to_pylist(), asked, state, now)

        self.folder.mkdir(parents=True, exist_ok=True)
        member_store.expire(self.folder, KEPT, instant(now))
        audience_id = member_store.store(self.folder, found, still, instant(now)) if request.keep else None
        self._note(about_of(audience_id or COUNTED, found, instant(now)), export, len(found.answer.sample), 0, state)
        return found.answer.model_copy(update={"audience_id": audience_id})

    def about(self, audience_id: str) -> About:
        """What an audience was made for; raises NoSuchAudience."""
        return member_store.about(self.folder, audience_id)

    def page(self, audience_id: str, cursor: str | None, size: int, export: Export) -> Taken:
        """The members after a cursor who may be reached now; raises NoSuchAudience and BadCursor."""
        about, state = self.about(audience_id), self._reach.state()
        page = self._reader.page(audience_id, cursor, size, self._allowed(about, export))
        self._note(about, export, len(page.rows), page.left_out, state)
        return Taken(page, state)

    def all(self, audience_id: str, export: Export) -> tuple[int, Iterator[pa.Table]]:
        """All members, a table at a time, each checked when it is taken; and the ledger's state at the beginning."""
        about, state = self.about(audience_id), self._reach.state()
        return state, self._tables(about, export)

    def _tables(self, about: About, export: Export) -> Iterator[pa.Table]:
        looked_at = 0
        allowed = self._allowed(about, export)

        def counted(customers: pa.StringArray) -> Booleans:
            nonlocal looked_at
            looked_at = len(customers)
            return allowed(customers)

        for table in self._reader.export(about.audience_id, counted):
            self._note(about, export, len(table), looked_at - len(table), self._reach.state())
            yield table

    def _note(self, about: About, export: Export, exported: int, left_out: int, state: int) -> None:
        self._audit.note(
            EXPORT,
            export.actor,
            export.now,
            audience=about.audience_id,
            purpose=about.purpose,
            channel=about.channel,
            format=export.format,
            members=exported,
            left_out=left_out,
            consent_state=str(state),
        )

    def _allowed(self, about: About, export: Export) -> Allowed:
        asked = Asked(about.purpose, about.channel)
        return lambda customers: self._reach.page(customers.to_pylist(), asked, export.now)

    @property
    def _reader(self) -> Reader:
        return Reader(self.folder, self._key("cursor"))

    def _key(self, purpose: str) -> bytes:
        return digest(self._secret_of_home(), purpose, "key")


def _asked(request: AudienceRequest) -> Asked:
    if request.purpose not in PURPOSES:
        raise Refused.at("purpose", f"Found {request.purpose}; expected {' or '.join(PURPOSES)}.")
    return Asked(request.purpose, request.channel)


def _release(columns: Columns) -> str:
    """The release that scored.

    Raises:
        BadScores: the table is empty, or does not say.
    """
    if not len(columns) or "release" not in columns:
        raise BadScores(f"{columns.path} has nobody in it. Expected what `flywheel score` writes: run it again.")
    version: str = columns["release"].at([0])[0].as_py()  # type: ignore[arg-type]
    return version


@lru_cache(maxsize=8)
def _setting(home: Path, version: str) -> Setting:
    """What the release that scored says of the shop and of its own errors."""
    try:
        manifest = ReleaseManifest.read(home / "releases" / version)
    except FileNotFoundError:
        raise BadScores(
            f"The scores are of release {version}, which is not in {home / 'releases'}. Expected the release that "
            "scored: score again with `flywheel score`."
        ) from None
    return Setting(
        zone=ZoneInfo(manifest.facts.timezone),
        bands=manifest.facts.bands,
        currency=manifest.facts.currency if manifest.facts.has_amounts else None,
        cards=manifest.cards,
        secret=b"",
    )
