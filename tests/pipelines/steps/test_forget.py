"""A customer who asks to be forgotten is gone from everything, and stays so."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from starlette.testclient import TestClient

from features.storage import write_lock
from pipelines.home import Home
from serving.api.app import create_app
from serving.api.app_state import AppState
from tests.pipelines import shops
from tests.pipelines.command import Flywheel, wait_until

pytestmark = pytest.mark.slow


def customers_by_table(home: Home) -> dict[str, set[str]]:
    """Everybody in any table below the home."""
    paths = [path for path in home.folder.rglob("*.parquet") if "customer_id" in pd.read_parquet(path).columns]
    return {str(path.relative_to(home.folder)): set(pd.read_parquet(path)["customer_id"]) for path in paths}


def customer_in_all_tables(home: Home) -> str:
    """Who has orders, events, features and a score."""
    every = [who for name, who in customers_by_table(home).items() if "social" not in name]
    return min(set.intersection(*every))


def files_that_mention(folder: Path, customer_id: str) -> list[Path]:
    """Files of text, or of plain bytes, that hold the id."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix in {".json", ".jsonl", ".txt", ""}]
    return [path for path in files if f'"{customer_id}"' in path.read_text(errors="ignore")]


def test_forget_removes_a_customer_from_every_table(corner_shop: Flywheel) -> None:
    who = customer_in_all_tables(corner_shop.home)
    said = corner_shop("forget", who, "--json")
    assert said.status == 0, said.err
    (report,) = said.summary["customers"]
    assert report["status"] == "erased"
    assert min(report["removed"][name] for name in ("history/orders", "features/transactions", "online", "scores")) > 0
    assert [one["release"] for one in report["trained_releases"]] == ["1"]
    assert not [name for name, known in customers_by_table(corner_shop.home).items() if who in known]
    assert who not in (corner_shop.home.folder / "audit.jsonl").read_text()
    assert files_that_mention(corner_shop.home.folder, who) == []


def test_a_log_read_again_does_not_bring_them_back(corner_shop: Flywheel) -> None:
    who = customer_in_all_tables(corner_shop.home)
    assert corner_shop("forget", who).status == 0
    orders = corner_shop.folder / "orders.csv"
    orders.write_text(orders.read_text() + f"{who},b999999,2024-01-10 10:00:00,,5.0,1,bread\n")
    said = corner_shop("run", "--as-of", shops.day(10), "--json")
    assert said.status == 0, said.err
    assert not [name for name, known in customers_by_table(corner_shop.home).items() if who in known]


def test_the_service_forgets_and_says_nothing_any_more(corner_shop: Flywheel, monkeypatch: pytest.MonkeyPatch) -> None:
    who = customer_in_all_tables(corner_shop.home)
    monkeypatch.setenv("FLYWHEEL_HOME", str(corner_shop.home.folder))
    monkeypatch.setenv("FLYWHEEL_AS_OF", str(shops.day(10)))
    with TestClient(create_app(AppState.open)) as client:
        asked = {"customer_ids": [who]}
        wait_until(lambda: client.get("/readyz").status_code == 200)
        assert client.post("/v1/predictions", json=asked).json()["predictions"][0]["status"] != "unknown_customer"
        report = client.delete(f"/v1/customers/{who}")
        assert (report.status_code, report.json()["status"]) == (200, "erased")
        assert client.post("/v1/predictions", json=asked).json()["predictions"][0]["status"] == "unknown_customer"
        again = client.delete(f"/v1/customers/{who}").json()
        assert (again["status"], sum(again["removed"].values()), again["trained_releases"]) == ("erased", 0, [])
    assert not [name for name, known in customers_by_table(corner_shop.home).items() if who in known]


def test_a_writer_that_was_busy_takes_them_out_when_it_ends(corner_shop: Flywheel) -> None:
    home = corner_shop.home
    who = customer_in_all_tables(home)
    with home.hold_write_lock("publish", lambda _: None):
        said = corner_shop("forget", who, "--json")
        (report,) = said.summary["customers"]
        assert report["status"] == "pending"
        assert [name for name, known in customers_by_table(home).items() if who in known]
    assert not [name for name, known in customers_by_table(home).items() if who in known]


def test_whom_a_killed_writer_left_behind_is_gone_before_the_next_one_begins(corner_shop: Flywheel) -> None:
    home = corner_shop.home
    who = customer_in_all_tables(home)
    with write_lock.hold_write_lock(home.folder, "killed", lambda _: None, 1.0):
        (report,) = corner_shop("forget", who, "--json").summary["customers"]
        assert report["status"] == "pending"
    assert [name for name, known in customers_by_table(home).items() if who in known]
    with home.hold_write_lock("train", lambda _: None):
        assert not [name for name, known in customers_by_table(home).items() if who in known]


def test_a_release_that_saw_them_is_not_taken_for_one_that_did_not(corner_shop: Flywheel) -> None:
    asked = ("train", "--as-of", shops.day(10), "--json")
    assert corner_shop(*asked).summary["release"] == "1"
    assert corner_shop("forget", customer_in_all_tables(corner_shop.home)).status == 0
    assert corner_shop(*asked).summary["release"] == "2"


def test_who_withdraws_consent_is_left_out_of_scores_and_training(corner_shop: Flywheel) -> None:
    who = customer_in_all_tables(corner_shop.home)
    with corner_shop.folder.joinpath("flywheel.toml").open("a") as description:
        description.write(
            '\n[consents]\npath = "consents.csv"\ncustomer_id = "who"\npurpose = "why"\nchannel = "how"\n'
            'granted = "said"\nchanged_at = "at"\n'
        )
    (corner_shop.folder / "consents.csv").write_text(f"who,why,how,said,at\n{who},profiling,,false,2024-01-12\n")
    said = corner_shop("run", "--as-of", shops.day(10), "--json")
    assert said.status == 0, said.err
    assert corner_shop.home.ledger().profiling_scope(0).exception_ids == (who,)
    line = json.loads((corner_shop.home.folder / "audit.jsonl").read_text())
    assert (line["action"], line["actor"], line["customers"]) == ("consent", "cli", 1)
    left = customers_by_table(corner_shop.home)
    assert who in left["history/orders.parquet"]
    assert not [name for name, known in left.items() if who in known and not name.startswith("history")]
