"""Column specification: name, type and meaning of one column of the scores table."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa


class ColumnSpec(NamedTuple):
    """One column of the scores table, with its meaning in a sentence."""

    name: str
    type: pa.DataType
    meaning: str
