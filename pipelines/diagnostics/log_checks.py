"""Log checks: whether the log changed since it was read, whether it has stopped, and what looked wrong in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from features.online.backends import LMDB, open_store, resolve_location
from features.online.inspection import read_row
from features.publication import ROW_ID, VIEW, Publication
from pipelines.diagnostics.check import Finding, check, ok, warning
from pipelines.diagnostics.surroundings import Surroundings
from pipelines.home import Home


@check(
    "log",
    "content",
    expected="a history of the present log",
    remedy="`flywheel run` reads the log again; put missing files back, or correct `path`",
)
def content(surroundings: Surroundings) -> Finding:
    """Whether the log changed since it was read; every file of it is read once for its digest."""
    from features.ingestion.source_digests import source_digest
    from pipelines.learning.feedback_classifier import open_classifier

    config, manifest, read_at = surroundings.config, surroundings.state.manifest, surroundings.state.log_read_at
    if config is None:
        return ok("unknown without a configuration")
    digest = source_digest(config, open_classifier(config, surroundings.home))
    if manifest is None or read_at is None:
        return warning("the log was never read")
    read = f"read at {datetime.fromtimestamp(read_at, UTC):%Y-%m-%d %H:%M} UTC"
    return (
        ok(f"unchanged since it was {read}") if digest == manifest.source else warning(f"changed since it was {read}")
    )


@check(
    "log",
    "end of the log",
    expected="a log that goes on: no silence at its end that it never had before",
    remedy="See whether the export still runs, then `flywheel run`; beyond the limit, or for a log that ended, "
    "`flywheel run --accept-silence` answers as of its end",
)
def end(surroundings: Surroundings) -> Finding:
    """The days without an order line since the end of the log, as the published features know it."""
    stored = _stored_publication(surroundings.home)
    publication = None if stored is None else Publication.from_bytes(stored)
    if publication is None:
        return ok("unknown" if stored else "no features were published yet")
    days = publication.silence_days(surroundings.today)
    found = f"the last order is of {publication.last_day}, {days:,} silent days"
    if days <= publication.usual_silence:
        return ok(found)
    limit = ""
    if publication.has_ended(surroundings.today):
        day = publication.last_day + timedelta(days=1)
        limit = f", and answers hold up to {publication.silence_limit:,}; `--as-of {day}` asks as of it"
    return warning(f"{found}, where at most {publication.usual_silence:,} are usual{limit}")


def _stored_publication(home: Home) -> bytes | None:
    location = resolve_location(home.online, home.folder)
    if home.online == LMDB:
        return read_row(Path(location), VIEW, ROW_ID)
    return open_store(location).packed_values(VIEW, (ROW_ID,))[0]


@check(
    "log",
    "plausibility",
    expected="a log without warnings, or with blocking ones that `accept` in flywheel.toml names",
    remedy="`flywheel readiness` shows each with its remedy",
)
def plausibility(surroundings: Surroundings) -> Finding:
    """What looked wrong in the log at the last run."""
    report = surroundings.state.log_report
    if report is None:
        return ok("no run has looked at a log yet")
    notes = [note for note in report.plausibility if note.severity != "info" and not note.accepted]
    found = f"as of {report.as_of}"
    return warning(f"{found}: {', '.join(note.label for note in notes)}") if notes else ok(f"{found}: nothing")


LOG_CHECKS = (content, end, plausibility)
