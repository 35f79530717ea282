"""Order months: orders, spend and categories are counted in the month of the shop in which they were."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from features.errors import NotFound, StoreDamaged
from features.ingestion.lines_by_customer import LINES_BY_CUSTOMER_FILE, LinesByCustomer
from serving.customers.order_months import history_figures, timeline_figures
from tests.serving.customers.histories import LOG, write_history


def figures(home: Path, customer_id: str = "ann") -> dict[str, Any]:
    return history_figures(LinesByCustomer(home / "history").read(customer_id))


def test_an_order_is_of_its_first_month_and_a_return_of_its_own(tmp_path: Path) -> None:
    write_history(tmp_path)
    months = figures(tmp_path)["months"]
    assert [(each["month"], each["orders"], each["net_spend"]) for each in months] == [
        ("2026-07", 1, 15.1),
        ("2026-08", 0, 0.0),
        ("2026-09", 1, 15.5),
        ("2026-10", 1, 7.0),
        ("2026-11", 2, 129.0),
    ]
    categories = [[tuple(part.values()) for part in each["categories"]] for each in months]
    assert categories == [
        [("tea", 1, 10.1), ("wine", 1, 5.0)],
        [],
        [("tea", 1, 15.5)],
        [],
        [("wine", 2, 129.0)],
    ]


def test_the_figures_are_those_of_all_months(tmp_path: Path) -> None:
    write_history(tmp_path)
    ann = figures(tmp_path)
    assert (ann["orders"], ann["net_spend"]) == (5, pytest.approx(166.6))
    assert (str(ann["first_order_on"]), str(ann["last_order_on"])) == ("2026-07-31", "2026-11-25")


def test_the_timeline_has_the_same_figures_without_the_categories_of_each_month(tmp_path: Path) -> None:
    write_history(tmp_path)
    ann, lines = figures(tmp_path), LinesByCustomer(tmp_path / "history").read("ann")
    counts = Counter[str]()
    for part in (part for month in ann["months"] for part in month["categories"]):
        counts[part["category"]] += part["orders"]
    assert [tuple(each.values()) for each in ann["categories"]] == counts.most_common() == [("wine", 3), ("tea", 2)]
    without = [{**month, "categories": None} for month in ann["months"]]
    assert timeline_figures(lines) == {**ann, "months": without}


def test_a_customer_who_sent_everything_back_has_no_order(tmp_path: Path) -> None:
    write_history(tmp_path, "customer,at,order,amount,kind\nann,2026-09-02,1,5,tea\nann,2026-09-03,1,-5,tea\n")
    ann = figures(tmp_path)
    assert (ann["orders"], ann["net_spend"], ann["first_order_on"]) == (0, 0.0, None)
    assert [(each["month"], each["orders"]) for each in ann["months"]] == [("2026-09", 0)]


def test_a_log_without_amounts_and_categories_has_months(tmp_path: Path) -> None:
    write_history(tmp_path, amount=None, category=None, order_id=None)
    ann = figures(tmp_path)
    assert (ann["orders"], ann["net_spend"]) == (6, None)
    assert {(each["net_spend"], each["categories"]) for each in ann["months"]} == {(None, None)}


@pytest.mark.parametrize("customer_id", ["ann", "bob", "zoe", "an"])
def test_a_history_without_the_sorted_file_answers_the_same(tmp_path: Path, customer_id: str) -> None:
    write_history(tmp_path)
    sorted_lines = LinesByCustomer(tmp_path / "history").read(customer_id)
    (tmp_path / "history" / LINES_BY_CUSTOMER_FILE).unlink()
    lines = LinesByCustomer(tmp_path / "history").read(customer_id)
    key = [("at_us", "ascending"), ("amount", "ascending")]
    assert lines.sort_by(key).to_pylist() == sorted_lines.sort_by(key).to_pylist()
    assert lines.num_rows == sum(row.startswith(f"{customer_id},") for row in LOG.splitlines())


def test_the_sorted_file_has_the_lines_in_order_of_customers(tmp_path: Path) -> None:
    write_history(tmp_path, LOG + "".join(f"c{n},2026-01-01,x{n},1,tea\n" for n in range(99, 9, -1)))
    ids = pq.read_table(tmp_path / "history" / LINES_BY_CUSTOMER_FILE)["customer_id"].to_pylist()
    assert (len(ids), ids) == (98, sorted(ids))


def test_no_history_and_a_damaged_one_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"No history in .* Expected an ingested log: run `flywheel ingest` first"):
        LinesByCustomer(tmp_path / "history").read("ann")
    write_history(tmp_path)
    (tmp_path / "history" / LINES_BY_CUSTOMER_FILE).write_bytes(b"PAR1")
    with pytest.raises(StoreDamaged, match=r"damaged .*; expected what `flywheel ingest` writes\. Run it again"):
        LinesByCustomer(tmp_path / "history").read("ann")
