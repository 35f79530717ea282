"""A registry that is locked, damaged or not there is one sentence for the operator, never MLflow's traceback."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.free_ports import free_port
from tests.training.registry.ready_store import registry_in
from training.registry import Registry, RegistryUnavailable, relocation

pytestmark = pytest.mark.slow


def test_a_locked_store_says_who_has_to_wait_for_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relocation, "LOCK_WAIT_SECONDS", 0.1)
    home = registry_in(tmp_path).home
    with closing(sqlite3.connect(home / "mlflow.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(RegistryUnavailable, match=r"locked by another program\. Expected it to be free"):
            Registry.open(home)


def test_a_store_that_fails_between_two_calls_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    registry = registry_in(tmp_path)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("DROP TABLE registered_model_tags")
    with pytest.raises(RegistryUnavailable, match=r"mlflow\.db: .*no such table.* restore it from a backup"):
        registry.version_of("release", "champion")
    assert caplog.text == ""


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(RegistryUnavailable, match=r"mlflow\.db: file is not a database"):
        Registry.open(tmp_path)


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        (lambda: f"http://127.0.0.1:{free_port()}", "Found no model registry at http://127.0.0.1"),
        (lambda: "bogus://models", "Found no model registry at bogus://models: .*unsupported URI"),
        (lambda: "mlruns", "Found no model registry at mlruns: The filesystem tracking backend"),
        (lambda: "postgresql://ann:secret@127.0.0.1/models", r"at postgresql://ann:\*\*\*@127.0.0.1/models: [^@]*$"),
    ],
    ids=["a server that is not there", "an unknown scheme", "a folder", "a database without its driver"],
)
def test_an_address_without_a_registry_is_named(
    uri: Callable[[], str], found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RegistryUnavailable, match=found):
        Registry.open(tmp_path, uri()).version_of("release", "champion")
