"""Canonical ids of a home: ingestion, consents, audiences and erasure agree on who a customer is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.config.shop import ShopConfig, read_shop_config
from features.consents.consent import MARKETING, Consent, Defaults, ReachRequest
from features.ingestion.manifest import HistoryManifest
from pipelines.home import Home
from pipelines.steps import forget as forget_step
from pipelines.steps import ingest as ingest_step
from tests.pipelines.command import Flywheel
from tests.serving import scored

NOW = datetime(2026, 2, 1, tzinfo=UTC)
NOW_US = 10**18
EMAIL = ReachRequest(MARKETING, "email")
CONFIG = """
name = "t"
currency = "EUR"
timezone = "UTC"
id_case = "{id_case}"
[orders]
path = "orders.csv"
customer_id = "customer"
ordered_at = "at"
[consents]
path = "consents.csv"
customer_id = "customer"
purpose = "purpose"
channel = "channel"
granted = "granted"
changed_at = "at"
"""
ORDERS = "customer,at\nAnn@x.com,2026-01-01\nann@X.com ,2026-01-02\nbob,2026-01-03\n"
CONSENTS = (
    "customer,purpose,channel,granted,at\n"
    "ANN@x.com,Marketing,Email,false,2026-01-02\nann@x.com,marketing,email,true,2026-01-03\nbob,marketing,email,true,2026-01-01\n"
)


def shop(folder: Path, id_case: str) -> tuple[ShopConfig, Home]:
    (folder / "orders.csv").write_text(ORDERS)
    (folder / "consents.csv").write_text(CONSENTS)
    (folder / "flywheel.toml").write_text(CONFIG.format(id_case=id_case))
    return read_shop_config(folder / "flywheel.toml"), Home(folder / ".flywheel")


def ingest(config: ShopConfig, home: Home) -> HistoryManifest:
    return ingest_step.run(config, home, NOW, lambda _: None)


def customers(home: Home) -> set[str]:
    return set(pq.read_table(home.history / "orders.parquet")["customer_id"].to_pylist())


def test_a_folded_shop_has_one_customer_and_one_no(tmp_path: Path) -> None:
    config, home = shop(tmp_path, "fold")
    ingest(config, home)
    assert customers(home) == {"ann@x.com", "bob"}
    assert home.ledger().id_case() == "fold"
    assert home.ledger().can_reach(["ann@x.com", "bob"], EMAIL, NOW_US) == [False, True]


def test_a_shop_that_begins_to_fold_keeps_consents_and_erasures(tmp_path: Path) -> None:
    config, home = shop(tmp_path, "keep")
    ingest(config, home)
    assert customers(home) == {"Ann@x.com", "ann@X.com", "bob"}
    home.ledger().record({"BOB": [Consent(MARKETING, "email", granted=False, changed_at=1)]})
    list(forget_step.run(home, ["ann@X.com"], NOW))
    config, home = shop(tmp_path, "fold")
    ingest(config, home)
    assert customers(home) == {"bob"}
    assert home.ledger().can_reach(["bob"], EMAIL, NOW_US) == [False]
    assert home.ledger().erased_among(["ann@x.com", "bob"]) == ["ann@x.com"]


@pytest.mark.parametrize("spelling", ["ANN@X.COM", " ann@x.com", "Ann@\u200bx.com"])
def test_a_folded_customer_is_forgotten_in_every_spelling(tmp_path: Path, spelling: str) -> None:
    config, home = shop(tmp_path, "fold")
    ingest(config, home)
    (report,) = forget_step.run(home, [spelling], NOW)
    assert report["known"]
    assert report["removed"]["history/orders"] == 2
    assert customers(home) == {"bob"}
    (tmp_path / "orders.csv").write_text(f"{ORDERS}aNN@x.com,2026-01-04\n")
    ingest(config, home)
    assert customers(home) == {"bob"}


def test_forgetting_somebody_whom_nobody_has_says_so(tmp_path: Path) -> None:
    config, home = shop(tmp_path, "keep")
    ingest(config, home)
    flywheel = Flywheel(tmp_path)
    result = flywheel("forget", "bob", "bbo")
    assert result.status == 0, result.err
    assert result.out.count("Nothing was recorded under id") == 1
    assert "Nothing was recorded under id 2 of 2" in result.out
    assert "bbo" not in result.out
    reports = flywheel("forget", "bob", "bbo", "--json").summary["customers"]
    assert [report["known"] for report in reports] == [False, False]
    assert customers(home) == {"Ann@x.com", "ann@X.com"}


def test_an_audience_says_what_nobody_has(tmp_path: Path) -> None:
    flywheel = Flywheel(tmp_path)
    ledger = flywheel.home.ledger()
    ledger.set_defaults(Defaults(marketing=True))
    ledger.record({"c001": [Consent(MARKETING, "Email ", granted=False, changed_at=1)]})
    scored.write_scores(flywheel.home.folder, ledger, ["c000", "c001", "c002"])
    for channel in ("email", "EMAIL", "\u00a0Email"):
        answer = flywheel("audience", "--channel", channel, "--json").summary
        assert (answer["count"], answer["excluded_by_consent"], answer["channel"], answer["notes"]) == (
            2,
            None,
            "email",
            [],
        )
    nobody = flywheel("audience", "--channel", "emial", "--filter", '{"column": "value_tier", "equals": "glod"}')
    assert nobody.status == 0, nobody.err
    assert "Note: Nobody with consent has 'glod' in value_tier; there are 'gold', 'silver'." in nobody.out
    assert "Note: Nobody has a consent or a contact on the channel 'emial'; there are 'email'." in nobody.out
