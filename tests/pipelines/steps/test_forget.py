"""Erasure: an erased customer is removed from every table and does not come back."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from features.storage import write_lock
from pipelines.home import Home
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.service import service_of

pytestmark = pytest.mark.slow


def customers_by_table(home: Home) -> dict[str, set[str]]:
    """Customer ids of every table below the home."""
    paths = [path for path in home.folder.rglob("*.parquet") if "customer_id" in pd.read_parquet(path).columns]
    return {str(path.relative_to(home.folder)): set(pd.read_parquet(path)["customer_id"]) for path in paths}


def customer_in_all_tables(home: Home) -> str:
    """A customer with orders, events, features and a score."""
    customer_sets = [customers for name, customers in customers_by_table(home).items() if "social" not in name]
    return min(set.intersection(*customer_sets))


def files_that_mention(folder: Path, customer_id: str) -> list[Path]:
    """Text files and plain binary files that contain the id."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix in {".json", ".jsonl", ".txt", ""}]
    return [path for path in files if f'"{customer_id}"' in path.read_text(errors="ignore")]


def test_forget_removes_a_customer_from_every_table(corner_shop: Flywheel) -> None:
    customer_id = customer_in_all_tables(corner_shop.home)
    result = corner_shop("forget", customer_id, "--json")
    assert result.status == 0, result.err
    (report,) = result.summary["customers"]
    assert report["status"] == "erased"
    assert min(report["removed"][name] for name in ("history/orders", "features/transactions", "online", "scores")) > 0
    assert [release["release"] for release in report["trained_releases"]] == ["1"]
    assert not [name for name, customers in customers_by_table(corner_shop.home).items() if customer_id in customers]
    assert customer_id not in (corner_shop.home.folder / "audit.jsonl").read_text()
    assert files_that_mention(corner_shop.home.folder, customer_id) == []


def test_a_log_read_again_does_not_bring_them_back(corner_shop: Flywheel) -> None:
    customer_id = customer_in_all_tables(corner_shop.home)
    assert corner_shop("forget", customer_id).status == 0
    orders = corner_shop.folder / "orders.csv"
    orders.write_text(orders.read_text() + f"{customer_id},b999999,2024-01-10 10:00:00,,5.0,1,bread\n")
    result = corner_shop("run", "--as-of", shops.day(10), "--json")
    assert result.status == 0, result.err
    assert not [name for name, customers in customers_by_table(corner_shop.home).items() if customer_id in customers]


def test_the_service_erases_a_customer_and_stops_predicting(corner_shop: Flywheel) -> None:
    customer_id = customer_in_all_tables(corner_shop.home)
    with service_of(corner_shop.home, shops.day(10)) as client:
        body = {"customer_ids": [customer_id]}
        assert client.post("/v1/predictions", json=body).json()["predictions"][0]["status"] != "unknown_customer"
        report = client.delete(f"/v1/customers/{customer_id}")
        assert (report.status_code, report.json()["status"]) == (200, "erased")
        assert client.post("/v1/predictions", json=body).json()["predictions"][0]["status"] == "unknown_customer"
        repeated = client.delete(f"/v1/customers/{customer_id}").json()
        assert (repeated["status"], sum(repeated["removed"].values()), repeated["trained_releases"]) == (
            "erased",
            0,
            [],
        )
    assert not [name for name, customers in customers_by_table(corner_shop.home).items() if customer_id in customers]


def test_a_busy_writer_applies_the_pending_erasure_when_it_ends(corner_shop: Flywheel) -> None:
    home = corner_shop.home
    customer_id = customer_in_all_tables(home)
    with home.hold_write_lock("publish", lambda _: None):
        result = corner_shop("forget", customer_id, "--json")
        (report,) = result.summary["customers"]
        assert report["status"] == "pending"
        assert [name for name, customers in customers_by_table(home).items() if customer_id in customers]
    assert not [name for name, customers in customers_by_table(home).items() if customer_id in customers]


def test_a_pending_erasure_after_a_killed_writer_is_done_before_the_next_one(corner_shop: Flywheel) -> None:
    home = corner_shop.home
    customer_id = customer_in_all_tables(home)
    with write_lock.hold_write_lock(home.folder, "killed", lambda _: None, 1.0):
        (report,) = corner_shop("forget", customer_id, "--json").summary["customers"]
        assert report["status"] == "pending"
    assert [name for name, customers in customers_by_table(home).items() if customer_id in customers]
    with home.hold_write_lock("train", lambda _: None):
        assert not [name for name, customers in customers_by_table(home).items() if customer_id in customers]


def test_an_erasure_changes_the_training_fingerprint(corner_shop: Flywheel) -> None:
    arguments = ("train", "--as-of", shops.day(10), "--json")
    assert corner_shop(*arguments).summary["release"] == "1"
    assert corner_shop("forget", customer_in_all_tables(corner_shop.home)).status == 0
    assert corner_shop(*arguments).summary["release"] == "2"


def test_withdrawn_consent_excludes_from_scores_and_training(corner_shop: Flywheel) -> None:
    customer_id = customer_in_all_tables(corner_shop.home)
    with corner_shop.folder.joinpath("flywheel.toml").open("a") as config_file:
        config_file.write(
            '\n[consents]\npath = "consents.csv"\ncustomer_id = "customer"\npurpose = "purpose"\nchannel = "channel"\n'
            'granted = "agreed"\nchanged_at = "at"\n'
        )
    (corner_shop.folder / "consents.csv").write_text(
        f"customer,purpose,channel,agreed,at\n{customer_id},profiling,,false,2024-01-12\n"
    )
    result = corner_shop("run", "--as-of", shops.day(10), "--json")
    assert result.status == 0, result.err
    assert corner_shop.home.ledger().profiling_scope(0).exception_ids == (customer_id,)
    line = json.loads((corner_shop.home.folder / "audit.jsonl").read_text())
    assert (line["action"], line["actor"], line["customers"]) == ("consent", "cli", 1)
    remaining = customers_by_table(corner_shop.home)
    assert customer_id in remaining["history/orders.parquet"]
    assert not [
        name for name, customers in remaining.items() if customer_id in customers and not name.startswith("history")
    ]
