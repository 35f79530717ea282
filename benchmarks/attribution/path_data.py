"""Path data: the channel paths of the package ``mta``, which have conversions and no truth."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from pathlib import Path

from training.attribution.credits.conversion_paths import ConversionPaths

MEMBER = "mta/data/data.csv.gz"


def read_paths(wheel: Path) -> ConversionPaths:
    """The 10,000 paths of the wheel of ``mta==0.0.9`` (MIT licence)."""
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read(MEMBER)).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    sequences = [[name.strip() for name in row["path"].split(">")] for row in rows]
    channels = sorted({name for sequence in sequences for name in sequence})
    return ConversionPaths.from_sequences(
        channels,
        sequences,
        [float(row["total_conversions"]) for row in rows],
        [float(row["total_null"]) for row in rows],
    )
