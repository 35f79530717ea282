from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.pipelines.init.drafting import draft, draft_file, ingested_totals
from tests.pipelines.init.plain_exports import all_orders, write_plain

COLUMNS = {"order_id": "order", "customer_id": "customer"}


def comma(amount: Decimal) -> str:
    return f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))


NUMBERS: dict[str, Callable[[Decimal], str]] = {
    "decimal comma": lambda amount: str(amount).replace(".", ","),
    "comma and points between thousands": comma,
    "dollars": lambda amount: f"${amount:,.2f}",
    "euros behind": lambda amount: f"{comma(amount)} €",
    "blanks between thousands": lambda amount: f"{amount:,.2f}".replace(",", "\u00a0").replace(".", ","),
    "apostrophes": lambda amount: f"{amount:,.2f}".replace(",", "'"),
    "yuan": lambda amount: f"¥{amount:,.2f}",
}
DATES = {
    "German": "%d.%m.%Y %H:%M",
    "American": "%m/%d/%Y %I:%M %p",
    "two digits": "%d-%m-%y",
    "named": "%d %b %Y %H:%M:%S",
    "compact": "%Y%m%d",
    "slashes": "%Y/%m/%d %H:%M",
    "Chinese": "%Y年%m月%d日 %H:%M",
    "ISO with T": "%Y-%m-%dT%H:%M:%S",
}


@pytest.mark.parametrize("form", NUMBERS)
def test_amounts_are_read_as_they_are_written(form: str, tmp_path: Path) -> None:
    columns = {**COLUMNS, "ordered_at": "time", "amount": lambda _, item: NUMBERS[form](item.amount)}
    config = draft_file([write_plain(tmp_path / "orders.csv", columns, delimiter=";")], tmp_path)
    assert ingested_totals(config, tmp_path / "history") == all_orders()


@pytest.mark.parametrize("form", DATES)
def test_dates_are_read_as_they_are_written(form: str, tmp_path: Path) -> None:
    columns = {**COLUMNS, "ordered_at": lambda order, _: f"{order.at:{DATES[form]}}", "amount": "amount"}
    config = draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path)
    assert ingested_totals(config, tmp_path / "history") == all_orders()


@pytest.mark.parametrize(("name", "factor"), [("created", 1), ("timestamp", 1000)])
def test_seconds_and_milliseconds_are_times(name: str, factor: int, tmp_path: Path) -> None:
    columns = {**COLUMNS, name: lambda order, _: int(order.at.timestamp()) * factor, "amount": "amount"}
    config = draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path)
    assert config.orders.date_format == ("epoch_s" if factor == 1 else "epoch_ms",)


@pytest.mark.parametrize("names", [("Date", "Time"), ("Datum", "Uhrzeit"), ("交易日期", "时间")])
def test_date_and_time_in_two_columns_are_one_time(names: tuple[str, str], tmp_path: Path) -> None:
    columns = {
        **COLUMNS,
        names[0]: lambda order, _: f"{order.at:%d/%m/%Y}",
        names[1]: lambda order, _: f"{order.at:%H:%M:%S}",
        "amount": "amount",
    }
    config = draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path)
    assert config.orders.ordered_at == (f"{names[0]} + {names[1]}",)
    assert ingested_totals(config, tmp_path / "history") == all_orders()


def test_days_that_may_be_months_are_a_question(tmp_path: Path) -> None:
    def low_day(at: datetime) -> str:
        return f"{at.day % 12 + 1:02}/{at.month:02}/{at.year}"

    columns = {**COLUMNS, "date": lambda order, _: low_day(order.at), "amount": "amount"}
    drafted = draft([write_plain(tmp_path / "orders.csv", columns)], tmp_path)
    assert any("day and month" in question for question in drafted.questions)


def test_iso_dates_and_plain_numbers_need_no_keys(tmp_path: Path) -> None:
    columns = {**COLUMNS, "ordered_at": "time", "amount": "amount"}
    text = draft([write_plain(tmp_path / "orders.csv", columns)], tmp_path).text
    assert not {"date_format", "decimal", "thousands", "encoding"} & set(text.split())


def test_another_encoding_is_a_key(tmp_path: Path) -> None:
    columns = {**COLUMNS, "Datum": "time", "Betrag": "amount", "Straße": lambda *_: "Grüner Weg, Köln"}
    file = write_plain(tmp_path / "orders.csv", columns, encoding="cp1252")
    assert draft_file([file], tmp_path).orders.encoding == "cp1252"


def test_a_file_without_names_is_recognized_by_its_values(tmp_path: Path) -> None:
    file = write_plain(
        tmp_path / "log.txt",
        {
            "id": lambda order, _: f"{order.customer:05}",
            "date": lambda order, _: f"{order.at:%Y%m%d}",
            "number": "quantity",
            "dollars": "amount",
        },
        delimiter=" ",
    )
    file.write_text(file.read_text().partition("\n")[2])
    orders = draft_file([file], tmp_path).orders
    assert (orders.has_header, orders.customer_id, orders.ordered_at) == (False, ("column0",), ("column1",))
    assert (orders.amount, orders.quantity) == (("column3",), ("column2",))
