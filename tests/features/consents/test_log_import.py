"""Consent import: from the consents of the shop's log to the ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from features.config.shop import read_shop_config
from features.consents.consent import MARKETING, PROFILING, ReachRequest
from features.consents.ledger import ConsentStatus, Ledger
from features.consents.log_import import ImportSummary, import_consents
from features.errors import InvalidConfig
from features.ingestion.ingest import ingest
from tests.dictionary_storage import in_memory_ledger

HEAD = (
    'name="s"\ncurrency="EUR"\ntimezone="UTC"\n[orders]\npath="orders.csv"\ncustomer_id="customer"\nordered_at="at"\n'
)
TABLE = 'customer_id="customer"\npurpose="purpose"\nchannel="channel"\ngranted="granted"\nchanged_at="at"\n'
NOW = 10**18
EMAIL, SMS = ReachRequest(MARKETING, "email"), ReachRequest(MARKETING, "sms")


def write_config(folder: Path, consents: str) -> Path:
    (folder / "orders.csv").write_text("customer,at\nann,2026-01-01\n")
    (folder / "flywheel.toml").write_text(HEAD + consents)
    return folder / "flywheel.toml"


def import_log(folder: Path, consents: str, ledger: Ledger, now: int = NOW) -> ImportSummary:
    config = read_shop_config(write_config(folder, consents))
    assert config.consents is not None
    ingest(config, folder / "history")
    return import_consents(folder / "history" / "consents.parquet", config.consents.purposes, ledger, now)


def test_the_latest_consent_of_a_table_counts(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text(
        "customer,purpose,channel,granted,at\n"
        "ann,marketing,email,true,2026-01-02\nann,marketing,email,false,2026-01-03\n"
        "bob,marketing,email,false,2026-01-03\nbob,marketing,email,true,2026-01-04\n"
        "cem,profiling,,false,2026-01-01\n"
    )
    ledger = in_memory_ledger()
    assert import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}', ledger) == ImportSummary(3, ())
    assert ledger.can_reach(["ann", "bob", "cem"], EMAIL, NOW) == [False, True, False]
    assert ledger.statuses(["cem"], NOW) == [ConsentStatus.DENIED]


def test_of_two_consents_of_one_instant_the_denial_wins(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text(
        "customer,purpose,channel,granted,at\nann,marketing,email,true,2026-01-02\nann,marketing,email,false,2026-01-02\n"
    )
    ledger = in_memory_ledger()
    import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}', ledger)
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [False]


def test_import_is_idempotent(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text("customer,purpose,channel,granted,at\nann,marketing,email,true,2026-01-02\n")
    ledger = in_memory_ledger()
    import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}', ledger)
    state = ledger.state()
    assert import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}', ledger).changed_customers == 0
    assert ledger.state() == state


def test_the_shops_own_names_of_purposes_are_given_their_meaning(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text(
        "customer,purpose,channel,granted,at\nann,newsletter,,true,2026-01-02\nann,analytics,,false,2026-01-02\nann,fax,,true,2026-01-02\n"
    )
    purposes = '[consents.purposes]\nnewsletter = "marketing.email"\nanalytics = "profiling"\n'
    ledger = in_memory_ledger()
    assert import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}{purposes}', ledger).unused_purposes == (
        "fax",
    )
    consents = [
        (consent.purpose, consent.channel, consent.granted) for consent in ledger.consents("ann").consents.entries
    ]
    assert consents == [(MARKETING, "email", True), (PROFILING, "*", False)]


@pytest.mark.parametrize("source_format", ["segment", "unomi"])
def test_consents_of_other_systems_are_taken_as_they_come(tmp_path: Path, source_format: str) -> None:
    timestamp, preferences = "2026-01-02T10:00:00Z", {"Email": True}
    records: dict[str, object] = {
        "segment": {
            "userId": "ann",
            "timestamp": timestamp,
            "context": {"consent": {"categoryPreferences": preferences}},
        },
        "unomi": {
            "itemId": "ann",
            "consents": {
                "s/Email": {"status": "GRANTED", "statusDate": timestamp, "revokeDate": "2026-06-01T00:00:00Z"},
                "s/Sms": {"status": "DENIED", "statusDate": timestamp},
            },
        },
    }
    (tmp_path / "consents.ndjson").write_text(json.dumps(records[source_format]) + "\n")
    purposes = '[consents.purposes]\nEmail = "marketing.email"\nSms = "marketing.sms"\n'
    ledger = in_memory_ledger()
    import_log(tmp_path, f'[consents]\npath="consents.ndjson"\nformat="{source_format}"\n{purposes}', ledger)
    may_2026 = 1_777_000_000_000_000
    assert ledger.can_reach(["ann"], EMAIL, may_2026) == [True]
    assert ledger.can_reach(["ann"], SMS, may_2026) == [False]
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [source_format == "segment"]


def test_columns_beside_a_format_that_names_them_are_refused(tmp_path: Path) -> None:
    path = write_config(tmp_path, f'[consents]\npath="c"\nformat="segment"\n{TABLE}')
    with pytest.raises(InvalidConfig, match="beside format = 'segment', which names them; leave them out"):
        read_shop_config(path)


def test_a_meaning_that_is_none_is_refused(tmp_path: Path) -> None:
    path = write_config(tmp_path, f'[consents]\npath="c"\n{TABLE}[consents.purposes]\nnews = "newsletter"\n')
    with pytest.raises(InvalidConfig, match=r"found 'newsletter'; expected profiling, marketing, or a channel of it"):
        read_shop_config(path)


def test_erased_customers_are_excluded_from_every_table(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text("customer,purpose,channel,granted,at\nann,marketing,,true,2026-01-02\n")
    config = read_shop_config(write_config(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}'))
    manifest = ingest(
        config,
        tmp_path / "history",
        select_erased=lambda known: [customer_id for customer_id in known if customer_id == "ann"],
    )
    assert [table.written for table in manifest.tables] == [0, 0]
