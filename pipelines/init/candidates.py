"""Candidates: the columns of an export that a role may have, by name and by content, the best first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import duckdb

from pipelines.init.column_names import name_score
from pipelines.init.lexicon import Role
from pipelines.init.raw_export import RawExport
from pipelines.init.value_profile import ValueProfile, value_profiles

CLOSE = 0.75  # a candidate this near to the best one is worth a question


@dataclass(frozen=True)
class Candidate:
    """A column that may have a role, and how well it fits, from 0 to 1."""

    score: float
    column: str


@dataclass(frozen=True)
class ExportTable:
    """An export with the profiles of its columns, and the connection that has its lines."""

    connection: duckdb.DuckDBPyConnection
    export: RawExport
    profiles: Mapping[str, ValueProfile]
    detail_columns: frozenset[str] = field(default_factory=frozenset)  # own columns, not those of joined files

    @classmethod
    def open(
        cls, connection: duckdb.DuckDBPyConnection, export: RawExport, detail_columns: Iterable[str] | None = None
    ) -> ExportTable:
        """Profile the columns of an export; ``detail_columns`` are those with a value of its own in every line."""
        details = export.columns if detail_columns is None else detail_columns
        return cls(connection, export, value_profiles(export), frozenset(details))

    def candidates(self, role: Role, accept: Callable[[ValueProfile], bool]) -> list[Candidate]:
        """The columns with a fitting name and content, the best first; of equal ones, the first in the file."""
        scores = [
            Candidate(name_score(column, role), column) for column, profile in self.profiles.items() if accept(profile)
        ]
        return sorted((each for each in scores if each.score > 0.25), key=lambda each: -each.score)


def best_candidate(candidates: list[Candidate], taken: Iterable[str] = ()) -> str | None:
    """The best column that has no role yet, or None."""
    used = set(taken)
    return next((candidate.column for candidate in candidates if candidate.column not in used), None)


def close_candidates(candidates: list[Candidate], chosen: str) -> list[str]:
    """The columns that fit nearly as well as the chosen one, at most two."""
    best = next((candidate.score for candidate in candidates if candidate.column == chosen), 0.0)
    return [each.column for each in candidates if each.column != chosen and each.score >= CLOSE * best][:2]
