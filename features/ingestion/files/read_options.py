"""Read options: what flywheel.toml says about the files of one source, and where they may be unpacked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True)
class ReadOptions:
    """How the files of one source are read."""

    spill: Path  # an existing folder for unpacked and decoded copies, which the caller removes
    has_header: bool = True
    sheet: str | None = None
    encoding: str | None = None
    columns: tuple[
        tuple[str, ...], ...
    ] = ()  # per key of flywheel.toml the columns that it may name; they show the header
    identifying: tuple[tuple[str, ...], ...] = ()  # the same for customer and time alone, which a total row lacks
    sets_bad_lines_aside: bool = False  # otherwise a line with a wrong number of values is an error

    @cached_property
    def columns_without_case(self) -> tuple[frozenset[str], ...]:
        """The columns by key, to be compared without case."""
        return tuple(frozenset(column.casefold() for column in columns) for columns in self.columns)
