"""Small shops: files and a flywheel.toml in a folder, and what ingestion makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.config.shop import ShopConfig, read_shop_config
from features.errors import InvalidLog
from features.ingestion.ingest import ingest
from features.ingestion.manifest import HistoryManifest, TableSummary
from features.plausibility_note import PlausibilityNote

ORDERS = {"path": '"orders.csv"', "customer_id": '"customer"', "ordered_at": '"at"', "amount": '"amount"'}
HEADER = "order,customer,at,amount"


def write_shop(folder: Path, files: Mapping[str, str], *, sections: str = "", **orders: str) -> ShopConfig:
    """Write files and a flywheel.toml; keys of ``[orders]`` are TOML, and an empty one is left out."""
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    keys = {**ORDERS, "order_id": '"order"', **orders}
    written = "\n".join(f"{key} = {value}" for key, value in keys.items() if value)
    text = f'name = "corner-shop"\ncurrency = "EUR"\ntimezone = "Europe/Berlin"\n[orders]\n{written}\n{sections}\n'
    (folder / "flywheel.toml").write_text(text, encoding="utf-8")
    return read_shop_config(folder / "flywheel.toml")


def ingest_shop(folder: Path, files: Mapping[str, str], *, sections: str = "", **orders: str) -> HistoryManifest:
    """The manifest of a shop's history."""
    return ingest(write_shop(folder, files, sections=sections, **orders), folder / "history")


def refusal(folder: Path, files: Mapping[str, str], *, sections: str = "", **orders: str) -> str:
    """The faults for which a shop's log is refused."""
    with pytest.raises(InvalidLog) as error:
        ingest_shop(folder, files, sections=sections, **orders)
    return "\n".join(str(error.value).splitlines()[1:])


def summary(manifest: HistoryManifest, table: str = "orders") -> TableSummary:
    """The counts of one table."""
    return next(each for each in manifest.tables if each.table == table)


def notes(manifest: HistoryManifest, code: str) -> list[PlausibilityNote]:
    """The notes with this code."""
    return [note for note in manifest.notes if note.code == code]


def note(manifest: HistoryManifest, code: str) -> PlausibilityNote:
    """The only note with this code."""
    (only,) = notes(manifest, code)
    return only


def rows(folder: Path, *columns: str, table: str = "orders") -> list[tuple[object, ...]]:
    """Canonical rows, sorted; amounts are numbers."""
    found = pq.read_table(folder / "history" / f"{table}.parquet", columns=list(columns)).to_pylist()
    return sorted((tuple(_plain(row[column]) for column in columns) for row in found), key=_none_first)


def _none_first(row: tuple[object, ...]) -> list[tuple[bool, object]]:
    return [(value is not None, value) for value in row]


def _plain(value: object) -> object:
    return float(value) if type(value).__name__ == "Decimal" else value  # type: ignore[arg-type]
