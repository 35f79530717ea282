"""From the log's consents to the ledger."""

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

HEAD = 'name="s"\ncurrency="EUR"\ntimezone="UTC"\n[orders]\npath="orders.csv"\ncustomer_id="who"\nordered_at="at"\n'
TABLE = 'customer_id="who"\npurpose="why"\nchannel="how"\ngranted="said"\nchanged_at="at"\n'
NOW = 10**18
EMAIL, SMS = ReachRequest(MARKETING, "email"), ReachRequest(MARKETING, "sms")


def write_config(folder: Path, consents: str) -> Path:
    (folder / "orders.csv").write_text("who,at\nann,2026-01-01\n")
    (folder / "flywheel.toml").write_text(HEAD + consents)
    return folder / "flywheel.toml"


def import_log(folder: Path, consents: str, ledger: Ledger) -> ImportSummary:
    description = read_shop_config(write_config(folder, consents))
    assert description.consents is not None
    ingest(description, folder / "history")
    return import_consents(folder / "history" / "consents.parquet", description.consents.purposes, ledger)


def test_the_last_word_of_a_table_counts(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text(
        "who,why,how,said,at\n"
        "ann,marketing,email,true,2026-01-02\nann,marketing,email,false,2026-01-03\n"
        "bob,marketing,email,false,2026-01-03\nbob,marketing,email,true,2026-01-04\n"
        "cem,profiling,,false,2026-01-01\n"
    )
    ledger = in_memory_ledger()
    assert import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}', ledger) == ImportSummary(3, ())
    assert ledger.can_reach(["ann", "bob", "cem"], EMAIL, NOW) == [False, True, False]
    assert ledger.statuses(["cem"], NOW) == [ConsentStatus.DENIED]


def test_of_two_words_of_one_instant_the_no_stands(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text(
        "who,why,how,said,at\nann,marketing,email,true,2026-01-02\nann,marketing,email,false,2026-01-02\n"
    )
    ledger = in_memory_ledger()
    import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}', ledger)
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [False]


def test_taking_it_again_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text("who,why,how,said,at\nann,marketing,email,true,2026-01-02\n")
    ledger = in_memory_ledger()
    import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}', ledger)
    state = ledger.state()
    assert import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}', ledger).changed_customers == 0
    assert ledger.state() == state


def test_the_shops_own_names_of_purposes_are_given_their_meaning(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text(
        "who,why,how,said,at\nann,newsletter,,true,2026-01-02\nann,analytics,,false,2026-01-02\nann,fax,,true,2026-01-02\n"
    )
    purposes = '[consents.purposes]\nnewsletter = "marketing.email"\nanalytics = "profiling"\n'
    ledger = in_memory_ledger()
    assert import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}{purposes}', ledger).unused_purposes == (
        "fax",
    )
    words = [(one.purpose, one.channel, one.granted) for one in ledger.consents("ann").consents.entries]
    assert words == [(MARKETING, "email", True), (PROFILING, "*", False)]


@pytest.mark.parametrize("shape", ["segment", "unomi"])
def test_consents_of_other_systems_are_taken_as_they_come(tmp_path: Path, shape: str) -> None:
    at, preferences = "2026-01-02T10:00:00Z", {"Email": True}
    said: dict[str, object] = {
        "segment": {"userId": "ann", "timestamp": at, "context": {"consent": {"categoryPreferences": preferences}}},
        "unomi": {
            "itemId": "ann",
            "consents": {
                "s/Email": {"status": "GRANTED", "statusDate": at, "revokeDate": "2026-06-01T00:00:00Z"},
                "s/Sms": {"status": "DENIED", "statusDate": at},
            },
        },
    }
    (tmp_path / "consents.ndjson").write_text(json.dumps(said[shape]) + "\n")
    purposes = '[consents.purposes]\nEmail = "marketing.email"\nSms = "marketing.sms"\n'
    ledger = in_memory_ledger()
    import_log(tmp_path, f'[consents]\npath="consents.ndjson"\nformat="{shape}"\n{purposes}', ledger)
    may_2026 = 1_777_000_000_000_000
    assert ledger.can_reach(["ann"], EMAIL, may_2026) == [True]
    assert ledger.can_reach(["ann"], SMS, may_2026) == [False]
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [shape == "segment"]


def test_columns_beside_a_format_that_names_them_are_refused(tmp_path: Path) -> None:
    path = write_config(tmp_path, f'[consents]\npath="c"\nformat="segment"\n{TABLE}')
    with pytest.raises(InvalidConfig, match="beside format = 'segment', which names them; leave them out"):
        read_shop_config(path)


def test_a_meaning_that_is_none_is_refused(tmp_path: Path) -> None:
    path = write_config(tmp_path, f'[consents]\npath="c"\n{TABLE}[consents.purposes]\nnews = "newsletter"\n')
    with pytest.raises(InvalidConfig, match=r"found 'newsletter'; expected profiling, marketing, or a channel of it"):
        read_shop_config(path)


def test_the_forgotten_are_left_out_of_every_table(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text("who,why,how,said,at\nann,marketing,,true,2026-01-02\n")
    description = read_shop_config(write_config(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}'))
    manifest = ingest(
        description, tmp_path / "history", select_erased=lambda known: [one for one in known if one == "ann"]
    )
    assert [intake.written for intake in manifest.tables] == [0, 0]
