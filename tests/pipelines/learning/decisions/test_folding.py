"""Folding: the tables of the history are the same whatever was sent when, and leave out who was erased."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from features.calendar import micros
from features.decisions.backends import LOCAL_FOLDER, open_decisions
from features.decisions.decision_log import DecisionLog
from features.decisions.history_tables import HISTORY_TABLES
from features.errors import StoreDamaged
from features.history import History
from features.ingestion.alias_file import write_aliases
from pipelines.home import Home
from pipelines.learning.decisions import folding
from pipelines.learning.decisions.folded_records import remove_folded
from pipelines.learning.decisions.folding import FoldSummary, fold
from pipelines.steps import ingest
from serving.privacy.erasure import apply_pending_erasures, erase_customer
from tests.features.decisions.stores import decision, exposure, outcome
from tests.features.decisions.test_decision_log import SENT, send_until_accepted
from tests.logs import write_config
from training.experiments.record.experiment import Arm, Experiment, Metric
from training.experiments.record.experiment_folder import ExperimentFolder

NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["lmdb", "redis"])
def home(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    location = "lmdb" if request.param == "lmdb" else request.getfixturevalue("redis").url
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", location)
    (tmp_path / "home/history").mkdir(parents=True)
    return Home(tmp_path / "home")


def log_of(home: Home) -> DecisionLog:
    return open_decisions(home.folder, home.online)


def table_bytes(home: Home) -> list[bytes]:
    return [(home.history / f"{table.name}.parquet").read_bytes() for table in HISTORY_TABLES]


def rows(home: Home, table: str, *columns: str) -> list[tuple[object, ...]]:
    values = pq.read_table(home.history / f"{table}.parquet", columns=list(columns)).to_pylist()
    return [tuple(row[column] for column in columns) for row in values]


def test_a_home_without_decisions_gets_no_tables(home: Home) -> None:
    assert fold(home) == FoldSummary()
    assert not [*home.history.iterdir()]


def test_each_row_has_its_customer_and_times_in_microseconds(home: Home) -> None:
    send_until_accepted(log_of(home), list(SENT))
    assert fold(home) == FoldSummary(decisions=2, exposures=3, outcomes=2)
    assert rows(home, "decisions", "decision_id", "customer_id", "decided_at_us", "probabilities") == [
        ("d1", "ann", 10, [0.5, 0.5]),
        ("d2", "bob", 10, [0.5, 0.5]),
    ]
    assert rows(home, "exposures", "decision_id", "customer_id", "state", "at_us") == [
        ("d1", "ann", "sent", 20), ("d1", "ann", "sent", 21), ("d2", "bob", "sent", 20)
    ]  # fmt: skip
    assert rows(home, "outcomes", "outcome_id", "customer_id", "value", "recorded_at_us") == [
        ("o1", "ann", 3.0, 42), ("o2", "ann", None, 40)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_replayed_late_and_unordered_intake_folds_to_the_same_bytes(home: Home, tmp_path: Path, seed: int) -> None:
    send_until_accepted(log_of(home), list(SENT))
    fold(home)
    expected = table_bytes(home)
    other = Home(tmp_path / "other")
    log_of(home).delete_customers(["ann", "bob"])
    rng = np.random.default_rng(seed)
    messages = [SENT[index] for index in rng.permutation([*range(len(SENT)), *rng.integers(len(SENT), size=9)])]
    for message in messages:  # each is sent, and sent again later; a fold may come at any time
        send_until_accepted(log_of(other), [message])
        if rng.random() < 0.4:
            fold(other)
    send_until_accepted(log_of(other), messages)
    fold(other)
    fold(other)
    assert table_bytes(other) == expected


def test_records_are_folded_a_chunk_at_a_time(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    send_until_accepted(log_of(home), list(SENT))
    fold(home)
    expected = table_bytes(home)
    for table in HISTORY_TABLES:
        (home.history / f"{table.name}.parquet").unlink()
    monkeypatch.setattr(folding, "CHUNK_SIZE", 1)
    fold(home)
    assert table_bytes(home) == expected


def test_an_interrupted_fold_is_done_again_by_the_next(home: Home) -> None:
    send_until_accepted(log_of(home), list(SENT))
    fold(home)
    expected = table_bytes(home)
    (home.history / "exposures.parquet").unlink()
    fold(home)
    assert table_bytes(home) == expected


def test_what_left_the_decision_log_stays_in_the_history(home: Home) -> None:
    send_until_accepted(log_of(home), list(SENT))
    fold(home)
    expected = table_bytes(home)
    log_of(home).remove(["d1", "d2"], ["o1", "o2"])
    fold(home)
    assert table_bytes(home) == expected


def test_the_first_decision_makes_all_three_tables(home: Home) -> None:
    log_of(home).record([decision()])
    fold(home)
    assert [len(rows(home, table.name, "customer_id")) for table in HISTORY_TABLES] == [1, 0, 0]


def test_customers_have_the_ids_of_the_newest_log(home: Home) -> None:
    log_of(home).record([decision("d1", "ANN"), decision("d2", "bob")])
    fold(home)
    home.ledger().set_id_case("fold")
    write_aliases(home.history, {"bob": "robert"}, None)
    fold(home)
    assert rows(home, "decisions", "customer_id") == [("ann",), ("robert",)]


def test_erased_customers_leave_log_and_tables_and_are_counted(home: Home) -> None:
    send_until_accepted(log_of(home), list(SENT))
    fold(home)
    result = erase_customer(home.folder, home.online, home.ledger(), "ann")
    assert result.finished
    counts = {"decisions": 1, "exposures": 2, "outcomes": 2}
    assert {name: count for name, count in result.removed.items() if count} == {
        **counts, **{f"history/{name}": count for name, count in counts.items()}
    }  # fmt: skip
    assert [*log_of(home).customer_ids()] == ["bob"]
    for table in HISTORY_TABLES:
        assert {*rows(home, table.name, "customer_id")} <= {("bob",)}


def test_an_erasure_that_was_pending_reaches_the_decision_log(home: Home) -> None:
    send_until_accepted(log_of(home), list(SENT))
    home.ledger().erase("ann")
    apply_pending_erasures(home.folder, home.online, home.ledger())
    assert [*log_of(home).customer_ids()] == ["bob"]


def test_a_record_that_came_after_its_customer_was_erased_is_not_folded(home: Home) -> None:
    erase_customer(home.folder, home.online, home.ledger(), "ann")
    send_until_accepted(log_of(home), list(SENT))
    fold(home)
    assert rows(home, "decisions", "customer_id") == [("bob",)]
    assert [*log_of(home).customer_ids()] == ["bob"]


def test_a_damaged_table_is_not_replaced(home: Home) -> None:
    send_until_accepted(log_of(home), list(SENT))
    (home.history / "decisions.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(StoreDamaged, match=r"^Found .*decisions.parquet damaged .*; expected the table as Flywheel"):
        fold(home)
    assert (home.history / "decisions.parquet").read_bytes() == b"PAR1 and no more"


def start_experiment(home: Home, ends_on: date) -> None:
    arms = (Arm(name="none", control=True), Arm(name="ten-percent"))
    record = Experiment(id="win-back", arms=arms, outcome=Metric(kind="order", within_days=28), ends_on=ends_on)
    ExperimentFolder(home.folder).start(record, 1, "test")


@pytest.mark.parametrize(
    ("ends_on", "days", "is_kept"),
    [
        ("2027-02-01", 300, True),
        ("2026-12-01", 59, False),
        ("2026-12-01", 57, True),
        (None, 390, True),
        (None, 396, False),
    ],
)
def test_a_decision_stays_until_its_experiment_and_its_windows_are_over(
    home: Home, ends_on: str | None, days: int, is_kept: bool
) -> None:
    if ends_on is not None:
        start_experiment(home, date.fromisoformat(ends_on))
    at = micros(NOW - timedelta(days=days))
    log_of(home).record([decision(at=at)])
    log_of(home).record_exposures([exposure()])
    assert remove_folded(home, NOW) == 0  # not in the history yet
    fold(home)
    assert remove_folded(home, NOW) == (0 if is_kept else 1)
    assert log_of(home).counts()["decisions"] == log_of(home).counts()["exposures"] == int(is_kept)
    assert rows(home, "decisions", "decision_id") == [("d1",)]


def test_an_outcome_stays_as_long_as_the_longest_window(home: Home) -> None:
    for outcome_id, days in (("o1", 394), ("o2", 396)):
        recorded_at = micros(NOW - timedelta(days=days))
        log_of(home).record_outcomes([outcome(outcome_id, customer_id="ann", recorded_at=recorded_at)])
    fold(home)
    assert remove_folded(home, NOW) == 1
    assert [one.outcome_id for one in log_of(home).outcomes()] == ["o1"]


def test_nothing_is_created_where_nothing_was_decided(home: Home) -> None:
    assert remove_folded(home, NOW) == 0
    assert not (home.folder / LOCAL_FOLDER).exists()


def test_every_ingestion_folds_also_of_a_log_that_did_not_change(home: Home, tmp_path: Path) -> None:
    config = write_config(tmp_path)
    (tmp_path / "orders.csv").write_text("customer,at,amount\nann,2026-01-31,5\n")
    lines: list[str] = []
    log_of(home).record([decision()])
    ingest.run(config, home, NOW, lines.append)
    assert rows(home, "decisions", "decision_id") == [("d1",)]
    log_of(home).record([decision("d2", "bob")])
    ingest.run(config, home, NOW, lines.append)
    assert rows(home, "decisions", "decision_id") == [("d1",), ("d2",)]
    assert [line for line in lines if "decision" in line] == [
        "the history has 1 decision, 0 exposures and 0 outcomes",
        "the history has 2 decisions, 0 exposures and 0 outcomes",
    ]
    assert History.open(home.history).count_customers() == 1
