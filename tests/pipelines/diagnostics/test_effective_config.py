"""Effective configuration: what is shown is valid, equal to what counts, and without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.config.shop import read_shop_config
from pipelines.diagnostics.effective_config import effective_config, to_toml
from pipelines.diagnostics.masking import mask_password

EXAMPLES = sorted((Path(__file__).parents[3] / "pipelines/examples").glob("*.toml"))
RICH = """
name = "shop \\"two\\""
currency = "EUR"
timezone = "Europe/London"
accept = ["dates_outlying"]

[orders]
path = "orders/*.csv"
customer_id = ["Email", "Phone"]
ordered_at = "Date + Time"
amount = '"Net amount" * 2'
include = { Status = ["paid", "shipped"], "Is test" = ["no"] }
rates = { JPY = 0.0061 }
join = [{ path = "items.csv", key = "id = order", columns = ["sku"] }]

[business]
ltv_days = [30]

[business.segments."big baskets"]
average_basket = { at_least = 50 }

[business.churn_rules]
"no order for half a year" = { no_order_days = 182 }
"""


@pytest.mark.parametrize(
    "source", [*(path.read_text() for path in EXAMPLES), RICH], ids=[*(path.stem for path in EXAMPLES), "rich"]
)
def test_the_text_is_a_configuration_equal_to_the_file(tmp_path: Path, source: str) -> None:
    path = tmp_path / "flywheel.toml"
    path.write_text(source)
    config = read_shop_config(path)
    path.write_text(to_toml(effective_config(config, path, tmp_path)))
    assert read_shop_config(path).fingerprint == config.fingerprint


def test_a_key_of_the_file_is_not_marked_and_a_default_is(tmp_path: Path) -> None:
    path = tmp_path / "flywheel.toml"
    path.write_text(RICH)
    lines = to_toml(effective_config(read_shop_config(path), path, tmp_path)).splitlines()
    assert 'accept = ["dates_outlying"]' in lines
    assert 'id_case = "keep"  # default' in lines
    assert 'customer_id = ["Email", "Phone"]' in lines
    assert "# events is not set" in lines
    assert '[business.segments."big baskets".average_basket]' in lines


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("redis://:p@ss:w@host:6379/0", "redis://:***@host:6379/0"),
        ("postgresql+pg8000://user:pw@db/m#orders", "postgresql+pg8000://user:***@db/m#orders"),
        ("mysql://db/shop?user=a&password=pw&x=1", "mysql://db/shop?user=a&password=***&x=1"),
        ("redis://host:6379/0?socket_timeout=0.5", "redis://host:6379/0?socket_timeout=0.5"),
        ("https://user@host/path", "https://user@host/path"),
        ("orders/2026-*.csv", "orders/2026-*.csv"),
        ("duckdb://shop.db#orders", "duckdb://shop.db#orders"),
    ],
)
def test_passwords_of_addresses_are_masked(text: str, masked: str) -> None:
    assert mask_password(text) == masked


def test_the_password_of_a_source_is_masked(tmp_path: Path) -> None:
    path = tmp_path / "flywheel.toml"
    path.write_text(RICH.replace("orders/*.csv", "postgres://me:hunter2@db/shop#orders"))
    shown = effective_config(read_shop_config(path), path, tmp_path)
    assert "hunter2" not in to_toml(shown)
    assert shown.values["orders"]["path"] == "postgres://me:***@db/shop#orders"
