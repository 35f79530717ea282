"""Ledger checks: an operator sees lost consents, a lost secret and an interrupted restore."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.consents.consent import PROFILING, Consent
from pipelines.diagnostics.ledger_checks import ledger_memory
from tests.features.consents.stores import Store
from tests.pipelines.diagnostics.surroundings import level_and_found

NO = Consent(PROFILING, "*", granted=False, changed_at=5)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / ".flywheel")
    store.home.mkdir()
    assert level_and_found(ledger_memory, tmp_path) == ("ok", "there are no consents yet")
    store.ledger().record({"ann": [NO]})
    return store


def test_the_ledger_that_the_home_remembers_is_fine(store: Store, tmp_path: Path) -> None:
    level, found = level_and_found(ledger_memory, tmp_path)
    assert (level, found) == ("ok", f"state 1 of {store.ledger().identity()}")


def test_an_older_copy_is_a_problem(store: Store, tmp_path: Path) -> None:
    store.copy()
    store.ledger().record({"bob": [NO]})
    store.put_back()
    level, found = level_and_found(ledger_memory, tmp_path)
    assert (level, found[:8]) == ("problem", "state 1 ")
    assert "remembered state 2" in found


def test_a_lost_or_replaced_secret_is_a_problem(store: Store, tmp_path: Path) -> None:
    (store.home / "secret").unlink()
    assert level_and_found(ledger_memory, tmp_path)[0] == "problem"
    (store.home / "secret").write_bytes(b"x" * 32)
    level, found = level_and_found(ledger_memory, tmp_path)
    assert level == "problem"
    assert "another secret" in found


def test_an_interrupted_restore_is_a_problem(store: Store, tmp_path: Path) -> None:
    (store.home / ".restoring").mkdir()
    assert level_and_found(ledger_memory, tmp_path) == ("problem", "a restore was interrupted")
