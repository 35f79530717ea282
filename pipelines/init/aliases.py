"""Aliases: a file of old customer ids beside the orders, each with the id that replaces it."""

from __future__ import annotations

from pathlib import Path

from pipelines.init.candidates import ExportTable, best_candidate
from pipelines.init.choice import Choice, Section
from pipelines.init.path_pattern import path_text
from pipelines.init.value_profile import ValueProfile

MIN_KNOWN = 0.3  # of the old ids that order


def aliases_section(table: ExportTable, customers: set[str], folder: Path) -> Section | None:
    """The section of a file of replaced customer ids, or None for another file."""

    def names_customers(profile: ValueProfile) -> bool:
        return bool(profile.counts) and len(set(profile.counts) & customers) >= MIN_KNOWN * len(profile.counts)

    old = best_candidate(table.candidates("alias_from", names_customers))
    new = best_candidate(table.candidates("alias_to", lambda profile: bool(profile.counts)), [old or ""])
    if old is None or new is None or len(table.profiles[old].counts) < table.export.lines:
        return None
    section = Section("aliases", [
        Choice("path", path_text(table.export.files, folder), f"{table.export.lines:,} old ids, which order"),
        Choice("from", old),
        Choice("to", new),
    ])  # fmt: skip
    if table.export.sheet is not None:
        section.choices.append(Choice("sheet", table.export.sheet))
    return section
