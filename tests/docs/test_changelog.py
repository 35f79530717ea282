"""Changelog: each change stands once, in the version that brought it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

CHANGELOG = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")


def test_no_change_is_listed_twice() -> None:
    counts = Counter(line for line in CHANGELOG.splitlines() if line.startswith(("- ", "| `", "| a")))
    assert [line for line, count in counts.items() if count > 1] == []


def test_a_version_has_each_heading_once() -> None:
    for section in CHANGELOG.split("\n## ")[1:]:
        headings = [line for line in section.splitlines() if line.startswith("### ")]
        assert len(headings) == len({*headings}), section.partition("\n")[0]
