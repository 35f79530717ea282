"""How is a column of the scores table explained?"""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa


class ColumnSpec(NamedTuple):
    """One column, explained in a sentence."""

    name: str
    type: pa.DataType
    meaning: str
