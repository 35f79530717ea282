"""Further lines: what an export writes on the first line of an order counts for its further lines, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.ingestion.rows import further_lines
from tests.features.ingestion.rows.shops import ingest_shop, rows

HEADER = "order,customer,at,amount,status\n"
# The orders 1 to 3, of which each has a further line; a till begins its numbers anew behind them.
LOG = HEADER + "".join(
    f"{number},{who},2026-01-0{number},10,paid\n{number},,2026-01-0{number},1,\n"
    for number, who in enumerate(["ann", "bob", "eve"], 1)
)
WITH_GUEST = LOG.replace("eve", "")  # the status alone tells first lines


@pytest.fixture(autouse=True)
def _short_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(further_lines, "SAMPLE_LINES", LOG.count("\n") - 1)


@pytest.mark.parametrize(
    ("first", "further"),
    [
        ("2026-02-01", "2026-02-01"),
        ("2026-02-01 10:00:00", "2026-02-01 10:00:00"),
        ("2026-02-01 10:00:00", "2026-02-01 10:05:00"),
        ("2026-02-01T10:00:00", "2026-02-01T10:05:00"),
    ],
    ids=["day", "time", "another time of the day", "time after a T"],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_number_used_again_fills_the_lines_of_its_day(
    tmp_path: Path, first: str, further: str, *, turned: bool
) -> None:
    again = [f"1,zoe,{first},20,paid", f"1,,{further},2,"]
    log = LOG + "\n".join(reversed(again) if turned else again) + "\n"
    ingest_shop(tmp_path, {"orders.csv": log})
    assert rows(tmp_path, "amount", "customer_id") == [
        (1.0, "ann"),
        (1.0, "bob"),
        (1.0, "eve"),
        (2.0, "zoe"),
        (10.0, "ann"),
        (10.0, "bob"),
        (10.0, "eve"),
        (20.0, "zoe"),
    ]


@pytest.mark.parametrize(
    "again",
    ["1,zoe,2026-01-01,20,paid", "1,,2026-01-01,20,paid"],
    ids=["another customer", "a guest"],
)
def test_a_line_of_either_of_two_customers_belongs_to_nobody(tmp_path: Path, again: str) -> None:
    ingest_shop(tmp_path, {"orders.csv": f"{WITH_GUEST}{again}\n1,,2026-01-01,2,\n"})
    assert (2.0, "ann") not in rows(tmp_path, "amount", "customer_id")
    assert not {(1.0, "ann"), (2.0, "zoe"), (1.0, "zoe")} & set(rows(tmp_path, "amount", "customer_id"))


def test_an_order_of_one_customer_is_filled_past_midnight(tmp_path: Path) -> None:
    log = LOG + "4,zoe,2026-02-01 23:59:00,20,paid\n4,,2026-02-02 00:01:00,2,\n"
    ingest_shop(tmp_path, {"orders.csv": log})
    assert (2.0, "zoe") in rows(tmp_path, "amount", "customer_id")


def test_a_value_that_all_first_lines_of_a_number_share_is_filled(tmp_path: Path) -> None:
    log = WITH_GUEST + "1,zoe,2026-01-01,20,paid\n1,ann,2026-01-09,2,\n"
    ingest_shop(tmp_path, {"orders.csv": log}, include='{ status = ["paid"] }')
    assert (2.0, "ann") in rows(tmp_path, "amount", "customer_id")


def test_a_date_that_stands_on_the_first_line_only_is_filled(tmp_path: Path) -> None:
    log = HEADER + "1,ann,2026-01-01,10,paid\n1,,,1,\n2,bob,2026-01-02,10,paid\n2,,,1,\n3,eve,2026-01-02,10,paid\n"
    ingest_shop(tmp_path, {"orders.csv": log})
    assert {(1.0, "ann"), (1.0, "bob")} <= set(rows(tmp_path, "amount", "customer_id"))
