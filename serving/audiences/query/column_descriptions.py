"""Column descriptions: what each column of the scores table means, written into its schema by batch scoring.

The sentences travel with the table, so a worker that only answers reads them beside the values, and never knows a
column that the table does not have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import orjson
import pyarrow as pa

OTHER_GROUP = "other"
_METADATA_KEY = b"flywheel.columns"


@dataclass(frozen=True, kw_only=True)
class ColumnDescription:
    """Group and meaning of one column."""

    name: str
    group: str
    meaning: Mapping[str, str]  # language (en, zh) -> a sentence
    targeting: bool  # whether it says something about the customer, rather than about how the row was made


def description_metadata(descriptions: Iterable[ColumnDescription]) -> Mapping[bytes, bytes]:
    """Return the metadata for the schema of the scores table."""
    return {_METADATA_KEY: orjson.dumps([asdict(description) for description in descriptions])}


def read_descriptions(schema: pa.Schema) -> list[ColumnDescription]:
    """Return a description of every column of a scores table, in order.

    A column that was not described, as in a table of an earlier version, is in the group ``other`` without a meaning.
    """
    payload = (schema.metadata or {}).get(_METADATA_KEY, b"[]")
    described = {fields["name"]: ColumnDescription(**fields) for fields in orjson.loads(payload)}
    return [described.get(name) or _unknown_column(name) for name in schema.names]


def _unknown_column(name: str) -> ColumnDescription:
    return ColumnDescription(name=name, group=OTHER_GROUP, meaning={}, targeting=True)
