"""Conditions: the errors for segments whose bounds, windows or names have no meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features.config.config_files import business_errors


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("orders = 5", ".big.orders]: found 5; expected a section of keys."),
        ("order = { at_least = 5 }", ".big] order: unknown key; the nearest is 'orders'."),
        ("orders = { at_leats = 5 }", ".big.orders] at_leats: unknown key; the nearest is 'at_least'."),
        ("orders = { at_least = 'five' }", ".big.orders] at_least: found 'five'; expected a number."),
        ("orders = { at_least = nan }", ".big.orders] at_least: found nan; expected a number."),
        ("orders = { within_days = 0, at_least = 5 }", ".big.orders] within_days: found 0; expected 1 or more."),
        (
            "orders = { within_days = 30 }",
            ".big.orders]: found no bound; expected at_least, at_most, above or below.",
        ),
        (
            "orders = { at_least = 5, at_most = 3 }",
            ".big.orders]: found at_least = 5 and at_most = 3; expected bounds that a number can lie between.",
        ),
        (
            "spend = { above = 5, at_most = 5 }",
            ".big.spend]: found at_most = 5 and above = 5; expected bounds that a number can lie between.",
        ),
        (
            "days_known = { within_days = 30, above = 5 }",
            ".big.days_known] within_days: unknown key; remove it, or use one of above, at_least, at_most, below.",
        ),
        (
            "",
            (
                "]: found no condition in 'big'; expected at least one of orders, spend, average_basket, contacts, "
                "days_since_order, days_since_contact, days_known."
            ),
        ),
    ],
)
def test_what_cannot_be_a_segment(tmp_path: Path, toml: str, expected: str) -> None:
    assert business_errors(tmp_path, f"[business.segments.big]\n{toml}") == [f"[business.segments{expected}"]


@pytest.mark.parametrize("name", ["", " big", "b" * 81, "a\\tb"])
def test_a_segment_has_a_name_that_can_be_shown(tmp_path: Path, name: str) -> None:
    (error,) = business_errors(tmp_path, f'[business.segments."{name}"]\norders = {{ at_least = 1 }}')
    assert error.endswith("; expected a name of 1 to 80 printable characters, no blanks around it.")
