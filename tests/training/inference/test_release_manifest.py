"""Release manifest: its format version is checked before anything else, and each fault is one kind of error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.inference.release_errors import CorruptRelease, OtherFormat
from training.inference.release_manifest import FORMAT_VERSION, ReleaseManifest

TRAIN_AGAIN = "Train again with `flywheel run`, or promote a release that this version made."


def read(folder: Path, text: str) -> str:
    """What is said of a release 7 with this text in release.json."""
    release = folder / "7"
    release.mkdir()
    (release / "release.json").write_text(text)
    with pytest.raises(CorruptRelease) as error:
        ReleaseManifest.read(release)
    return str(error.value)


@pytest.mark.parametrize(("stored", "found"), [({"format": 1}, "format 1"), ({}, "no format version")])
def test_a_release_of_an_older_version_says_so(tmp_path: Path, stored: dict[str, int], found: str) -> None:
    assert read(tmp_path, json.dumps(stored)) == (
        f"Release 7 was made by an older version of Flywheel: found {found}, expected {FORMAT_VERSION}. {TRAIN_AGAIN}"
    )


def test_a_release_of_a_newer_version_says_so(tmp_path: Path) -> None:
    assert read(tmp_path, json.dumps({"format": 99})) == (
        f"Release 7 was made by a newer version of Flywheel: found format 99, expected {FORMAT_VERSION}. Update "
        "Flywheel. Or train again with `flywheel run`."
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"text"', f'{{"format": {FORMAT_VERSION}}}', "\x00\xff"])
def test_a_torn_manifest_is_a_corrupt_release_and_of_no_other_version(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).startswith(f"{tmp_path / '7'} is not a valid release: ")


def test_a_folder_without_a_manifest_is_a_corrupt_release(tmp_path: Path) -> None:
    with pytest.raises(CorruptRelease, match=r"is not a valid release: .*No such file"):
        ReleaseManifest.read(tmp_path)
    assert issubclass(OtherFormat, CorruptRelease)
