"""File variants: files of one log whose columns have other names or a column more, read by lists of columns."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.init.choice import Choice
from pipelines.init.raw_export import RawExport

MIN_SHARED = 0.5  # of all columns of two files of one log


def unite_choices(choices: Sequence[Choice | None], key: str) -> Choice | None:
    """The choice of the first file, with the columns that the same key has in the other files."""
    found = [choice for choice in choices if choice is not None]
    if not found:
        return None
    columns = list(dict.fromkeys(column for choice in found for column in choice.columns))
    if columns == found[0].columns:
        return found[0]
    reason = f"{found[0].reason}; {', '.join(repr(column) for column in columns[1:])} in other files"
    return Choice(key, columns, reason, found[0].questions)


def are_alike(one: RawExport, other: RawExport) -> bool:
    """Whether most columns of two files have the same names, whatever the case."""
    if one.has_header != other.has_header or one.sheet or other.sheet:
        return False
    left, right = ({column.casefold() for column in export.columns} for export in (one, other))
    return len(left & right) >= MIN_SHARED * len(left | right)
