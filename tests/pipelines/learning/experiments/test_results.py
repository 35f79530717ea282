from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.storage.row_deletion import delete_rows
from pipelines.home import Home
from pipelines.learning.experiments.results import write_results
from pipelines.learning.experiments.units import UnitSource
from tests.pipelines.learning.histories import (
    FIRST_DAY,
    ZONE,
    as_of,
    at,
    decision,
    order,
    start_experiment,
    write_history,
)
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.result_schema import ExperimentResults
from training.experiments.results.stored_results import read_stored_results

pytestmark = pytest.mark.slow
CUSTOMERS = 400
Rows = list[dict[str, Any]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def shop(customers: int = CUSTOMERS) -> tuple[Rows, Rows]:
    """Orders and decisions of customers: every fifth orders after the mail, and every tenth without it."""
    decisions = [
        decision(f"c{number}", at(number % 10, number % 24), ("none", "mail")[number // 2 % 2])
        for number in range(customers)
    ]
    orders = [
        order(row["customer_id"], row["decided_at_us"] + 86_400_000_000 * 3, 10.0 + number % 7)
        for number, row in enumerate(decisions)
        if number % 10 in ((0, 1, 4, 5) if row["arm"] == "none" else (0, 1, 2, 3, 4, 5, 6))
    ]
    return [*orders, *(order("zoe", at(day), 1.0) for day in range(90))], decisions


def judge(home: Home, day: int, **fields: Any) -> ExperimentResults:  # noqa: ANN401 - any field of the record
    started = start_experiment(home.folder, **fields)
    source = UnitSource.open(home, started, as_of(day), ZONE)
    return write_results(ExperimentFolder(home.folder), source, source.units())


def results_file(home: Home) -> bytes:
    return (home.folder / "experiments/win-back/results.json").read_bytes()


def test_the_same_rows_in_any_order_and_more_than_once_give_the_same_file(home: Home, tmp_path: Path) -> None:
    orders, decisions = shop()
    write_history(home, orders, decisions)
    judge(home, 60, ends_on="2027-06-14")
    first = results_file(home)
    other = Home(tmp_path / "other")
    # A later decision of a customer who has one never counts.
    again = [{**row, "decided_at_us": row["decided_at_us"] + 5, "epoch": 2, "arm": "mail"} for row in decisions[:50]]
    shuffled, rng = [*decisions, *again], np.random.default_rng(0)
    write_history(
        other,
        [orders[place] for place in rng.permutation(len(orders))],
        [shuffled[place] for place in rng.permutation(len(shuffled))],
    )
    judge(other, 60, ends_on="2027-06-14")
    assert results_file(other) == first


def test_a_run_that_is_repeated_on_the_same_day_gives_the_same_file(home: Home) -> None:
    write_history(home, *shop())
    judge(home, 35, looks=["2027-06-06"])
    first = results_file(home)
    judge(home, 35, looks=["2027-06-06"])
    assert results_file(home) == first


def test_the_end_is_judged_on_its_day_with_those_who_have_matured_and_stays(home: Home) -> None:
    orders, decisions = shop()
    write_history(home, orders, decisions)
    fields = {"ends_on": (FIRST_DAY + timedelta(days=36)).isoformat()}
    assert judge(home, 35, **fields).reason == "peeked"
    ended = judge(home, 36, **fields)
    assert (ended.status, ended.decided) == ("ended", CUSTOMERS)
    assert 0 < ended.looks[0].matured < CUSTOMERS
    write_history(home, [*orders, order("c0", at(1), 5_000.0)], decisions)
    assert judge(home, 70, **fields) == ended


def test_an_end_before_enough_customers_have_matured_is_judged_on_the_first_day_with_enough(home: Home) -> None:
    write_history(home, *shop())
    fields = {"ends_on": (FIRST_DAY + timedelta(days=30)).isoformat()}
    assert judge(home, 30, **fields).reason == "too_few"
    ended = judge(home, 60, **fields)
    assert (ended.status, ended.looks[0].as_of) == ("ended", FIRST_DAY + timedelta(days=60))


def test_erased_customers_leave_the_results_of_an_ended_experiment_as_they_were_and_are_counted(home: Home) -> None:
    write_history(home, *shop())
    fields = {"ends_on": (FIRST_DAY + timedelta(days=30)).isoformat()}
    ended = judge(home, 60, **fields)
    assert delete_rows(home.history / "decisions.parquet", ["c1", "c2", "c3"]) == 3
    after = judge(home, 61, **fields)
    assert after.erased_since == 3
    assert after.model_copy(update={"erased_since": 0}) == ended
    assert judge(home, 62, **fields).erased_since == 3


def test_erased_customers_of_a_running_experiment_are_counted_once(home: Home) -> None:
    write_history(home, *shop())
    before = judge(home, 33)
    delete_rows(home.history / "decisions.parquet", ["c1", "c2", "c3"])
    after = [judge(home, day) for day in (34, 35)]
    assert before.erased_since == 0
    assert [result.erased_since for result in after] == [3, 3]
    assert after[0].decided == CUSTOMERS - 3
    assert sum(count.decided for count in after[0].daily) == CUSTOMERS


def test_the_results_name_no_customer(home: Home) -> None:
    orders, decisions = shop()
    renamed = {f"c{number}": f"person-{number}@example.org" for number in range(CUSTOMERS)}
    for row in [*orders, *decisions]:
        row["customer_id"] = renamed.get(row["customer_id"], row["customer_id"])
    write_history(home, orders, [{**row, "decision_id": row["customer_id"]} for row in decisions])
    assert judge(home, 60).decided == CUSTOMERS
    assert b"person" not in results_file(home)


def test_damaged_results_are_no_results(home: Home) -> None:
    write_history(home, *shop())
    judge(home, 35)
    (home.folder / "experiments/win-back/results.json").write_text("{")
    with pytest.raises(Exception, match="Found damaged results of the experiment win-back"):
        read_stored_results(ExperimentFolder(home.folder), "win-back")
