"""Init command: from an export to the next commands, without a question that waits, and without losing a file."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pytest

from pipelines.cli.init import NextCommands
from tests.pipelines.command import CommandResult, Flywheel
from tests.pipelines.init.plain_exports import write_plain
from tests.pipelines.init.simulated_orders import simulate_orders

COLUMNS = {"order_id": "order", "customer_id": "customer", "ordered_at": "time", "amount": "amount"}
CHINESE = ["会员号", "订单编号", "下单时间", "实付金额", "商品名称", "门店"]

pytestmark = pytest.mark.slow


@pytest.fixture
def flywheel(tmp_path: Path) -> Flywheel:
    return Flywheel(tmp_path)


def write_chinese_workbook(path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "订单"
    sheet.append(["2026年销售明细"])
    sheet.append(CHINESE)
    for order in simulate_orders():
        for item in order.items:
            name = f"会员{order.customer:04}"
            sheet.append([name, f"D{order.number}", order.at, float(item.amount), item.sku, f"{order.store}店"])
    workbook.save(path)


def assert_next_commands_work(flywheel: Flywheel, drafted: CommandResult) -> None:
    """The first command that init names must train; what it trains, by force where its test refutes it, scores all."""
    assert drafted.status == 0, drafted.err
    commands = drafted.out.partition("Next:")[2].splitlines()
    run = next(line.partition("#")[0].split() for line in commands if "flywheel run" in line)
    result = flywheel(*run[1:])
    assert result.status in {0, 3}, result.err
    if flywheel.home.champion() is None:
        for command in (("promote", "--version", "1", "--force", "--why", "a test"), ("score",)):
            assert flywheel(*command).status == 0
    assert flywheel.scores.num_rows == len({order.customer for order in simulate_orders()})


def test_a_chinese_workbook_is_run_without_an_edit(flywheel: Flywheel) -> None:
    write_chinese_workbook(flywheel.folder / "销售明细.xlsx")
    drafted = flywheel("init", "销售明细.xlsx")
    assert 'customer_id = "会员号"' in drafted.out
    assert 'timezone = "Asia/Shanghai"' in drafted.out
    assert_next_commands_work(flywheel, drafted)


def test_a_flywheel_toml_is_replaced_only_by_force(flywheel: Flywheel) -> None:
    write_plain(flywheel.folder / "orders.csv", COLUMNS)
    config = flywheel.folder / "flywheel.toml"
    config.write_text("# mine\n")
    refused = flywheel("init", "orders.csv", "--no-readiness")
    assert (refused.status, config.read_text()) == (2, "# mine\n")
    assert "add --force to replace it, or name another with --out" in refused.err
    assert flywheel("init", "orders.csv", "--no-readiness", "--force").status == 0
    assert "[orders]" in config.read_text()


def test_paths_start_at_the_folder_of_the_written_file(flywheel: Flywheel) -> None:
    (flywheel.folder / "exports").mkdir()
    write_plain(flywheel.folder / "exports" / "orders.csv", COLUMNS)
    result = flywheel("init", "exports/orders.csv", "--out", "shops/tea.toml", "--no-readiness", "--name", "tea")
    text = (flywheel.folder / "shops" / "tea.toml").read_text()
    assert 'path = "../exports/orders.csv"' in text
    assert 'name = "tea"' in text
    assert "flywheel run --config shops/tea.toml" in result.out
    assert not flywheel.home.folder.exists()


def test_currency_and_zone_come_from_the_command_line(flywheel: Flywheel) -> None:
    write_plain(flywheel.folder / "orders.csv", COLUMNS)
    flywheel("init", "orders.csv", "--no-readiness", "--currency", "NOK", "--timezone", "Europe/Oslo")
    text = (flywheel.folder / "flywheel.toml").read_text()
    assert 'currency = "NOK"' in text
    assert 'timezone = "Europe/Oslo"' in text
    assert "QUESTION:" not in text


@pytest.mark.parametrize(("option", "value", "expected"), [
    ("--currency", "euro", "three capital letters such as EUR"), ("--timezone", "Berlin", "such as Europe/London"),
])  # fmt: skip
def test_a_wrong_option_is_refused(option: str, value: str, expected: str, flywheel: Flywheel) -> None:
    write_plain(flywheel.folder / "orders.csv", COLUMNS)
    result = flywheel("init", "orders.csv", option, value)
    assert (result.status, (flywheel.folder / "flywheel.toml").exists()) == (2, False)
    assert expected in result.err


def test_a_file_without_customers_is_refused_with_its_columns(flywheel: Flywheel) -> None:
    write_plain(flywheel.folder / "stock.csv", {"Article": "product", "Amount": "amount", "Counted at": "time"})
    result = flywheel("init", "stock.csv")
    assert (result.status, (flywheel.folder / "flywheel.toml").exists()) == (1, False)
    assert "Found no column with the customer in stock.csv" in result.err
    assert "  - Article: texts, 20 different, such as 'SKU-" in result.err


def test_a_missing_file_is_named(flywheel: Flywheel) -> None:
    result = flywheel("init", "orders.csv")
    assert result.status == 1
    assert "orders.csv'. Expected an export of orders" in result.err


def test_the_next_commands_carry_the_options_of_this_log() -> None:
    plain = NextCommands(Path("flywheel.toml"), None, None, "ann@example.com").lines()
    assert [command for command, _ in plain] == [
        "flywheel run",
        "flywheel serve",
        "curl -s http://127.0.0.1:3000/v1/customers/ann%40example.com/predictions",
    ]
    ended = NextCommands(Path("my shop.toml"), Path("home"), date(2023, 10, 29), "7").lines()
    assert [command for command, _ in ended[:2]] == [
        "flywheel run --config 'my shop.toml' --home home --as-of 2023-10-29",
        "flywheel serve --home home --as-of 2023-10-29",
    ]
