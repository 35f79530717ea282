"""Log reader: the rows of a home that attribution may use."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.decisions.history_tables import DECISIONS_TABLE
from features.decisions.records import Decision
from tests.training.attribution.attribution_home import AMOUNT, write_history, write_orders, write_touches
from tests.training.attribution.attribution_logs import JANUARY, NEW_YEAR, instants
from training.attribution.acquisition_costs import source_costs
from training.attribution.log.log_reader import read_attribution_log
from training.attribution.rows import AttributionLog
from training.experiments.record.experiment import Experiment
from training.experiments.record.experiment_folder import ExperimentFolder

UTC = ZoneInfo("UTC")


def everybody(customer_ids: Sequence[str]) -> Sequence[str]:
    return customer_ids


def read(home: Path, *left_out: str) -> AttributionLog:
    return read_attribution_log(home, JANUARY, UTC, lambda ids: [each for each in ids if each not in left_out])


def test_an_order_is_its_lines_and_one_that_was_sent_back_is_none(tmp_path: Path) -> None:
    write_orders(
        tmp_path,
        ("ann", 5.5, "1", "10"), ("ann", 5.0, "1", "2.5"), ("ann", 7.0, "2", "10"), ("ann", 8.0, "2", "-10"),
        ("bob", 9.0, None, "0"), ("bob", 9.5, None, "0"), ("bob", 10.0, None, "0"),
    )  # fmt: skip
    orders = read(tmp_path).orders
    assert orders.at.tolist() == instants([5.0, 9.0, 10.0]).tolist()
    assert (orders.day - NEW_YEAR).tolist() == [4, 8, 9]


def test_a_log_without_amounts_has_orders_all_the_same(tmp_path: Path) -> None:
    write_history(tmp_path, "orders", {"customer_id": ["ann", "ann"], "day": [3.0, 3.5]}, {})
    assert len(read(tmp_path).orders) == 1


def test_a_touch_is_treated_unless_the_log_says_otherwise(tmp_path: Path) -> None:
    write_orders(tmp_path, ("ann", 5.0, "1", "10"))
    write_touches(tmp_path, ("ann", 2.0, "email", None, None), ("ann", 3.0, "push", False, 0.9))
    log = read(tmp_path)
    assert log.channels == ("email", "push")
    assert log.touches.treated.tolist() == [True, False]
    np.testing.assert_array_equal(log.touches.probability, [np.nan, 0.9])


def test_touches_without_a_channel_are_on_one_that_is_unknown(tmp_path: Path) -> None:
    write_orders(tmp_path, ("ann", 5.0, "1", "10"))
    write_history(tmp_path, "touches", {"customer_id": ["ann"], "day": [2.0]}, {})
    log = read(tmp_path)
    assert (log.channels, log.touches.treated.tolist()) == (("unknown",), [True])


def test_rows_of_after_the_period_are_not_read(tmp_path: Path) -> None:
    write_orders(tmp_path, ("ann", 31.9, "1", "10"), ("ann", 32.0, "2", "10"))
    log = read(tmp_path)
    assert len(log.orders) == 1
    assert log.last_day == NEW_YEAR + 31


def test_a_home_without_a_log_has_nothing(tmp_path: Path) -> None:
    log = read(tmp_path)
    assert (log.customers, len(log.touches), len(log.orders)) == (0, 0, 0)


def test_who_is_left_out_is_in_no_table(tmp_path: Path) -> None:
    write_orders(tmp_path, ("ann", 5.0, "1", "10"), ("bob", 5.0, "1", "10"))
    write_touches(tmp_path, ("ann", 2.0, "email", True, None), ("eve", 2.0, "sms", True, None))
    log = read(tmp_path, "bob", "eve")
    assert (log.customers, len(log.touches), len(log.orders)) == (1, 1, 1)


def write_decisions(home: Path, *decisions: tuple[str, str, float, str]) -> None:
    """Write decisions of id, customer, day and arm, in an experiment with half the customers in each arm."""
    experiment = Experiment.model_validate(
        {
            "id": "win-back",
            "arms": [{"name": "none", "control": True}, {"name": "ten-percent"}],
            "eligible": {"channel": "Email"},
            "outcome": {"kind": "order", "within_days": 14},
            "ends_on": "2027-03-01",
        }
    )
    ExperimentFolder(home).start(experiment, 0, "test")
    rows = [
        Decision(
            decision_id=decision_id, experiment_id="win-back", epoch=1, customer_id=customer,
            decided_at=int(instants([day])[0]), arm=arm, probabilities=(0.25, 0.75),
            probability=0.25 if arm == "none" else 0.75, reason="drawn",
        )
        for decision_id, customer, day, arm in decisions
    ]  # fmt: skip
    (home / "history").mkdir(exist_ok=True)
    DECISIONS_TABLE.write(home / "history", DECISIONS_TABLE.build(rows, {}))


def test_the_first_decision_of_a_customer_counts_with_the_probability_of_being_treated(tmp_path: Path) -> None:
    write_decisions(
        tmp_path, ("d1", "ann", 3.0, "ten-percent"), ("d2", "ann", 4.0, "none"), ("d3", "bob", 5.0, "none"),
        ("d4", "eve", -3.0, "none"), ("d5", "eve", 3.0, "ten-percent"), ("d6", "joe", 32.0, "none"),
    )  # fmt: skip
    log = read(tmp_path)
    assert (log.channels, log.campaigns) == (("email",), ("win-back",))
    assert log.decisions.treated.tolist() == [True, False]
    assert log.decisions.at.tolist() == instants([3.0, 5.0]).tolist()
    assert log.decisions.probability.tolist() == [0.75, 0.75]
    assert log.decisions.window_days.tolist() == [14, 14]
    assert JANUARY.contains(log.decisions.day).all()


def test_a_touch_that_follows_a_decision_is_known_as_such(tmp_path: Path) -> None:
    write_decisions(tmp_path, ("d1", "ann", 3.0, "ten-percent"))
    write_orders(tmp_path, ("ann", 5.0, "1", "10"))
    touch = ("email", True, None)
    write_touches(
        tmp_path, ("ann", 3.1, *touch), ("ann", 3.2, *touch), ("ann", 3.3, *touch), decision_id=["d1", "?", None]
    )
    assert read(tmp_path).touches.in_experiment.tolist() == [True, False, False]


def test_a_touch_follows_a_decision_of_before_the_period_too(tmp_path: Path) -> None:
    write_decisions(tmp_path, ("d1", "ann", 0.5, "ten-percent"), ("d2", "ann", 2.0, "ten-percent"))
    write_orders(tmp_path, ("ann", 5.0, "1", "10"))
    touch = ("email", True, 0.75)
    write_touches(tmp_path, ("ann", 1.5, *touch), ("ann", 2.5, *touch), decision_id=["d1", "d2"])
    log = read(tmp_path)
    assert (len(log.decisions), log.touches.in_experiment.tolist()) == (0, [True, True])


def test_decisions_of_an_experiment_whose_record_is_gone_tell_nothing(tmp_path: Path) -> None:
    write_decisions(tmp_path, ("d1", "ann", 3.0, "ten-percent"))
    (tmp_path / "experiments" / "win-back.json").unlink()
    assert len(read(tmp_path).decisions) == 0


def test_costs_are_divided_by_the_new_customers_of_their_source(tmp_path: Path) -> None:
    costs: dict[str, Sequence[object]] = {
        "day": [2.0, 3.0, 4.0, 32.0],
        "source": ["Search", "search", "tv", "search"],
        "amount": [Decimal(each) for each in (30, 10, 5, 99)],
    }
    write_history(tmp_path, "costs", costs, {"amount": AMOUNT})
    write_orders(
        tmp_path, ("new", 5.0, "1", "10"), ("new", 6.0, "2", "10"), ("old", -100.0, "1", "10"), ("old", 5.0, "2", "10")
    )
    touches = [(who, 4.0, channel, True, None) for who in ("new", "old") for channel in ("email", "search")]
    write_touches(tmp_path, *touches)
    search, television = source_costs(tmp_path, read(tmp_path), JANUARY)
    assert (search.source, search.amount, search.new_customers, search.average) == ("search", 40, 1, 40)
    assert (television.amount, television.new_customers, television.average) == (5, 0, None)


def write_snapshot(home: Path, name: str, **probability: float) -> None:
    """Write a snapshot of predictions, of the probability of an order within 50 days."""
    table = pa.table({"customer_id": list(probability), "order_probability": [*probability.values()]})
    (home / "predictions").mkdir(exist_ok=True)
    pq.write_table(table.replace_schema_metadata({"churn_days": "50"}), home / "predictions" / f"{name}.parquet")


def test_the_newest_prediction_of_before_the_period_is_read_as_orders_per_day(tmp_path: Path) -> None:
    write_orders(tmp_path, ("ann", 5.0, "1", "10"), ("bob", 5.0, "1", "10"), ("eve", 5.0, "1", "10"))
    write_snapshot(tmp_path, "2026-12-20_7", ann=0.9, bob=0.9, eve=0.9)
    write_snapshot(tmp_path, "2027-01-01_7", ann=0.5, eve=1.0)
    write_snapshot(tmp_path, "2027-01-02_7", ann=0.9, bob=0.9, eve=0.9)
    ann, bob, eve = read(tmp_path).served_rate
    assert ann == pytest.approx(np.log(2) / 50)
    assert np.isnan(bob)
    assert np.isfinite(eve)


def test_a_prediction_of_long_before_the_period_is_not_used(tmp_path: Path) -> None:
    write_orders(tmp_path, ("ann", 5.0, "1", "10"))
    write_snapshot(tmp_path, "2026-11-26_7", ann=0.5)
    write_snapshot(tmp_path, "notes", ann=0.5)
    assert not read(tmp_path).has_served_rates
    write_snapshot(tmp_path, "2026-11-27_7", ann=0.5)
    assert read(tmp_path).has_served_rates


def test_a_day_is_a_day_of_the_shop(tmp_path: Path) -> None:
    write_decisions(tmp_path, ("d1", "ann", 0.99, "ten-percent"))
    assert len(read(tmp_path).decisions) == 0
    assert len(read_attribution_log(tmp_path, JANUARY, ZoneInfo("Europe/Amsterdam"), everybody).decisions) == 1
