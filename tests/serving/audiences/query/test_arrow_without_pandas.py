"""PyArrow without pandas: conversions of a process that answers requests import nothing heavy."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import pyarrow as pa
from serving.audiences.query.arrow_without_pandas import use_arrow_without_pandas
use_arrow_without_pandas()
assert pa.array(["ann"]).to_pylist() == ["ann"]
assert pa.scalar(1, pa.int8()).as_py() == 1
print("pandas" in sys.modules)
import pandas
"""


def test_a_conversion_imports_no_pandas_and_a_later_import_works() -> None:
    process = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["False"]
