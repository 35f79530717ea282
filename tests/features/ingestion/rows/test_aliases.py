"""Aliases: a customer who had several ids is one customer in every table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from features.ingestion.ingest import ingest
from features.ingestion.source_digests import source_digest
from tests.features.ingestion.rows.shops import ingest_shop, note, refusal, rows, summary, write_shop

LOG = "order,customer,at,amount\n1,anon1,2026-01-01,10\n2,ann,2026-01-02,20\n3,bob,2026-01-03,5\n"
ALIASES = '[aliases]\npath = "aliases.csv"\nfrom = "old"\nto = "new"\n'


@pytest.mark.parametrize(
    "aliases",
    [
        "anon1,ann\n",
        " anon1 ,ann\n",
        "anon1\u00a0,a\u200bnn\n",
        "anon1,anon2\nanon2,anon3\nanon3,ann\n",
        "anon1,ann\nanon1,ann\nann,ann\n",
    ],
)
def test_an_old_id_is_the_new_one_at_the_end_of_the_chain(tmp_path: Path, aliases: str) -> None:
    manifest = ingest_shop(tmp_path, {"orders.csv": LOG, "aliases.csv": f"old,new\n{aliases}"}, sections=ALIASES)
    assert rows(tmp_path, "customer_id", "amount") == [("ann", 10.0), ("ann", 20.0), ("bob", 5.0)]
    assert summary(manifest).customers == 2


@pytest.mark.parametrize(
    ("aliases", "fault"),
    [
        ("a,b\nb,c\nc,a\n", "The ids 'a' -> 'b' -> 'c' -> 'a' replace each other"),
        ("x,a\na,b\nb,a\n", "The ids 'a' -> 'b' -> 'a' replace each other"),
        ("a,b\na,c\n", "'a' is replaced by 'b' and by 'c'"),
        ("a,\n", "'a' in from and '(empty)' in to"),
    ],
)
def test_ids_without_one_end_are_refused(tmp_path: Path, aliases: str, fault: str) -> None:
    files = {"orders.csv": LOG, "aliases.csv": f"old,new\n{aliases}"}
    assert f"[aliases] {fault}" in refusal(tmp_path, files, sections=ALIASES).replace("A line has ", "")


def test_a_missing_column_of_aliases_is_named(tmp_path: Path) -> None:
    fault = refusal(tmp_path, {"orders.csv": LOG, "aliases.csv": "old_id,new\n1,2\n"}, sections=ALIASES)
    assert "[aliases] from = 'old': no column 'old'. Columns found: old_id, new." in fault


def test_consents_and_events_have_the_new_id_too(tmp_path: Path) -> None:
    sections = ALIASES + (
        '[events]\npath = "events.csv"\ncustomer_id = "who"\nhappened_at = "at"\nkind = "kind"\n'
        '[consents]\npath = "consents.csv"\ncustomer_id = "who"\npurpose = "why"\ngranted = "yes"\nchanged_at = "at"\n'
    )
    files = {
        "orders.csv": LOG,
        "aliases.csv": "old,new\nanon1,ann\n",
        "events.csv": "who,at,kind\nanon1,2026-01-01,visit\n",
        "consents.csv": "who,why,yes,at\nann,marketing,true,2026-01-01\nanon1,marketing,false,2026-01-02\n",
    }
    ingest_shop(tmp_path, files, sections=sections)
    assert rows(tmp_path, "customer_id", table="events") == [("ann",)]
    assert rows(tmp_path, "customer_id", "granted", table="consents") == [("ann", False), ("ann", True)]


def test_who_was_erased_and_is_in_the_log_under_an_old_id_only_stays_erased(tmp_path: Path) -> None:
    log = {"orders.csv": f"{LOG.splitlines()[0]}\n1,anon1,2026-01-01,10\n2,bob,2026-01-02,5\n"}
    config = write_shop(tmp_path, log | {"aliases.csv": "old,new\nanon1,ann\n"}, sections=ALIASES)
    ingest(config, tmp_path / "history", select_erased=lambda ids: [each for each in ids if each == "ann"])
    assert rows(tmp_path, "customer_id") == [("bob",)]


def test_aliases_of_nobody_are_named(tmp_path: Path) -> None:
    files = {"orders.csv": LOG, "aliases.csv": "old,new\nx1,ann\n"}
    assert note(ingest_shop(tmp_path, files, sections=ALIASES), "aliases_unused").count == 1


@pytest.mark.parametrize("erased", ["ann", "anon1"])
def test_who_was_erased_under_the_new_id_or_the_old_one_stays_erased(tmp_path: Path, erased: str) -> None:
    config = write_shop(tmp_path, {"orders.csv": LOG, "aliases.csv": "old,new\nanon1,ann\n"}, sections=ALIASES)

    def select_erased(ids: Iterable[str]) -> Sequence[str]:
        return [customer_id for customer_id in ids if customer_id == erased]

    ingest(config, tmp_path / "history", select_erased=select_erased)
    assert rows(tmp_path, "amount") == ([(5.0,)] if erased == "ann" else [(5.0,), (20.0,)])


def test_changed_aliases_are_read_anew(tmp_path: Path) -> None:
    config = write_shop(tmp_path, {"orders.csv": LOG, "aliases.csv": "old,new\nanon1,ann\n"}, sections=ALIASES)
    before = source_digest(config)
    manifest = ingest(config, tmp_path / "history")
    assert manifest.source == before
    (tmp_path / "aliases.csv").write_text("old,new\nanon1,bob\n", encoding="utf-8")
    assert source_digest(config) != before
