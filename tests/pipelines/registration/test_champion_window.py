"""Champion window: the days that the champion knows are compared in words that fit an older and a newer champion."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.registration.review import champion_window


@pytest.mark.parametrize(
    ("day", "compared"),
    [(23, "30 days less, until 2024-09-23"), (24, "29 days less, until 2024-09-24")],
)
def test_an_older_champion_knows_less(day: int, compared: str) -> None:
    assert champion_window(date(2024, 10, 23), date(2024, 9, day)) == f"The champion knows {compared}."


def test_a_newer_champion_knows_more_and_not_a_negative_number_less() -> None:
    assert champion_window(date(2024, 10, 23), date(2024, 10, 24)) == "The champion knows 1 day more, until 2024-10-24."
    assert "the same days" in champion_window(date(2024, 10, 23), date(2024, 10, 23))
