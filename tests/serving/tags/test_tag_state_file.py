"""Tag state file: what is written is read again, damage is said, and erasure and backup reach every state."""

from __future__ import annotations

from errno import ENOSPC
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.config.tags import TagsConfig
from features.consents.backends import open_ledger
from features.consents.erasure_state import erased_until
from features.errors import StoreDamaged, StoreUnavailable
from pipelines.backup.live_copy import copy_home
from serving.privacy.erasure import apply_pending_erasures, erase_customer
from serving.tags.destinations import read_destinations, record_destinations
from serving.tags.tag_state import TagState
from serving.tags.tag_state_file import delete_customers, read_state, state_path, tagged_customers, write_state
from tests.serving.tags.test_tag_state import begin

TAGS = {"ann": frozenset({"fw:churn:high", "fw:segments:a b"}), "bob": frozenset({"fw:churn:low"})}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "tags").mkdir(parents=True)
    for name in ("crm", "mail"):
        write_state(state_path(folder, name), begin(TagState.empty(), TAGS, f"{name}-1"))
    return folder


def test_a_state_is_read_as_it_was_written(home: Path) -> None:
    state = begin(TagState.empty(), TAGS).confirm(np.zeros(2, np.bool_))
    state = begin(state, {"ann": frozenset({"fw:churn:low"})}, "crm-2")
    write_state(state_path(home, "crm"), state)
    stored = read_state(state_path(home, "crm"))
    assert (stored.export, stored.numbers.tolist()) == (state.export, [1, 2])
    for name in ("certain", "possible", "target", "additions", "removals"):
        assert getattr(stored, name).to_lists() == getattr(state, name).to_lists()
    assert len(read_state(state_path(home, "gone"))) == 0


def test_customers_are_deleted_from_all_states_and_from_the_drafts_of_a_killed_writer(home: Path) -> None:
    draft = home / "tags" / ".crm.parquet.0.tmp"
    draft.write_bytes(b"ann")
    assert delete_customers(home, ["ann", "cem"]) == {"tags/crm": 1, "tags/mail": 1}
    assert sorted(tagged_customers(home)) == ["bob", "bob"]
    assert not draft.exists()
    assert read_state(state_path(home, "crm")).required_export.export_id == "crm-1"


def test_a_damaged_state_keeps_no_other_from_being_cleaned_and_is_said(home: Path) -> None:
    state_path(home, "crm").write_bytes(b"PAR1 torn")
    with pytest.raises(StoreDamaged, match=r"Found no way to delete customers from .*crm.parquet"):
        delete_customers(home, ["ann"])
    assert list(tagged_customers(home)) == ["bob"]
    with pytest.raises(StoreDamaged, match=r"Found .*crm.parquet damaged .*remove the file, and export all tags again"):
        read_state(state_path(home, "crm"))


def test_an_erasure_that_was_pending_reaches_the_states(home: Path) -> None:
    ledger = open_ledger(home, "lmdb")
    ledger.erase("ann")
    apply_pending_erasures(home, "lmdb", ledger)
    assert {*tagged_customers(home)} == {"bob"}


def test_a_backup_has_the_states(home: Path, tmp_path: Path) -> None:
    record_destinations(home, {"crm": TagsConfig(channel="email")})
    copy_home(home, "lmdb", tmp_path / "copy")
    assert sorted(tagged_customers(tmp_path / "copy")) == ["ann", "ann", "bob", "bob"]
    assert read_destinations(tmp_path / "copy") == read_destinations(home)


def test_a_flipped_bit_behind_a_whole_footer_is_damage_too(home: Path) -> None:
    path = state_path(home, "crm")
    content = bytearray(path.read_bytes())
    content[4:40] = bytes(36)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match=r"Found no way to delete customers from .*crm.parquet"):
        delete_customers(home, ["ann"])
    assert list(tagged_customers(home)) == ["bob"]


def test_a_damaged_state_keeps_nobody_in_the_tables(home: Path) -> None:
    state_path(home, "crm").write_bytes(b"PAR1 torn")
    table = home / "history" / "orders.parquet"
    table.parent.mkdir()
    pq.write_table(pa.table({"customer_id": ["ann", "bob", "cem"], "at_us": [1, 2, 3]}), table)
    ledger = open_ledger(home, "lmdb")
    assert not erase_customer(home, "lmdb", ledger, "ann").finished
    assert pq.read_table(table)["customer_id"].to_pylist() == ["bob", "cem"]
    ledger.erase("bob")
    apply_pending_erasures(home, "lmdb", ledger)
    assert pq.read_table(table)["customer_id"].to_pylist() == ["cem"]
    assert erased_until(home) == 0
    write_state(state_path(home, "crm"), begin(TagState.empty(), TAGS, "crm-1"))
    apply_pending_erasures(home, "lmdb", ledger)
    assert list(tagged_customers(home)) == []
    assert erased_until(home) == ledger.state()


def test_a_full_disk_leaves_the_state_as_it_was_and_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(StoreUnavailable, match=r"No space left on device.*The state is as it was"):
        write_state(state_path(home, "crm"), TagState.empty())
    assert sorted(tagged_customers(home)) == ["ann", "ann", "bob", "bob"]
    assert not list((home / "tags").glob("*.tmp"))
