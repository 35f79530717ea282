"""Store checks: online store, consents, MLflow's database and the champion's files, whole and damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from features.checksums import append_residue
from features.consents.consent import Consent
from features.decisions.backends import decisions_of_copy, open_decisions
from features.online.lmdb import write_transaction
from features.storage.lmdb_inspection import open_for_inspection
from pipelines.diagnostics import store_checks
from pipelines.home import Home
from serving.audience_policy import AudiencePolicy
from serving.audiences.export.member_store import store_audience
from tests.features.decisions.stores import decision, outcome
from tests.pipelines.diagnostics.surroundings import NOW, level_and_found, write_champion, write_features
from tests.redis_server import RedisServer
from tests.serving.audiences.shop import FakeConsent, count_audience, small_table


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FLYWHEEL_ONLINE_STORE", raising=False)
    monkeypatch.delenv("FLYWHEEL_MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / ".flywheel").mkdir()
    return tmp_path / ".flywheel"


ROW = append_residue(bytes(8 * 5 - 4))  # the shortest with the right checksum


def test_an_online_store_is_counted_and_its_files_stay_as_they_are(tmp_path: Path, home: Path) -> None:
    with write_transaction(home / "online") as writer:
        writer.replace("transactions", {"ann": ROW, "bob": ROW})
    del writer  # a process opens a store once, and the writer has it open
    before = {path.name: path.read_bytes() for path in (home / "online").iterdir()}
    level, found = level_and_found(store_checks.online_store, tmp_path)
    assert level == "ok"
    assert found.startswith("LMDB with 2 rows in ")
    assert {path.name: path.read_bytes() for path in (home / "online").iterdir()} == before


def test_rows_that_are_not_as_they_were_written_are_a_problem(tmp_path: Path, home: Path) -> None:
    with write_transaction(home / "online") as writer:
        writer.replace("transactions", {"ann": ROW, "bob": ROW[:-1] + bytes([ROW[-1] ^ 1])})
    del writer
    level, found = level_and_found(store_checks.online_store, tmp_path)
    assert level == "problem"
    assert found.endswith("MB, 1 of them damaged")


def test_features_without_an_online_store_are_a_problem(tmp_path: Path, home: Path) -> None:
    assert level_and_found(store_checks.online_store, tmp_path)[0] == "ok"
    write_features(home, NOW.date())
    level, found = level_and_found(store_checks.online_store, tmp_path)
    assert level == "problem"
    assert found.endswith("although features were published")


def test_a_damaged_online_store_is_a_problem(tmp_path: Path, home: Path) -> None:
    (home / "online").mkdir()
    (home / "online/data.mdb").write_bytes(b"not a store" * 1000)
    level, found = level_and_found(store_checks.online_store, tmp_path)
    assert level == "problem"
    assert found.startswith("Found no way to read the store")


def test_a_redis_that_answers_and_one_that_may_evict(
    tmp_path: Path, home: Path, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.is_dir()
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", redis.url)
    level, found = level_and_found(store_checks.online_store, tmp_path)
    assert (level, found.partition(" with ")[2]) == ("ok", "0 keys, maxmemory-policy noeviction")


def test_a_redis_that_does_not_answer_is_a_problem_without_its_password(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert home.is_dir()
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", "redis://:hunter2@127.0.0.1:1/0")
    level, found = level_and_found(store_checks.online_store, tmp_path)
    assert level == "problem"
    assert "127.0.0.1:1" in found
    assert "hunter2" not in found


def test_consents_and_erasures_are_counted(tmp_path: Path, home: Path) -> None:
    assert level_and_found(store_checks.consents, tmp_path) == ("ok", "state 0: 0 customers recorded, 0 erased")
    ledger = Home(home).ledger()
    consent = Consent("marketing", "email", granted=True, changed_at=0, until=None)
    ledger.record({"ann": [consent], "bob": [consent]})
    ledger.erase("eve")
    found = f"state {ledger.state()}: 2 customers recorded, 1 erased"
    del ledger
    assert level_and_found(store_checks.consents, tmp_path) == ("ok", found)


def test_consents_in_a_redis_need_its_address(tmp_path: Path, home: Path) -> None:
    (home / "consents.redis").touch()
    assert level_and_found(store_checks.consents, tmp_path) == (
        "problem",
        "they are in a Redis, but the online store is lmdb",
    )


def test_decisions_are_counted_and_a_lost_log_is_a_problem(tmp_path: Path, home: Path) -> None:
    assert level_and_found(store_checks.decisions, tmp_path) == ("ok", "nothing was decided yet")
    assert not (home / "decisions").exists()
    log = decisions_of_copy(home)
    log.record([decision(), decision("d2", "bob")])
    log.record_outcomes([outcome(decision_id="d1")])
    del log
    files = {path.name: path.read_bytes() for path in (home / "decisions").iterdir()}
    found = "2 decisions, 1 outcome, 2 customers"
    assert level_and_found(store_checks.decisions, tmp_path) == ("ok", found)
    assert {path.name: path.read_bytes() for path in (home / "decisions").iterdir()} == files
    (home / "decisions/data.mdb").write_bytes(b"no store" * 999)
    assert level_and_found(store_checks.decisions, tmp_path)[1].startswith("Found no way to read the store")
    shutil.rmtree(home / "decisions")
    level, found = level_and_found(store_checks.decisions, tmp_path)
    assert level == "problem"
    assert found.startswith("Found the decision log none; expected ")


def test_decisions_in_a_redis_are_counted_there(
    tmp_path: Path, home: Path, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", redis.url)
    assert level_and_found(store_checks.decisions, tmp_path) == ("ok", "nothing was decided yet")
    open_decisions(home, redis.url).record([decision()])
    assert level_and_found(store_checks.decisions, tmp_path) == ("ok", "1 decision, 0 outcomes, 1 customer")
    redis.flush()
    assert level_and_found(store_checks.decisions, tmp_path)[0] == "problem"


def test_a_database_of_mlflow_that_is_no_database_is_a_problem(tmp_path: Path, home: Path) -> None:
    assert level_and_found(store_checks.model_store, tmp_path)[0] == "ok"
    (home / "mlflow.db").write_text("lost" * 1000)
    level, found = level_and_found(store_checks.model_store, tmp_path)
    assert (level, found) == ("problem", "mlflow.db cannot be read (file is not a database)")


@pytest.mark.parametrize("uri", ["http://user:hunter2@127.0.0.1:1", "postgresql+pg8000://user:hunter2@127.0.0.1:1/m"])
def test_a_server_that_does_not_answer_is_a_warning_without_its_password(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    assert home.is_dir()
    monkeypatch.setenv("FLYWHEEL_MLFLOW_TRACKING_URI", uri)
    level, found = level_and_found(store_checks.model_store, tmp_path)
    assert level == "warning"
    assert uri.replace("hunter2", "***") in found


def test_a_database_of_its_own_answers(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYWHEEL_MLFLOW_TRACKING_URI", f"sqlite:///{home / 'other.db'}")
    assert level_and_found(store_checks.model_store, tmp_path)[0] == "ok"


def test_a_champion_with_damaged_files_is_a_problem(tmp_path: Path, home: Path) -> None:
    assert level_and_found(store_checks.champion, tmp_path) == (
        "warning",
        "there is none yet, so nothing can be answered",
    )
    write_champion(home, NOW)
    assert level_and_found(store_checks.champion, tmp_path)[0] == "problem"


def test_a_folder_without_a_store_has_nothing_to_inspect(tmp_path: Path) -> None:
    with open_for_inspection(tmp_path) as environment:
        assert environment is None
    assert list(tmp_path.iterdir()) == []


def test_damaged_audiences_and_a_quota_that_is_nearly_used_up_are_warnings(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert level_and_found(store_checks.audiences, tmp_path) == ("ok", "0 stored, 0.0 MB")
    shop, folder = small_table(tmp_path), home / "audiences"
    whole, damaged = (
        store_audience(folder, count_audience(shop), FakeConsent(), NOW, "cli", AudiencePolicy()) for _ in range(2)
    )
    assert level_and_found(store_checks.audiences, tmp_path)[0] == "ok"
    monkeypatch.setenv("FLYWHEEL_MAX_AUDIENCES", "2")
    assert "nearly as much as the quota allows" in level_and_found(store_checks.audiences, tmp_path)[1]
    (folder / damaged / "members.arrow").write_bytes(b"")
    level, found = level_and_found(store_checks.audiences, tmp_path)
    assert (level, found.partition("; ")[2]) == ("warning", f"damaged: {damaged}")
    assert {path.name for path in folder.iterdir()} == {".lock", whole, damaged}  # nothing was deleted
