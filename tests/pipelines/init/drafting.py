"""Drafting: drafts a flywheel.toml as the command does, and ingests it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import duckdb

from features.config.shop import ShopConfig, read_shop_config
from features.ingestion.ingest import ingest
from pipelines.init.draft import Answers, Draft, draft_config
from tests.pipelines.init.simulated_orders import Totals


def draft(files: Sequence[Path], folder: Path, answers: Answers = Answers()) -> Draft:  # noqa: B008 -- a frozen value
    """Draft a flywheel.toml for these exports."""
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        return draft_config(connection, files, folder, Path(spill), answers)


def draft_file(files: Sequence[Path], folder: Path, answers: Answers = Answers()) -> ShopConfig:  # noqa: B008 -- a frozen value
    """Draft, write and read flywheel.toml."""
    (folder / "flywheel.toml").write_text(draft(files, folder, answers).text, encoding="utf-8")
    return read_shop_config(folder / "flywheel.toml")


def ingested_totals(config: ShopConfig, history: Path) -> Totals:
    """Ingest the log, and add up its canonical orders."""
    ingest(config, history)
    table = duckdb.read_parquet(str(history / "orders.parquet"))
    columns = set(table.columns)
    order = "order_id" if "order_id" in columns else "concat(customer_id, day_number)"
    amount = "sum(amount)" if "amount" in columns else "0"
    row = table.aggregate(f"count(DISTINCT {order}), count(DISTINCT customer_id), {amount}").fetchall()[0]
    orders, customers, revenue = row
    return Totals(orders, customers, Decimal(revenue))
