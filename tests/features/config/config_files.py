"""Configuration files: a minimal flywheel.toml for tests, and the faults of an invalid one."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from features.config.shop import ShopConfig, read_shop_config
from features.errors import InvalidConfig

MINIMAL = """
    name = "corner-shop"
    currency = "GBP"
    timezone = "Europe/London"
    [orders]
    path = "orders.csv"
    customer_id = "customer"
    ordered_at = "at"
"""
AMOUNT = 'amount = "amount"\n'


def write_config(folder: Path, text: str) -> Path:
    """Write flywheel.toml and return its path."""
    path = folder / "flywheel.toml"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def read_text(folder: Path, text: str) -> ShopConfig:
    """Write flywheel.toml and read it."""
    return read_shop_config(write_config(folder, text))


def config_errors(folder: Path, text: str) -> list[str]:
    """The faults of a configuration, without the first line, which names the file."""
    with pytest.raises(InvalidConfig) as error:
        read_text(folder, text)
    first, *faults = str(error.value).splitlines()
    assert first == (
        f"{folder / 'flywheel.toml'} is invalid. Correct these keys; the configuration reference explains each of them:"
    )
    return [fault.removeprefix("  - ") for fault in faults]


def business_errors(folder: Path, toml: str, orders: str = AMOUNT) -> list[str]:
    """The faults of a flywheel.toml with these settings."""
    return config_errors(folder, MINIMAL + orders + toml)
