"""Erasure under an old id: the customer whom an alias names goes under every id, and stays out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from features.config.shop import ShopConfig, read_shop_config
from features.consents.consent import MARKETING, Consent
from features.ingestion.alias_file import ALIAS_FILE, read_aliases
from pipelines.home import Home
from pipelines.steps import forget as forget_step
from pipelines.steps import ingest as ingest_step

NOW = datetime(2026, 2, 1, tzinfo=UTC)
CONFIG = """
name = "t"
currency = "EUR"
timezone = "UTC"
id_case = "{id_case}"
[orders]
path = "orders.csv"
customer_id = "customer"
ordered_at = "at"
"""
ALIASES = '[aliases]\npath = "aliases.csv"\nfrom = "old"\nto = "new"\n'
ORDERS = "customer,at\nweb-1,2026-01-01\nApp-2,2026-01-02\nann,2026-01-03\nbob,2026-01-04\n"
MERGED = "old,new\nweb-1,App-2\nApp-2,ann\ntill-9,bob\n"


def shop(folder: Path, *, id_case: str = "keep", aliases: str = MERGED) -> tuple[ShopConfig, Home]:
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "aliases.csv").write_text(aliases)
    (folder / "flywheel.toml").write_text(CONFIG.format(id_case=id_case) + (ALIASES if aliases else ""))
    return read_shop_config(folder / "flywheel.toml"), Home(folder / ".flywheel")


def ingest(config: ShopConfig, home: Home, report: Callable[[str], None] = lambda _: None) -> None:
    with home.hold_write_lock("ingest", report):
        ingest_step.run(config, home, NOW, report)


def forget(home: Home, customer_id: str) -> dict[str, Any]:
    (report,) = forget_step.run(home, [customer_id], NOW)
    return report


def customers(home: Home) -> list[str]:
    return sorted(pq.read_table(home.history / "orders.parquet")["customer_id"].to_pylist())


def tombstones(home: Home, *customer_ids: str) -> set[str]:
    return {*home.ledger().erased_among(customer_ids)}


@pytest.mark.parametrize("customer_id", ["web-1", "App-2", "ann", " web-1\u00a0", "\u200bApp-2"])
def test_every_id_that_a_customer_had_forgets_the_customer(tmp_path: Path, customer_id: str) -> None:
    config, home = shop(tmp_path)
    ingest(config, home)
    home.ledger().record({"App-2": [Consent(MARKETING, "email", granted=True, changed_at=1)]})
    report = forget(home, customer_id)
    assert (report["status"], report["known"]) == ("erased", True)
    removed = report["removed"]
    assert (removed["history/orders"], removed["history/aliases"], removed["consents"]) == (3, 2, 1)
    assert customers(home) == ["bob"]
    assert tombstones(home, "web-1", "App-2", "ann", "till-9", "bob") == {"web-1", "App-2", "ann"}
    assert read_aliases(home.history) == {"till-9": "bob"}
    assert forget(home, customer_id)["known"] is False


@pytest.mark.parametrize("customer_id", ["WEB-1", "app-2 ", "ANN"])
def test_case_does_not_matter_where_the_shop_folds_ids(tmp_path: Path, customer_id: str) -> None:
    config, home = shop(tmp_path, id_case="fold")
    ingest(config, home)
    assert forget(home, customer_id)["known"] is True
    assert customers(home) == ["bob"]
    assert tombstones(home, "web-1", "app-2", "ann", "bob") == {"web-1", "app-2", "ann"}


def test_another_case_is_another_customer_where_the_shop_keeps_ids(tmp_path: Path) -> None:
    config, home = shop(tmp_path)
    ingest(config, home)
    assert forget(home, "app-2")["known"] is False
    assert customers(home) == ["ann", "ann", "ann", "bob"]


@pytest.mark.parametrize("log", [ORDERS, ORDERS + "bob,2026-01-05\nweb-1,2026-01-06\n"], ids=["same", "longer"])
@pytest.mark.parametrize("aliases", [MERGED, ""], ids=["merged", "apart"])
def test_a_log_that_is_read_again_brings_no_id_back(tmp_path: Path, log: str, aliases: str) -> None:
    config, home = shop(tmp_path)
    ingest(config, home)
    forget(home, "web-1")
    config, _ = shop(tmp_path, aliases=aliases)
    (tmp_path / "orders.csv").write_text(log)
    ingest(config, home)
    assert {*customers(home)} == {"bob"}
    assert read_aliases(home.history) == ({"till-9": "bob"} if aliases else {})


def test_a_history_without_aliases_has_no_file_of_them(tmp_path: Path) -> None:
    config, home = shop(tmp_path)
    ingest(config, home)
    assert (home.history / ALIAS_FILE).is_file()
    config, _ = shop(tmp_path, aliases="")
    ingest(config, home)
    assert not (home.history / ALIAS_FILE).exists()
    assert forget(home, "web-1")["known"] is True
    assert customers(home) == ["App-2", "ann", "bob"]


def test_a_history_of_an_earlier_version_is_read_again(tmp_path: Path) -> None:
    config, home = shop(tmp_path)
    ingest(config, home)
    (home.history / ALIAS_FILE).unlink()
    ingest(config, home)
    assert read_aliases(home.history) == {"web-1": "ann", "App-2": "ann", "till-9": "bob"}


def test_an_id_that_was_erased_before_it_was_merged_can_be_forgotten_again(tmp_path: Path) -> None:
    config, home = shop(tmp_path)
    forget(home, "web-1")
    ingest(config, home)
    assert customers(home) == ["ann", "ann", "bob"]
    assert forget(home, "web-1")["known"] is True
    assert customers(home) == ["bob"]


def test_who_asks_while_the_aliases_are_read_for_the_first_time_goes_too(tmp_path: Path) -> None:
    config, home = shop(tmp_path)

    def ask(progress: str) -> None:
        if progress == "writing orders":
            home.ledger().erase("web-1")

    ingest(config, home, ask)
    assert customers(home) == ["bob"]
    assert tombstones(home, "web-1", "App-2", "ann", "bob") == {"web-1", "App-2", "ann"}
    assert read_aliases(home.history) == {"till-9": "bob"}


def test_who_asks_while_another_writer_has_the_home_is_known_and_goes_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, home = shop(tmp_path)
    ingest(config, home)
    monkeypatch.setattr("serving.privacy.erasure.LOCK_TIMEOUT_SECONDS", 0.0)
    with home.hold_write_lock("train", lambda _: None):
        report = forget(home, "web-1")
        assert (report["status"], report["known"]) == ("pending", True)
    assert customers(home) == ["bob"]
    assert read_aliases(home.history) == {"till-9": "bob"}


def written_texts(folder: Path) -> Iterable[str]:
    return (path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file())


def test_no_file_of_the_history_names_an_old_id_of_a_forgotten_customer(tmp_path: Path) -> None:
    config, home = shop(tmp_path)
    ingest(config, home)
    assert any("web-1" in text for text in written_texts(home.history))
    forget(home, "ann")
    assert not any("web-1" in text or "App-2" in text for text in written_texts(home.history))
