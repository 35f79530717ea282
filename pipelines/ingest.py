"""The raw log becomes the canonical history; nothing is done when neither log nor description changed."""

from __future__ import annotations

from collections.abc import Callable

from features.description import Description
from features.ingestion import Manifest, ingest, read_manifest, source_digest
from features.kinds import unmatched_kinds
from pipelines.home import Home


def run(description: Description, home: Home, say: Callable[[str], None]) -> Manifest:
    """Ingest the log that the description names, unless that has been done."""
    known = read_manifest(home.history)
    if known and (known.description, known.source) == (description.fingerprint, source_digest(description)):
        say("the history is up to date")
        return known
    done = ingest(description, home.history, say)
    if description.events is not None:
        for sentence in unmatched_kinds(description.events, home.history):
            say(f"note: {sentence}")
    return done
