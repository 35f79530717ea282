"""Contacts: who a tool knows under its own ids, and what a file of them must have."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from serving.tags.contacts import CONTACT_COLUMNS, Recipients, read_contacts
from serving.tags.errors import TagFileInvalid


def write(folder: Path, *lines: str) -> Path:
    path = folder / "contacts.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_customer_of_two_members_has_two_contacts_and_ids_are_text_digit_for_digit(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "external_userid,userid,customer_id",
        "wm1,li,007",
        "wm1,wang,007",
        "wm1,wang, 007 ",
        "wm2,li,nobody",
    )
    contacts = read_contacts(path, "keep", CONTACT_COLUMNS)
    recipients = Recipients.of_contacts(contacts, pa.array(["007", "7"]))
    assert recipients.table.to_pylist() == [
        {"customer_id": "007", "external_userid": "wm1", "userid": "li"},
        {"customer_id": "007", "external_userid": "wm1", "userid": "wang"},
    ]
    assert recipients.rows.tolist() == [0, 0]


def test_a_file_without_a_needed_column_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "customer_id,external_userid", "7,wm1")
    assert read_contacts(path, "keep", CONTACT_COLUMNS[:2])["userid"].to_pylist() == [""]
    with pytest.raises(TagFileInvalid, match=r"expected customer_id, external_userid, userid. Add userid to its first"):
        read_contacts(path, "keep", CONTACT_COLUMNS)


def test_a_file_with_an_empty_id_or_none_at_all_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "customer_id,external_userid", "7,")
    with pytest.raises(TagFileInvalid, match=r"Found an empty external_userid in .*Take such lines out"):
        read_contacts(path, "keep", CONTACT_COLUMNS[:2])
    with pytest.raises(TagFileInvalid, match=r"Found no way to read .*gone.csv"):
        read_contacts(tmp_path / "gone.csv", "keep", CONTACT_COLUMNS[:2])
