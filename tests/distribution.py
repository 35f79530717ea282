"""Distribution of test files to workers: files that share a set-up go to one worker, and long ones come first."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).parents[1]
SHOPS = ("trained_shop", "grown_shop_snapshot", "corner_shop")  # fixtures of the pipelines, the longest first
FITTED_TIERS = "corner_tiers"  # what the most tests of the training share
BROWSER = "tests/web/browser"  # scenarios share a trained shop and its service
GROUPS = (*SHOPS, FITTED_TIERS, BROWSER)
LONG_FOLDERS = ("tests/training", "tests/serving/audiences")


class GroupScheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """xdist's ``loadfile``, with groups of files in the place of single files."""

    def _split_scope(self, nodeid: str) -> str:
        return file_group(nodeid.partition("::")[0])


@cache
def file_group(file: str) -> str:
    """The group of a file: the scenarios, the pipelines by their shop, with the fitted tiers, or the file alone."""
    if file.startswith(f"{BROWSER}/"):
        return BROWSER
    text = (ROOT / file).read_text()
    fixtures = SHOPS if file.startswith("tests/pipelines/") else (FITTED_TIERS,)
    return next((fixture for fixture in fixtures if fixture in text), file)


def sort_groups(items: list[pytest.Item]) -> None:
    """Sort the shared groups first, then files with slow tests, then the folders with long tests."""
    group_by_item = {item: file_group(item.nodeid.partition("::")[0]) for item in items}
    slow = {group for item, group in group_by_item.items() if item.get_closest_marker("slow")}

    def position(item: pytest.Item) -> int:
        group = group_by_item[item]
        if group in GROUPS:
            return 0
        return 1 if group in slow else 2 if group.startswith(LONG_FOLDERS) else 3

    items.sort(key=position)
