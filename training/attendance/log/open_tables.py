"""Open tables: the parquet files of a history as they stood together at one moment, without DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import NotFound, StoreDamaged, StoreUnavailable

MAX_TRIES = 5


@contextmanager
def open_tables(folder: Path, names: Sequence[str]) -> Iterator[Mapping[str, pq.ParquetFile]]:
    """The tables of a history that exist, by name.

    Files are opened first and checked afterwards: each is still the current one, so all were current when the checks
    began. An open file stays readable when ingestion replaces it.

    Raises:
        NotFound: there is no table of orders.
        StoreUnavailable: files were replaced at every try.
        StoreDamaged: a table cannot be read, here or in the block.
    """
    for _ in range(MAX_TRIES):
        with ExitStack() as stack:
            paths = [folder / f"{name}.parquet" for name in names]
            files = {path: stack.enter_context(path.open("rb")) for path in paths if path.is_file()}
            if folder / "orders.parquet" not in files:
                raise NotFound(f"No history in {folder}. Expected an ingested log: run `flywheel ingest` first.")
            if all(_is_current(path, file) for path, file in files.items()):
                try:
                    yield {path.stem: pq.ParquetFile(file) for path, file in files.items()}
                except (pa.ArrowException, OSError) as error:
                    raise StoreDamaged(
                        f"Found a damaged table in {folder} ({error}); expected what `flywheel ingest` wrote. Run it "
                        "again."
                    ) from None
                return
    raise StoreUnavailable(
        f"Found the tables in {folder} replaced {MAX_TRIES} times while they were opened. Expected at most one "
        "ingestion at a time. Try again soon."
    )


def _is_current(path: Path, file: BinaryIO) -> bool:
    try:
        return path.stat().st_ino == Path(f"/proc/self/fd/{file.fileno()}").stat().st_ino
    except FileNotFoundError:
        return False
