"""Home format: a home of a newer version is refused, and one from before the numbers is read."""

from pathlib import Path

import pytest

from features.storage.home_format import (
    HOME_FORMAT,
    UNNUMBERED,
    UnreadableHome,
    check_home_format,
    home_format,
    record_home_format,
)


def test_a_home_has_the_format_of_the_version_that_recorded_it(tmp_path: Path) -> None:
    assert home_format(tmp_path) is None
    record_home_format(tmp_path)
    assert home_format(tmp_path) == HOME_FORMAT
    check_home_format(tmp_path)


def test_a_home_from_before_the_numbers_is_read(tmp_path: Path) -> None:
    (tmp_path / "history").mkdir()
    assert home_format(tmp_path) == UNNUMBERED
    check_home_format(tmp_path)


def test_a_home_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "format").write_text(f'{{"format": {HOME_FORMAT + 1}}}')
    with pytest.raises(UnreadableHome, match="A newer version of Flywheel wrote this home"):
        check_home_format(tmp_path)


@pytest.mark.parametrize("content", ["", "2", "[]", '{"format": "x"}', "\0"])
def test_a_damaged_number_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "format").write_text(content)
    with pytest.raises(UnreadableHome, match="Found no number in"):
        check_home_format(tmp_path)
