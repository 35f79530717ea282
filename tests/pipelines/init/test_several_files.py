from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InvalidLog
from pipelines.init.path_pattern import path_text
from tests.pipelines.init.drafting import draft, draft_file, ingested_totals
from tests.pipelines.init.plain_exports import all_orders, write_plain
from tests.pipelines.init.simulated_orders import Totals, simulate_orders, write_records

ALL = {"order_id": "order", "customer_id": "customer", "ordered_at": "time", "amount": "amount"}


def split(file: Path, parts: int) -> list[Path]:
    """Cut a csv file into files with the same header."""
    header, *lines = file.read_text().splitlines()
    size = len(lines) // parts + 1
    files = [file.with_name(f"{file.stem}-{part + 1}.csv") for part in range(parts)]
    for part, piece in enumerate(files):
        piece.write_text("\n".join([header, *lines[part * size : (part + 1) * size]]) + "\n")
    file.unlink()
    return files


def test_files_with_the_same_columns_are_one_log(tmp_path: Path) -> None:
    config = draft_file(split(write_plain(tmp_path / "orders.csv", ALL), 3), tmp_path)
    assert config.orders.path == "orders-*.csv"
    assert ingested_totals(config, tmp_path / "history") == all_orders()


@pytest.mark.parametrize(
    ("renamed", "key"), [("Amount", "amount"), ("net_amount", "amount"), ("member_id", "customer_id")]
)
def test_a_column_with_another_name_in_one_file_is_tried_in_turn(renamed: str, key: str, tmp_path: Path) -> None:
    first, second = split(write_plain(tmp_path / "orders.csv", ALL), 2)
    second.write_text(second.read_text().replace(key, renamed, 1))
    config = draft_file([first, second], tmp_path)
    assert set(getattr(config.orders, key)) == {key, renamed}
    assert ingested_totals(config, tmp_path / "history") == all_orders()


def test_items_are_the_lines_and_their_orders_are_joined(tmp_path: Path) -> None:
    items = write_plain(tmp_path / "order_items.csv", {"order_id": "order", "sku": "product", "price": "amount"})
    orders = write_records(
        tmp_path / "orders.csv", "order_id,customer_id,ordered_at,status",
        [{"order_id": f"A{order.number}", "customer_id": f"K{order.customer}", "ordered_at": order.at,
          "status": order.status}
         for order in simulate_orders()],
    )  # fmt: skip
    config = draft_file([orders, items], tmp_path)
    assert (config.orders.path, [join.path for join in config.orders.join]) == ("order_items.csv", ["orders.csv"])
    bought = [order for order in simulate_orders() if order.status in {"paid", "partly refunded"}]
    assert ingested_totals(config, tmp_path / "history") == Totals.of(bought)


def test_totals_of_orders_are_not_counted_once_per_item(tmp_path: Path) -> None:
    items = write_plain(tmp_path / "items.csv", {"order_id": "order", "sku": "product", "quantity": "quantity"})
    orders = write_records(
        tmp_path / "orders.csv", "order_id,customer_id,ordered_at,total",
        [{"order_id": f"A{order.number}", "customer_id": f"K{order.customer}", "ordered_at": order.at,
          "total": order.total}
         for order in simulate_orders()],
    )  # fmt: skip
    config = draft_file([items, orders], tmp_path)
    assert config.orders.path == "orders.csv"
    assert ingested_totals(config, tmp_path / "history") == all_orders()


def test_a_person_in_a_third_file_is_joined_by_the_key_of_the_second(tmp_path: Path) -> None:
    items = write_plain(tmp_path / "items.csv", {"order_id": "order", "price": "amount"})
    orders = write_records(
        tmp_path / "orders.csv", "order_id,ordered_at,account_id",
        [{"order_id": f"A{order.number}", "ordered_at": order.at, "account_id": f"x{order.number}"}
         for order in simulate_orders()],
    )  # fmt: skip
    accounts = write_records(
        tmp_path / "accounts.csv", "id,email",
        [{"id": f"x{order.number}", "email": order.email} for order in simulate_orders()],
    )  # fmt: skip
    config = draft_file([accounts, orders, items], tmp_path)
    assert [(join.path, join.key) for join in config.orders.join] == [
        ("orders.csv", ("order_id",)),
        ("accounts.csv", ("account_id = id",)),
    ]
    assert ingested_totals(config, tmp_path / "history") == all_orders()


def test_a_file_that_nothing_needs_is_named(tmp_path: Path) -> None:
    orders = write_plain(tmp_path / "orders.csv", ALL)
    weather = write_records(tmp_path / "weather.csv", "day,rain", [{"day": "2026-01-01", "rain": 3}])
    assert "# Not used: weather.csv." in draft([orders, weather], tmp_path).text


def test_a_glob_names_exactly_the_files(tmp_path: Path) -> None:
    for name in ("2025-01.csv", "2025-02.csv", "2026-01.csv", "notes.csv", "orders [new].csv"):
        (tmp_path / name).touch()
    assert path_text([tmp_path / "2025-01.csv", tmp_path / "2025-02.csv"], tmp_path) == "2025-0*.csv"
    assert path_text([tmp_path / "2025-01.csv", tmp_path / "2026-01.csv"], tmp_path) == "202*-01.csv"
    assert path_text([tmp_path / "orders [new].csv"], tmp_path) == "orders [new].csv"
    with pytest.raises(InvalidLog, match="move them into a folder of their own"):
        path_text([tmp_path / "notes.csv", tmp_path / "2026-01.csv"], tmp_path)


def test_files_in_folders_of_their_own_are_named_relative_to_flywheel_toml(tmp_path: Path) -> None:
    for month in ("01", "02"):
        (tmp_path / "exports" / month).mkdir(parents=True)
        (tmp_path / "exports" / month / "orders.csv").touch()
    files = [tmp_path / "exports" / month / "orders.csv" for month in ("01", "02")]
    assert path_text(files, tmp_path) == "exports/0*/orders.csv"
    assert path_text(files[:1], tmp_path / "exports") == "01/orders.csv"
