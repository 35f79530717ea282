"""PyArrow without pandas: a worker never imports pandas, which takes 0.3 s and 58 MiB.

PyArrow looks for pandas at its first conversion of a Python value, so that it can convert a pandas one, and not again.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

import pyarrow as pa


class _PandasIsMissing(MetaPathFinder):
    """A finder for which pandas is not installed."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:  # noqa: ARG002
        if fullname == "pandas":
            raise ModuleNotFoundError("Found an import of pandas; expected none by a process that answers requests.")


def use_arrow_without_pandas() -> None:
    """Let PyArrow look for pandas once, without finding it; has no effect where it has looked before."""
    finder = _PandasIsMissing()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(finder)
