"""Churn rules: the errors for rules in flywheel.toml that have no meaning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.features.config.config_files import MINIMAL, config_errors


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("lapsed = {}", ".lapsed]: found no condition; expected no_contact_days, no_order_days, or both."),
        ("lapsed = { no_order_days = 0 }", ".lapsed] no_order_days: found 0; expected 1 or more."),
        ("lapsed = { no_order_days = -3 }", ".lapsed] no_order_days: found -3; expected 1 or more."),
        ("lapsed = { no_order_days = 99999 }", ".lapsed] no_order_days: found 99999; expected 36,500 or less."),
        ("lapsed = { no_order_days = 2.5 }", ".lapsed] no_order_days: found 2.5; expected a whole number."),
        ("lapsed = { no_order_days = true }", ".lapsed] no_order_days: found True; expected a whole number."),
        (
            "'no order, 3 days' = { no_order_day = 3 }",
            ".\"no order, 3 days\"] no_order_day: unknown key; the nearest is 'no_order_days'.",
        ),
        (
            "lapsed = { weather = 3, no_order_days = 3 }",
            ".lapsed] weather: unknown key; remove it, or use one of no_contact_days, no_order_days.",
        ),
        ("lapsed = 30", ".lapsed]: found 30; expected a section of keys."),
        (
            "'' = { no_order_days = 3 }",
            "]: found a rule named ''; expected a name of 1 to 80 printable characters, no blanks around it.",
        ),
    ],
)
def test_what_cannot_be_a_rule_for_who_has_lapsed(tmp_path: Path, toml: str, expected: str) -> None:
    assert config_errors(tmp_path, MINIMAL + f"[business.churn_rules]\n{toml}") == [f"[business.churn_rules{expected}"]


def test_rules_are_a_section_and_not_a_number(tmp_path: Path) -> None:
    (error,) = config_errors(tmp_path, MINIMAL + "[business]\nchurn_rules = 30")
    assert error == "[business.churn_rules]: found 30; expected a section of keys."
