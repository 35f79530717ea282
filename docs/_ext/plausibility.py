"""Plausibility reference: every code that a note on a log may have, from the registry of codes."""

from __future__ import annotations

from collections.abc import Mapping

from docs._ext.markdown import code, section, table
from features.plausibility_codes import HISTORY_CODES, INGESTION_CODES, CodeDescription


def plausibility() -> str:
    """A table of the notes on the history, and one of the notes on the files."""
    return "\n".join([
        section(2, "Notes on the history, as of a day", "plausibility-history", _codes(HISTORY_CODES)),
        section(2, "Notes on the files", "plausibility-files", _codes(INGESTION_CODES)),
    ])  # fmt: skip


def _codes(codes: Mapping[str, CodeDescription]) -> str:
    rows = [[code(name), ", ".join(each.severities), f"{each.meaning}."] for name, each in codes.items()]
    return table(["code", "severity", "what was noticed"], rows)
