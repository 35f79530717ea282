"""Damaged audiences: one that cannot be read is deleted, with one line in the log, and everything else goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import StoreUnavailable
from serving.audience_policy import AudiencePolicy
from serving.audiences.errors import AudienceDamaged
from serving.audiences.export import member_file, member_store
from serving.audiences.export.member_store import MEMBERS_FILE, METADATA_FILE
from serving.audiences.query.scores_table import Columns
from tests.serving.audiences.shop import NOW, FakeConsent, count_audience, small_table


def store_audience(folder: Path, shop: Columns) -> str:
    return member_store.store_audience(folder, count_audience(shop), FakeConsent(), NOW, "mail/1", AudiencePolicy())


def write_other_table(path: Path) -> None:
    """Write a readable Arrow file without the columns of members."""
    member_file.write_members(pa.table({"name": ["ann"]}), path / MEMBERS_FILE)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_file(path: Path) -> None:
    shutil.rmtree(path)
    path.touch()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "members cut": lambda path: (path / MEMBERS_FILE).write_bytes((path / MEMBERS_FILE).read_bytes()[:1000]),
    "members empty": lambda path: (path / MEMBERS_FILE).write_bytes(b""),
    "members missing": lambda path: (path / MEMBERS_FILE).unlink(),
    "another table": write_other_table,
    "metadata cut": lambda path: (path / METADATA_FILE).write_text('{"audience_id"'),
    "metadata missing": lambda path: (path / METADATA_FILE).unlink(),
    "metadata is a folder": lambda path: replace_by_folder(path / METADATA_FILE),
    "a file instead of a folder": replace_by_file,
}


def read_audience(folder: Path, audience_id: str) -> None:
    member_store.read_metadata(folder, audience_id)
    member_store.read_members(folder, audience_id)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_audience_is_deleted_and_says_so_from_then_on(
    folder: Path, shop: Columns, damage: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    damaged, whole = store_audience(folder, shop), store_audience(folder, shop)
    damage(folder / damaged)
    for _ in range(2):
        with pytest.raises(AudienceDamaged, match="damaged, so it was deleted; expected whole files"):
            read_audience(folder, damaged)
    assert not (folder / damaged).exists()
    (line,) = capsys.readouterr().err.splitlines()
    assert (json.loads(line)["event"], json.loads(line)["audience"]) == ("damaged audience deleted", damaged)
    assert len(member_store.read_members(folder, whole)) == 60


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_audience_stops_neither_erasures_nor_new_audiences(
    folder: Path, shop: Columns, damage: Callable[[Path], object]
) -> None:
    damaged, whole = store_audience(folder, shop), store_audience(folder, shop)
    damage(folder / damaged)
    member_store.delete_customers(folder, ["042"])
    assert len(member_store.read_members(folder, whole)) == 59
    assert store_audience(folder, shop)
    assert damaged not in {audience.audience_id for audience in member_store.list_audiences(folder)}


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of twelve members."""
    folder = tmp_path_factory.mktemp("twelve")
    path = folder / "audiences" / store_audience(folder / "audiences", small_table(folder, 12)) / MEMBERS_FILE
    return path.read_bytes()


@settings(max_examples=150)
@given(data=st.data())
def test_any_altered_byte_of_the_members_is_noticed(content: bytes, data: st.DataObject) -> None:
    altered = bytearray(content)
    if data.draw(st.booleans()):
        altered[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    else:
        del altered[data.draw(st.integers(0, len(content) - 1)) :]
    with TemporaryDirectory() as scratch:
        (path := Path(scratch) / "members.arrow").write_bytes(altered)
        with suppress(member_file.DamagedMembers):
            assert len(member_file.read_members(path)) == 12
            assert content.startswith(altered)  # the checksum alone was cut off


def test_an_erasure_reads_past_any_altered_byte(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "members.arrow"
    for position in range(0, len(content), 5):
        altered = bytearray(content)
        altered[position] ^= 0x55
        path.write_bytes(altered)
        with suppress(member_file.DamagedMembers):
            assert len(member_file.read_ids(path)) <= 12


def test_a_file_of_an_earlier_version_has_no_checksum_and_is_read(folder: Path, shop: Columns) -> None:
    path = folder / store_audience(folder, shop) / MEMBERS_FILE
    path.write_bytes(path.read_bytes()[: -member_file._TRAILER_BYTES])
    assert len(member_file.read_members(path)) == 60


def test_files_that_may_be_whole_but_cannot_be_read_are_left_alone(
    folder: Path, shop: Columns, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, whole = sorted([store_audience(folder, shop), store_audience(folder, shop)])
    read_ids = member_file.read_ids

    def deny(path: Path) -> pa.ChunkedArray:
        if path.parent.name == locked:
            raise PermissionError(13, "Permission denied")
        return read_ids(path)

    monkeypatch.setattr(member_file, "read_ids", deny)
    with pytest.raises(StoreUnavailable, match=r"no way to read the audience .* \(Permission denied\)"):
        member_store.delete_customers(folder, ["042"])
    assert len(member_store.read_members(folder, whole)) == 59
    assert (folder / locked).exists()


def test_a_full_disk_at_an_erasure_deletes_the_whole_audience(
    folder: Path, shop: Columns, monkeypatch: pytest.MonkeyPatch
) -> None:
    audience = store_audience(folder, shop)

    def fill_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(member_file, "replace_members", fill_disk)
    assert member_store.delete_customers(folder, ["042"]) == 1
    assert not (folder / audience).exists()
